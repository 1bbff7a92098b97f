#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/endpoint.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ferry::net {

/// Which addresses of a host are used.
enum class ip_version : unsigned char { any, v4, v6 };

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

    /// The address of this machine to connect from; the system's choice at the start. Only
    /// addresses of its family are tried. Not for unix sockets. As `source_address` of
    /// socket.create_connection.
    connect_options& local_address(std::string numeric)
    {
        local_address_ = std::move(numeric);
        return *this;
    }
    const std::string& local_address() const noexcept { return local_address_; }

    /// Lets the system ask a peer that has been silent for so long whether it is there, and end
    /// the connection after three questions, a third of that time apart, without an answer. Whole
    /// seconds; 0, as at the start: never. Not for unix sockets. As SO_KEEPALIVE.
    connect_options& keepalive(std::chrono::seconds d)
    {
        keepalive_ = d;
        return *this;
    }
    std::chrono::seconds keepalive() const noexcept { return keepalive_; }

    /// Leaves out the addresses of the other family.
    connect_options& version(ip_version v)
    {
        version_ = v;
        return *this;
    }
    ip_version version() const noexcept { return version_; }

    /// Leaves out the addresses, after the look-up, for which the function is false.
    connect_options& allow(std::function<bool(const address&)> may)
    {
        allow_ = std::move(may);
        return *this;
    }
    const std::function<bool(const address&)>& allow() const noexcept { return allow_; }

private:
    std::chrono::milliseconds timeout_{30'000};
    std::chrono::milliseconds attempt_delay_{250};
    std::chrono::seconds keepalive_{0};
    std::string local_address_;
    ip_version version_ = ip_version::any;
    std::function<bool(const address&)> allow_;
};

static_assert(awaitable_argument<connect_options> && awaitable_argument<endpoint>);

/// Connects, and makes the TLS handshake if the endpoint says so.
///
/// A host with several addresses is tried as in RFC 8305, families interleaved, a new attempt each
/// attempt_delay; the first that succeeds is taken and the others are closed. TCP_NODELAY is on.
/// \throws resolve_error, connection_error, tls_error, timeout_error; error(errc::denied) if the
///         options leave no address. Cancelled: nothing is left.
/// As asyncio.open_connection.
awaitable<stream> connect(endpoint to, connect_options with = connect_options());

/// The addresses of a host, in the system's order (RFC 6724); a numeric one without a look-up or a
/// wait. Names are looked up by libc on a thread of the pool; one under `.invalid` is refused at
/// once (RFC 6761, section 6.4).
/// \throws resolve_error  the name has no address. As socket.getaddrinfo.
awaitable<std::vector<address>> resolve(std::string host, std::uint16_t port = 0);

}  // namespace ferry::net
