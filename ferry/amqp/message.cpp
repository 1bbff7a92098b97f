#include "ferry/amqp/message.hpp"

#include "ferry/amqp/detail/channel_core.hpp"
#include "ferry/amqp/error.hpp"

#include <fmt/format.h>

namespace ferry::amqp {

void receipt::settle(bool positive, bool requeue, bool multiple)
{
    if (settled_ || !channel_) {
        throw error(errc::already_settled,
                    fmt::format("amqp: delivery {} was settled before", tag_));
    }
    channel_->settle(generation_, tag_, positive, requeue, multiple);
    settled_ = true;
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

awaitable<void> settlement::later() &&
{
    auto settling = settle(of_, positive_, requeue_, multiple_);
    if (!of_->channel_) return settling;
    return detail::at(of_->channel_->lives_at(), std::move(settling));
}

}  // namespace ferry::amqp
