#pragma once

#include "ferry/amqp/channel.hpp"
#include "ferry/amqp/connection.hpp"
#include "ferry/async/awaitable.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ferry::amqp {

/// Asks those who serve a queue, and waits for their answers: remote procedure calls by RabbitMQ's
/// direct reply-to, without a queue for the answers. As the RPC client of pika's tutorial.
///
///     auto client = co_await amqp::rpc_client::open(connection);
///     amqp::message answer = co_await client.call("upper", "hello", 5s);
///
/// Any number of calls may be under way. It has a channel of its own, which comes back after a lost
/// connection; answers that were under way then are lost. A handle: copies are the same client.
/// Belongs to its connection's loop.
class rpc_client {
public:
    static awaitable<rpc_client> open(connection over);

    /// Publishes a request to the default exchange, or to `exchange`, and waits for its answer. The
    /// request's correlation_id and reply_to are set here.
    /// \throws timeout_error  no answer within `limit`; a later one is dropped and counted
    /// \throws error(errc::no_route)  nobody has such a queue
    /// \throws channel_closed, connection_error  for good
    awaitable<message> call(std::string routing_key, publish_body request,
                            std::chrono::milliseconds limit = std::chrono::seconds(30),
                            properties with = properties(), std::string exchange = {});

    /// Calls that wait for their answer.
    std::size_t under_way() const noexcept;

    class impl;
    explicit rpc_client(std::shared_ptr<impl> made) noexcept : impl_{std::move(made)} {}

private:
    std::shared_ptr<impl> impl_;
};
static_assert(awaitable_argument<rpc_client>);

/// What answers a request. A failure answers nothing: the request goes to the dead letters of its
/// queue, and the caller's time runs out.
using rpc_handler = std::function<awaitable<publish_body>(message)>;

/// Answers the requests of a queue, which must exist, until it is cancelled or its channel ends. A
/// request is acknowledged when its answer was sent, so that another server gets it if this one
/// dies. \param at_once  requests that are worked on at the same time at most.
awaitable<void> serve_rpc(channel over, std::string queue, rpc_handler handler,
                          std::uint16_t at_once = 16);

}  // namespace ferry::amqp
