#pragma once

#include "ferry/amqp/channel.hpp"
#include "ferry/amqp/options.hpp"
#include "ferry/amqp/statistics.hpp"
#include "ferry/async/awaitable.hpp"

#include <chrono>
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
/// Lives on the loop that made it, whose thread must be running it: what is awaited in another
/// thread, of it, its channels, consumers, deliveries and publishers, is done there. What is not
/// awaited (is_open(), on_blocked()...) is for the loop's own thread.
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
    /// It has ended for good, where a lost one that is being made again is neither open nor closed.
    bool is_closed() const noexcept;
    /// Waits while a lost connection is being made again, for as long as that takes.
    /// \throws connection_error  it has ended for good
    awaitable<void> ready();
    /// An alarm of the broker's keeps publishes waiting. \return its reason; empty for none.
    std::string blocked() const;
    /// What the broker says about itself: product, version, capabilities.
    const value& server_properties() const noexcept;

    /// What it has done so far, for monitoring.
    amqp::statistics statistics() const;

    /// Gives the broker a new password or token before the old one expires; later logins use it.
    /// \param reason  for the broker's log. \throws connection_closed  it was refused;
    /// timeout_error
    awaitable<void> update_secret(std::string secret, std::string reason = "expiring");

    /// \name Called on the connection's loop; must not throw
    /// @{
    /// The connection is lost.
    void on_disconnected(std::function<void(const error&)> f);
    /// It is made again: the number of the attempt, from 1.
    void on_recovering(std::function<void(int)> f);
    /// It has all its channels again; how long that took.
    void on_recovered(std::function<void()> f);
    void on_recovered(std::function<void(std::chrono::milliseconds)> f);
    /// A queue that the broker had named has another name since it was declared again: old, new.
    void on_renamed(std::function<void(const std::string&, const std::string&)> f);
    /// An alarm of the broker's began, with its reason, or, with an empty text, has ended.
    void on_blocked(std::function<void(const std::string&)> f);
    /// @}

    /// Ends it in order: what is queued is sent first. Its channels are gone then.
    awaitable<void> close();

private:
    friend class topology;
    std::shared_ptr<detail::connection_core> core_;
};
static_assert(awaitable_argument<connection>);

/// Connects and logs in.
/// \throws authentication_error; connection_closed with not_allowed: no such virtual host;
///         connection_error, resolve_error, tls_error, timeout_error: of the last host
///         protocol_error: that is no such broker; error(errc::frame_error): see
///         options::client_properties
awaitable<connection> connect(options with);
awaitable<connection> connect(std::string url);

}  // namespace ferry::amqp
