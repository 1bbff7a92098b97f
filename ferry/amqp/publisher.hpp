#pragma once

#include "ferry/amqp/channel.hpp"
#include "ferry/async/awaitable.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace ferry::amqp {

/// Publishes with confirms, many messages ahead of them, and loses none: at least once.
///
///     auto channel = co_await connection.channel(amqp::confirm());
///     amqp::publisher out(channel);
///     for (const auto& o : orders) co_await out.publish("", "orders", json::dump(o));
///     co_await out.flush();                                    // the broker has them all
///
/// publish() returns when the message is queued, and waits while the window is full. A message that
/// the broker had not confirmed when the connection was lost, or did not take, is sent again, so
/// that it may arrive twice, with the same message_id: a new one of uuid4() unless it was given
/// one. What no queue takes (mandatory()) is not sent again; flush() throws for it. Made on its
/// connection's loop, and awaited anywhere.
class publisher {
public:
    /// \param over  with confirms. \throws error(errc::bad_argument)  it has none.
    /// \param window  messages that wait for their confirm at most.
    explicit publisher(channel over, std::size_t window = 1024,
                       std::size_t window_bytes = 64UL << 20U);
    publisher(publisher&&) noexcept;
    publisher& operator=(publisher&&) noexcept;
    ~publisher();

    /// \throws channel_closed, connection_error  for good: what is not confirmed is lost
    /// \throws error(errc::bad_argument)
    awaitable<void> publish(std::string exchange, std::string routing_key, publish_body body,
                            properties with = properties(), mandatory flag = mandatory(false));

    /// Waits until every message is confirmed. \throws the first failure since the last flush()
    awaitable<void> flush();

    std::size_t unconfirmed() const noexcept;
    std::uint64_t confirmed() const noexcept;
    /// Messages sent again, after a loss or a refusal.
    std::uint64_t republished() const noexcept;

    class impl;

private:
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::amqp
