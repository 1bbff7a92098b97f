#pragma once

#include "ferry/amqp/channel.hpp"
#include "ferry/amqp/connection.hpp"
#include "ferry/async/awaitable.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace ferry::amqp {

/// A publisher whose messages are in a file until the broker has confirmed them: what publish() has
/// accepted arrives at least once, even if the program is killed and the broker is away for hours.
///
///     auto out = co_await amqp::outbox::open(connection, "/var/lib/shop/outbox.db");
///     co_await out.publish("", "orders", json::dump(order), amqp::persistent());
///
/// It has a channel of its own. A message that may arrive twice is known by its message_id, which
/// is set here if it is empty. Messages of an earlier run are sent first, in their order; after a
/// loss of the connection or a refusal the order is not kept. One program at a time may have the
/// file open. A handle: copies are the same outbox, which ends with the last of them; what is not
/// confirmed stays in the file. Belongs to its connection's loop.
class outbox {
public:
    /// Opens or makes the file, and begins to send what an earlier run has left in it.
    /// \param window  messages under way at most: publish() waits for room.
    /// \throws error  SQLite's: the file cannot be opened, or is something else
    static awaitable<outbox> open(connection over, std::string file, std::size_t window = 1024);

    /// Returns when the message is in the file. Messages that come together share one commit.
    /// \throws error  SQLite's: the disk is full...
    /// \throws channel_closed, connection_error  nothing can be sent any more; see the next run
    awaitable<void> publish(std::string exchange, std::string routing_key, publish_body body,
                            properties with = properties());

    /// Waits until the broker has confirmed all that was accepted. \throws as publish()
    awaitable<void> flush();

    /// Accepted and not confirmed yet, without what an earlier run left that is not read yet.
    std::size_t pending() const noexcept;

    class impl;
    class owner;
    explicit outbox(std::shared_ptr<owner> made) noexcept;

private:
    std::shared_ptr<owner> owner_;
};
static_assert(awaitable_argument<outbox>);

}  // namespace ferry::amqp
