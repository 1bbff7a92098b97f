#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/endpoint.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace ferry::net {

/// How to connect: `co_await connect(tcp("a.local", 80), connect_options().timeout(2s))`.
class connect_options {
public:
    connect_options() = default;

    /// For everything: look-up, all attempts, TLS handshake. 30 s at the start.
    connect_options& timeout(std::chrono::milliseconds d)
    {
        timeout_ = d;
        return *this;
    }
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }

    /// How long an attempt has a head start before the next address is tried beside it. 250 ms at
    /// the start (RFC 8305 section 8).
    connect_options& attempt_delay(std::chrono::milliseconds d)
    {
        attempt_delay_ = d;
        return *this;
    }
    std::chrono::milliseconds attempt_delay() const noexcept { return attempt_delay_; }

private:
    std::chrono::milliseconds timeout_{30'000};
    std::chrono::milliseconds attempt_delay_{250};
};

static_assert(awaitable_argument<connect_options> && awaitable_argument<endpoint>);

/// Connects, and makes the TLS handshake if the endpoint says so.
///
/// A host with several addresses is tried as in RFC 8305, families interleaved, a new attempt each
/// attempt_delay; the first that succeeds is taken and the others are closed. TCP_NODELAY is on.
/// \throws resolve_error, connection_error, tls_error, timeout_error. Cancelled: nothing is left.
/// As asyncio.open_connection.
awaitable<stream> connect(endpoint to, connect_options with = connect_options());

/// The addresses of a host, in the system's order (RFC 6724); a numeric one without a look-up or a
/// wait. Names are looked up by libc on a thread of the pool.
/// \throws resolve_error  the name has no address. As socket.getaddrinfo.
awaitable<std::vector<address>> resolve(std::string host, std::uint16_t port = 0);

}  // namespace ferry::net
