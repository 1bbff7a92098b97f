#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/endpoint.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ferry::net {

/// How to listen: `listener on(tcp("0.0.0.0", 80), listen_options().reuse_port())`.
class listen_options {
public:
    listen_options() = default;

    /// Connections that the system keeps until they are accepted; 1024 at the start.
    listen_options& backlog(int n)
    {
        backlog_ = n;
        return *this;
    }
    /// Several listeners, of different threads or programs of one user, share the port, and the
    /// system spreads the connections over them (SO_REUSEPORT). TCP only.
    listen_options& reuse_port(bool yes = true)
    {
        reuse_port_ = yes;
        return *this;
    }

    int backlog() const noexcept { return backlog_; }
    bool reuse_port() const noexcept { return reuse_port_; }

private:
    int backlog_ = 1024;
    bool reuse_port_ = false;
};

/// A socket that connections come in on. Movable; closed at the end of its life, and the path of a
/// unix socket is removed. Belongs to the loop of the thread that made it.
class listener {
public:
    /// Binds and listens at once, with SO_REUSEADDR. A path that is left over from a program that
    /// has ended is taken over. \throws error  the system's code: address in use, denied...
    explicit listener(const endpoint& at, listen_options with = listen_options());
    listener(listener&&) noexcept;
    listener& operator=(listener&&) noexcept;
    ~listener();

    /// Waits for a connection; over a TLS endpoint the handshake is left to the
    /// caller: accept_tls().
    /// Cancelling loses no connection. Out of descriptors, it waits 100 ms and tries again.
    /// \throws cancelled  also when the listener is closed meanwhile.
    awaitable<stream> accept();

    /// The port that was bound; 0 for a unix socket.
    std::uint16_t port() const noexcept;

    /// What clients connect to: the endpoint given, with the port that was bound.
    const endpoint& local_endpoint() const noexcept;

    void close() noexcept;

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

class serve_options {
public:
    serve_options() = default;

    /// Connections at the same time; further ones wait in the system's queue. 10,000 at the start.
    serve_options& max_connections(std::size_t n)
    {
        max_connections_ = n;
        return *this;
    }
    std::size_t max_connections() const noexcept { return max_connections_; }

    /// How long a TLS handshake may take. 10 s at the start.
    serve_options& handshake_timeout(std::chrono::milliseconds d)
    {
        handshake_timeout_ = d;
        return *this;
    }
    std::chrono::milliseconds handshake_timeout() const noexcept { return handshake_timeout_; }

private:
    std::size_t max_connections_ = 10'000;
    std::chrono::milliseconds handshake_timeout_{10'000};
};

static_assert(awaitable_argument<serve_options>);

/// Called for each connection.
using connection_handler = std::function<awaitable<void>(stream)>;

/// Accepts connections until it is cancelled, and runs `handler` on each in a task of its own.
///
///     run(net::serve(net::tcp("127.0.0.1", 7777), echo));
///
/// A handler that throws ends its own connection only, and is logged. Cancelling serve() cancels
/// the handlers and waits for them. As asyncio.start_server with serve_forever.
/// \throws error  the endpoint cannot be bound.
awaitable<void> serve(endpoint at, connection_handler handler,
                      serve_options with = serve_options());

/// The same on a listener that is bound already, and so knows its port.
awaitable<void> serve(listener on, connection_handler handler,
                      serve_options with = serve_options());

}  // namespace ferry::net
