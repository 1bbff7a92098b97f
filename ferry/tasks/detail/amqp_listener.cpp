#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/detail/amqp_core.hpp"

#include <utility>

namespace ferry::tasks::detail {
namespace {

/// A queue of one's own that is bound to the exchange, at home.
class ear {
public:
    ear(std::shared_ptr<amqp_core> core, bus on, std::string queue, std::string key)
        : core_{std::move(core)}, bus_{on}, queue_{std::move(queue)}, key_{std::move(key)}
    {
    }

    static awaitable<void> open(std::shared_ptr<ear> self)
    {
        auto connecting = amqp_core::connection(self->core_);
        amqp::connection over = co_await std::move(connecting);
        auto opening = over.channel();
        self->channel_ = co_await std::move(opening);
        amqp::channel on = *self->channel_;
        auto declaring = declare_bus(on, self->bus_);
        co_await std::move(declaring);
        const bool events = self->bus_ == bus::events;
        value limits = value::object("x-expires", events ? 60'000 : 10'000, "x-message-ttl",
                                     events ? 5'000 : 300'000);
        auto making =
            on.queue_declare(self->queue_, amqp::auto_delete(), amqp::arguments(std::move(limits)));
        co_await std::move(making);
        auto binding = on.queue_bind(self->queue_, exchange_of(self->bus_).name, self->key_);
        co_await std::move(binding);
        auto consuming = on.basic_consume(self->queue_, amqp::no_ack());
        self->from_ = co_await std::move(consuming);
    }

    static awaitable<envelope> next(std::shared_ptr<ear> self)
    {
        while (true) {
            bool failed = false;
            try {
                if (!self->from_) {
                    auto opening = open(self);
                    co_await std::move(opening);
                }
                auto coming = self->from_->next();
                std::optional<amqp::delivery> d = co_await std::move(coming);
                if (d) co_return sealed_envelope(d->properties_text(), d->body()).open();
                self->from_.reset();
                failed = true;
            } catch (const error& e) {
                log::warning("broadcasts are not heard", "reason", e.what());
                self->from_.reset();
                failed = true;
            }
            if (failed) co_await sleep(std::chrono::seconds(1));
        }
    }

    static awaitable<void> close(std::shared_ptr<ear> self)
    {
        if (!self->channel_) co_return;
        auto closing = self->channel_->close();
        co_await std::move(closing);
    }

private:
    std::shared_ptr<amqp_core> core_;
    bus bus_;
    std::string queue_;
    std::string key_;
    std::optional<amqp::channel> channel_;
    std::optional<amqp::consumer> from_;
};

class amqp_listener final : public listener {
public:
    amqp_listener(std::shared_ptr<home> at, std::shared_ptr<ear> from)
        : home_{std::move(at)}, ear_{std::move(from)}
    {
    }
    ~amqp_listener() override
    {
        home_->post([from = std::move(ear_)]() mutable { from.reset(); });
    }
    awaitable<envelope> next() override
    {
        return home::call<envelope>(home_, [from = ear_] { return ear::next(from); });
    }
    awaitable<void> close() override
    {
        return home::call<void>(home_, [from = ear_] { return ear::close(from); });
    }

private:
    std::shared_ptr<home> home_;
    std::shared_ptr<ear> ear_;
};

awaitable<std::unique_ptr<listener>> open(std::shared_ptr<home> at, std::shared_ptr<ear> from)
{
    auto opening = ear::open(from);
    co_await std::move(opening);
    std::unique_ptr<listener> made = std::make_unique<amqp_listener>(std::move(at), from);
    co_return made;
}

}  // namespace

awaitable<std::unique_ptr<listener>> amqp_core::listen(std::shared_ptr<home> at, bus on,
                                                       std::string name, std::string key)
{
    std::string queue;
    std::string binding;
    switch (on) {
        case bus::control: queue = name + ".celery.pidbox"; break;
        case bus::replies:
            queue = key + ".reply.celery.pidbox";
            binding = key;
            break;
        case bus::events:
            queue = "celeryev." + name;
            binding = key;
            break;
    }
    return open(std::move(at), std::make_shared<ear>(shared_from_this(), on, std::move(queue),
                                                     std::move(binding)));
}

}  // namespace ferry::tasks::detail
