#include "ferry/amqp/message.hpp"

#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/error.hpp"

#include <fmt/format.h>

namespace ferry::amqp {

void receipt::check_unsettled() const
{
    if (settled_ || !channel_) {
        throw error(errc::already_settled,
                    fmt::format("amqp: delivery {} was settled before", tag_));
    }
}

void receipt::settle(bool positive, bool requeue, bool multiple)
{
    check_unsettled();
    channel_->settle(generation_, tag_, positive, requeue, multiple);
    settled_ = true;
}

bool receipt::is_owed() const noexcept
{
    return !settled_ && channel_ && channel_->generation() == generation_;
}

settlement receipt::ack(bool multiple)
{
    return {*this, true, false, multiple};
}

settlement receipt::nack(bool requeue, bool multiple)
{
    return {*this, false, requeue, multiple};
}

settlement receipt::reject(bool requeue)
{
    return {*this, false, requeue, false};
}

bool settlement::attempt()
{
    if (of_->channel_ && !of_->channel_->lives_at().is_here()) return false;
    of_->settle(positive_, requeue_, multiple_);
    return true;
}

awaitable<void> settlement::settle(receipt* of, bool positive, bool requeue, bool multiple)
{
    of->settle(positive, requeue, multiple);
    co_return;
}

awaitable<void> settlement::settle_elsewhere(receipt* of, bool positive, bool requeue,
                                             bool multiple)
{
    of->check_unsettled();
    of->settled_ = true;
    // Who is cancelled here does not wait for it, and the receipt may be gone.
    const auto settle = [](std::shared_ptr<detail::channel_core> on, std::uint64_t generation,
                           std::uint64_t tag, bool good, bool again, bool all) -> awaitable<void> {
        on->settle(generation, tag, good, again, all);
        co_return;
    };
    try {
        auto settling =
            run_on(of->channel_->lives_at().its_loop(),
                   settle(of->channel_, of->generation_, of->tag_, positive, requeue, multiple));
        co_await std::move(settling);
    } catch (const error&) {
        of->settled_ = false;
        throw;
    }
}

awaitable<void> settlement::later() &&
{
    const bool here = !of_->channel_ || of_->channel_->lives_at().is_here();
    return here ? settle(of_, positive_, requeue_, multiple_)
                : settle_elsewhere(of_, positive_, requeue_, multiple_);
}

}  // namespace ferry::amqp
