#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/redis/subscriber.hpp"
#include "ferry/tasks/detail/home.hpp"
#include "ferry/tasks/detail/kombu_message.hpp"
#include "ferry/tasks/detail/redis_core.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_after_failure = 500ms;

/// Where the messages come from, at home.
class source {
public:
    virtual ~source() = default;
    virtual awaitable<std::string> next() = 0;
    virtual awaitable<void> close() = 0;
};

/// A channel, or all channels of a pattern. Its queue is made known again now and then, should
/// Redis have been emptied: Python looks for it there.
class channel_source final : public source {
public:
    channel_source(std::shared_ptr<redis_core> core, std::string pattern, std::string exchange,
                   std::string queue)
        : news_{core->client},
          core_{std::move(core)},
          pattern_{std::move(pattern)},
          exchange_{std::move(exchange)},
          queue_{std::move(queue)}
    {
        keeping_ = spawn(keep_bound(core_, exchange_, queue_), "redis listener");
    }
    ~channel_source() override { keeping_.cancel(); }

    awaitable<std::string> next() override { return next_of(this); }
    awaitable<void> close() override { return close_of(this); }

private:
    static awaitable<void> keep_bound(std::shared_ptr<redis_core> core, std::string exchange,
                                      std::string queue)
    {
        while (true) {
            try {
                auto binding = redis_core::bind(core, exchange, "", queue);
                co_await std::move(binding);
            } catch (const error& e) {
                log::warning("redis listener", "reason", e.what());
            }
            co_await sleep(5s);
        }
    }

    static awaitable<std::string> next_of(channel_source* self)
    {
        while (!self->subscribed_) {
            bool failed = false;
            try {
                std::vector<std::string> patterns(1, self->pattern_);
                auto subscribing = self->news_.psubscribe(std::move(patterns));
                co_await std::move(subscribing);
                self->subscribed_ = true;
            } catch (const error& e) {
                log::warning("redis listener", "reason", e.what());
                failed = true;
            }
            if (failed) co_await sleep(pause_after_failure);
        }
        auto coming = self->news_.next();
        const std::optional<redis::message> m = co_await std::move(coming);
        if (!m) throw error{ferry::errc::disconnected, "the listener was closed"};
        co_return m->data();
    }

    static awaitable<void> close_of(channel_source* self)
    {
        self->keeping_.cancel();
        self->news_.close();
        auto removing = redis_core::unbind(self->core_, self->exchange_, "", self->queue_);
        co_await std::move(removing);
    }

    redis::subscriber news_;
    std::shared_ptr<redis_core> core_;
    std::string pattern_;
    std::string exchange_;
    std::string queue_;
    task<void> keeping_;
    bool subscribed_ = false;
};

/// A queue that is bound to the exchange of replies.
class queue_source final : public source {
public:
    queue_source(std::shared_ptr<redis_core> core, std::string key)
        : core_{std::move(core)}, key_{std::move(key)}
    {
    }

    awaitable<void> open() { return redis_core::bind(core_, exchange, key_, queue_); }
    awaitable<std::string> next() override { return next_of(core_, queue_); }
    awaitable<void> close() override { return close_of(core_, key_, queue_); }

private:
    static constexpr auto exchange = "reply.celery.pidbox";

    static awaitable<std::string> next_of(std::shared_ptr<redis_core> core, std::string queue)
    {
        while (true) {
            auto popping = core->client.brpop(std::vector<std::string>(1, core->key(queue)), 5s);
            std::optional<redis::popped> got = co_await std::move(popping);
            if (got) co_return std::move(got->second);
        }
    }

    static awaitable<void> close_of(std::shared_ptr<redis_core> core, std::string key,
                                    std::string queue)
    {
        auto removing = redis_core::unbind(core, exchange, std::move(key), queue);
        co_await std::move(removing);
        auto purging = core->purge(std::move(queue));
        co_await std::move(purging);
    }

    std::shared_ptr<redis_core> core_;
    std::string key_;
    std::string queue_ = key_ + ".reply.celery.pidbox";
};

class redis_listener final : public listener {
public:
    redis_listener(std::shared_ptr<home> at, std::shared_ptr<source> from)
        : home_{std::move(at)}, from_{std::move(from)}
    {
    }
    ~redis_listener() override
    {
        home_->post([from = std::move(from_)]() mutable { from.reset(); });
    }

    awaitable<envelope> next() override
    {
        return home::call<envelope>(home_, [from = from_] { return take(from); });
    }
    awaitable<void> close() override
    {
        return home::call<void>(home_, [from = from_] { return from->close(); });
    }

private:
    static awaitable<envelope> take(std::shared_ptr<source> from)
    {
        while (true) {
            auto coming = from->next();
            const std::string text = co_await std::move(coming);
            try {
                co_return from_kombu(text).content;
            } catch (const error& e) {
                log::warning("broadcast dropped", "reason", e.what());
            }
        }
    }

    std::shared_ptr<home> home_;
    std::shared_ptr<source> from_;
};

std::string pattern_of(std::string key)
{
    std::ranges::replace(key, '#', '*');
    return key;
}

awaitable<std::unique_ptr<listener>> open_listener(std::shared_ptr<home> at,
                                                   std::shared_ptr<redis_core> core, bus on,
                                                   std::string name, std::string key)
{
    std::shared_ptr<source> from;
    if (on == bus::replies) {
        const auto queue = std::make_shared<queue_source>(core, key);
        auto opening = queue->open();
        co_await std::move(opening);
        from = queue;
    } else if (on == bus::control) {
        from = std::make_shared<channel_source>(core, core->channel("celery.pidbox", ""),
                                                "celery.pidbox", name + ".celery.pidbox");
    } else {
        from = std::make_shared<channel_source>(core, core->channel("celeryev", pattern_of(key)),
                                                "celeryev", "celeryev." + name);
    }
    std::unique_ptr<listener> made = std::make_unique<redis_listener>(std::move(at), from);
    co_return made;
}

}  // namespace

awaitable<std::unique_ptr<listener>> redis_core::listen(std::shared_ptr<home> at, bus on,
                                                        std::string name, std::string key)
{
    return open_listener(std::move(at), shared_from_this(), on, std::move(name), std::move(key));
}

}  // namespace ferry::tasks::detail
