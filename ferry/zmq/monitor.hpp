#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/message.hpp"
#include "ferry/zmq/monitor_event.hpp"
#include "ferry/zmq/socket.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ferry::zmq {

/// One line of what happens to a socket's connections.
class connection_event {
public:
    connection_event(event_type t, std::int32_t v, std::string at)
        : type{t}, value{v}, endpoint{std::move(at)}
    {
    }

    event_type type;
    std::int32_t value;
    std::string endpoint;

    friend bool operator==(const connection_event&, const connection_event&) = default;
};

/// Reads the two frames that a monitor sends: the type and the value in the host's byte order, then
/// the endpoint. As zmq.utils.monitor.parse_monitor_message.
/// \throws protocol_error  they are not so.
connection_event parse_monitor_message(const multipart& frames);

/// The stream of what happens to a socket's connections, made by socket::watch(). At its end the
/// socket is monitored no more. Belongs to the socket's thread.
///
///     auto news = s.watch();
///     s.connect("tcp://127.0.0.1:5000");
///     co_await timeout(5s, news.connected());
class monitor {
public:
    monitor(monitor&&) noexcept = default;
    monitor& operator=(monitor&&) = delete;
    ~monitor();

    /// The next event; none after the socket was closed, or given another monitor.
    awaitable<std::optional<connection_event>> next();

    /// Waits for the next handshake to succeed; events before it are passed over.
    /// \return the connection's event.
    /// \throws error(errc::refused)  it failed. ZeroMQ goes on trying unless the socket is closed.
    awaitable<connection_event> connected();

    /// How many events of that type the two have taken since the monitor was made: for metrics.
    std::uint64_t count(event_type type) const noexcept;

private:
    friend class socket;
    using counters = std::array<std::uint64_t, 16>;  ///< by the number of the type's bit

    monitor(std::weak_ptr<detail::socket_core> of, unsigned long number, socket events);

    std::weak_ptr<detail::socket_core> of_;
    unsigned long number_;
    socket events_;
    std::shared_ptr<counters> counts_;
};

}  // namespace ferry::zmq
