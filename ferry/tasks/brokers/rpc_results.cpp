#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/brokers/amqp.hpp"
#include "ferry/tasks/detail/amqp_core.hpp"
#include "ferry/tasks/detail/arrival.hpp"
#include "ferry/tasks/detail/home.hpp"
#include "ferry/tasks/detail/rpc_inbox.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace ferry::tasks {
namespace detail {

/// Lives at home.
class rpc_core : public std::enable_shared_from_this<rpc_core> {
public:
    rpc_core(std::shared_ptr<amqp_core> over, std::chrono::seconds expiry)
        : core_{std::move(over)}, expiry_{expiry}
    {
    }
    using self_pointer = std::shared_ptr<rpc_core>;

    /// Declares the queue of replies, and begins to take from it.
    static awaitable<std::string> open(self_pointer self)
    {
        auto entering = self->opening_.acquire();
        const auto held = co_await std::move(entering);
        if (self->from_) co_return self->queue_;
        auto connecting = amqp_core::connection(self->core_);
        amqp::connection over = co_await std::move(connecting);
        auto opening = over.channel();
        self->channel_ = co_await std::move(opening);
        amqp::channel on = *self->channel_;
        value limits = value::object("x-expires", std::int64_t{1000} * self->expiry_.count());
        auto making =
            on.queue_declare(self->queue_, amqp::auto_delete(), amqp::arguments(std::move(limits)));
        co_await std::move(making);
        auto consuming = on.basic_consume(self->queue_, amqp::no_ack());
        self->from_ = co_await std::move(consuming);
        if (!std::exchange(self->taking_, true)) spawn(take(self), "rpc results");
        co_return self->queue_;
    }

    static awaitable<void> store(self_pointer self, result_document d)
    {
        envelope e;
        e.correlation_id = d.task_id;
        e.delivery_mode = 1;
        e.body = to_json(d);
        std::string to = std::move(d.reply_to);
        if (to.empty()) {
            auto opening = open(self);
            to = co_await std::move(opening);
        }
        auto sending = amqp_core::send(self->core_, "", std::move(to), std::move(e));
        co_await std::move(sending);
    }

    static awaitable<result_document> find(self_pointer self, std::string id)
    {
        auto opening = open(self);
        co_await std::move(opening);
        std::optional<result_document> there = self->inbox_->find(id);
        if (there) co_return std::move(*there);
        result_document unknown;
        unknown.task_id = std::move(id);
        co_return unknown;
    }

    static awaitable<result_document> wait(self_pointer self, std::string id)
    {
        auto opening = open(self);
        co_await std::move(opening);
        auto waiting = rpc_inbox::wait(self->inbox_, std::move(id));
        co_return co_await std::move(waiting);
    }

    static awaitable<void> forget(self_pointer self, std::string id)
    {
        self->inbox_->forget(id);
        co_return;
    }

    /// Any thread.
    std::shared_ptr<arrival> expect(const std::string& id)
    {
        auto news = std::make_shared<arrival>();
        const std::lock_guard lock{mutex_};
        // They wait for the broker's word then.
        if (expected_.size() >= rpc_inbox::most) expected_.clear();
        expected_.insert_or_assign(id, news);
        return news;
    }

private:
    static constexpr std::chrono::milliseconds pause_after_failure{200};

    /// As long as it lives. Somebody may wait for a result already when the queue or the channel is
    /// gone: both are made again.
    static awaitable<void> take(self_pointer self)
    {
        bool away = false;
        while (true) {
            try {
                auto opening = open(self);
                co_await std::move(opening);
                if (std::exchange(away, false)) log::info("results come again");
                while (true) {
                    auto coming = self->from_->next();
                    std::optional<amqp::delivery> d = co_await std::move(coming);
                    if (!d) break;
                    self->keep(d->text());
                }
            } catch (const error& e) {
                if (!std::exchange(away, true)) {
                    log::warning("results do not come for a while", "reason", e.what());
                } else {
                    log::debug("results do not come yet", "reason", e.what());
                }
            }
            self->from_.reset();
            co_await sleep(pause_after_failure);
        }
    }

    void keep(std::string_view text)
    {
        result_document d;
        try {
            d = result_from_bytes(text);
        } catch (const error& e) {
            log::warning("result dropped", "reason", e.what());
            return;
        }
        const std::string id = d.task_id;
        if (inbox_->keep(std::move(d))) tell(id);
    }

    void tell(const std::string& id)
    {
        std::shared_ptr<arrival> news;
        {
            const std::lock_guard lock{mutex_};
            const auto at = expected_.find(id);
            if (at == expected_.end()) return;
            news = std::move(at->second);
            expected_.erase(at);
        }
        news->tell();
    }

    std::shared_ptr<amqp_core> core_;
    std::chrono::seconds expiry_;
    const std::string queue_ = uuid4();
    lock opening_;
    std::optional<amqp::channel> channel_;
    std::optional<amqp::consumer> from_;
    bool taking_ = false;
    const std::shared_ptr<rpc_inbox> inbox_ = std::make_shared<rpc_inbox>();
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<arrival>> expected_;  ///< guarded
};

}  // namespace detail

using detail::home;
using detail::rpc_core;

rpc_results::rpc_results(const amqp_broker& over, std::chrono::seconds expiry)
    : home_{over.home()}, core_{std::make_shared<rpc_core>(over.core(), expiry)}
{
}

rpc_results::~rpc_results()
{
    home_->post([core = std::move(core_)]() mutable { core.reset(); });
}

awaitable<void> rpc_results::store(result_document d)
{
    return home::call<void>(home_,
                            [core = core_, d = std::move(d)] { return rpc_core::store(core, d); });
}

awaitable<result_document> rpc_results::find(std::string task_id)
{
    return home::call<result_document>(
        home_, [core = core_, id = std::move(task_id)] { return rpc_core::find(core, id); });
}

awaitable<result_document> rpc_results::wait(std::string task_id)
{
    return home::call<result_document>(
        home_, [core = core_, id = std::move(task_id)] { return rpc_core::wait(core, id); });
}

std::shared_ptr<detail::arrival> rpc_results::expect(const std::string& task_id)
{
    return core_->expect(task_id);
}

awaitable<void> rpc_results::forget(std::string task_id)
{
    return home::call<void>(
        home_, [core = core_, id = std::move(task_id)] { return rpc_core::forget(core, id); });
}

awaitable<std::string> rpc_results::reply_to()
{
    return home::call<std::string>(home_, [core = core_] { return rpc_core::open(core); });
}

}  // namespace ferry::tasks
