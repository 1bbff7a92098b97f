#pragma once

#include "ferry/amqp/message.hpp"
#include "ferry/async/awaitable.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

namespace ferry::amqp {

/// Acknowledges deliveries many at a time: one frame for `every` of them, or when `period` is over.
///
///     amqp::acknowledger done(100, 1s);
///     while (auto d = co_await orders.next()) { ...; co_await done.add(std::move(*d)); }
///
/// The deliveries must all be of one channel and be added in their order, as an acknowledgement
/// counts for all before it. What was added and not acknowledged when it is destroyed stays so, and
/// comes again when its channel closes. Belongs to the channel's loop.
class acknowledger {
public:
    explicit acknowledger(std::size_t every = 100,
                          std::chrono::milliseconds period = std::chrono::seconds(1));
    acknowledger(acknowledger&&) noexcept;
    acknowledger& operator=(acknowledger&&) noexcept;
    ~acknowledger();

    /// \throws error(errc::already_settled), channel_closed
    awaitable<void> add(delivery done);
    /// Acknowledges what was added so far.
    awaitable<void> flush();
    /// Added, and not acknowledged yet.
    std::size_t pending() const noexcept;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::amqp
