#pragma once

#include "ferry/amqp/channel.hpp"
#include "ferry/amqp/options.hpp"
#include "ferry/async/awaitable.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::amqp {

namespace detail {
class connection_core;
}

/// A channel on which the broker confirms what is published: `connection.channel(confirm())`.
class confirm {};

/// A connection to RabbitMQ 3.8 and later, AMQP 0-9-1. As pika's connections.
///
///     auto connection = co_await amqp::connect("amqp://guest:guest@127.0.0.1/");
///     auto channel = co_await connection.channel();
///
/// A handle: copies are the same connection, which ends with the last of them and of its channels.
/// It beats by itself. A lost one is made again, with pauses of 200 ms to 30 s: see channel.
/// Belongs to the loop that made it.
class connection {
public:
    explicit connection(std::shared_ptr<detail::connection_core> core) noexcept
        : core_{std::move(core)}
    {
    }

    /// Waits while a lost connection is being made again.
    /// \throws error(errc::no_free_channels), connection_error
    awaitable<amqp::channel> channel();
    awaitable<amqp::channel> channel(confirm with);

    bool is_open() const noexcept;
    /// An alarm of the broker's keeps publishes waiting. \return its reason; empty for none.
    std::string blocked() const;
    /// What the broker says about itself: product, version, capabilities.
    const value& server_properties() const noexcept;

    /// Called when the connection is lost, and when it has all its channels again.
    void on_disconnected(std::function<void(const error&)> f);
    void on_recovered(std::function<void()> f);

    /// Ends it in order: what is queued is sent first. Its channels are gone then.
    awaitable<void> close();

private:
    std::shared_ptr<detail::connection_core> core_;
};
static_assert(awaitable_argument<connection>);

/// Connects and logs in.
/// \throws authentication_error; connection_closed with not_allowed: no such virtual host;
///         connection_error, resolve_error, tls_error, timeout_error: of the last host
///         protocol_error: that is no such broker
awaitable<connection> connect(options with);
awaitable<connection> connect(std::string url);

}  // namespace ferry::amqp
