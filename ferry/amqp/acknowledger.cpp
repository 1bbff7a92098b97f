#include "ferry/amqp/acknowledger.hpp"

#include "ferry/amqp/error.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/core/log.hpp"

#include <optional>
#include <utility>

namespace ferry::amqp {

class acknowledger::impl final : public timer, public std::enable_shared_from_this<impl> {
public:
    impl(std::size_t every, std::chrono::milliseconds period) : every_{every}, period_{period} {}

    static awaitable<void> add(std::shared_ptr<impl> self, delivery done)
    {
        self->latest_ = std::move(done);
        if (++self->pending_ < self->every_) {
            if (!self->running() && self->period_ > std::chrono::milliseconds::zero()) {
                self->start_after(self->period_);
            }
            co_return;
        }
        auto flushing = flush(self);
        co_await std::move(flushing);
    }

    static awaitable<void> flush(std::shared_ptr<impl> self)
    {
        self->stop();
        self->pending_ = 0;
        if (!self->latest_) co_return;
        delivery last = std::move(*self->latest_);
        self->latest_.reset();
        auto acking = last.ack(true);
        co_await std::move(acking);
    }

    std::size_t pending() const noexcept { return pending_; }

private:
    void expired() noexcept override { spawn(flush_late(shared_from_this()), "amqp acknowledger"); }

    // Whoever adds the next one learns what is wrong with the channel.
    static awaitable<void> flush_late(std::shared_ptr<impl> self)
    {
        try {
            auto flushing = flush(self);
            co_await std::move(flushing);
        } catch (const error& e) {
            log::debug("amqp: late acknowledgements were not sent", "failure", e.what());
        }
    }

    std::size_t every_;
    std::chrono::milliseconds period_;
    std::size_t pending_ = 0;
    std::optional<delivery> latest_;
};

acknowledger::acknowledger(std::size_t every, std::chrono::milliseconds period)
    : impl_{std::make_shared<impl>(every, period)}
{
}
acknowledger::acknowledger(acknowledger&&) noexcept = default;
acknowledger& acknowledger::operator=(acknowledger&&) noexcept = default;
acknowledger::~acknowledger()
{
    if (impl_) impl_->stop();
}

awaitable<void> acknowledger::add(delivery done)
{
    return impl::add(impl_, std::move(done));
}

awaitable<void> acknowledger::flush()
{
    return impl::flush(impl_);
}

std::size_t acknowledger::pending() const noexcept
{
    return impl_->pending();
}

}  // namespace ferry::amqp
