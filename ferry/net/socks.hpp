#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/stream.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace ferry::net {

/// The user and password that a SOCKS proxy asks for (RFC 1929); empty for none.
class socks_auth {
public:
    socks_auth() = default;
    socks_auth(std::string user, std::string password)
        : user_(std::move(user)), password_(std::move(password))
    {
    }

    bool empty() const noexcept { return user_.empty() && password_.empty(); }
    const std::string& user() const noexcept { return user_; }
    const std::string& password() const noexcept { return password_; }

private:
    std::string user_;
    std::string password_;
};
static_assert(awaitable_argument<socks_auth>);

/// Asks the SOCKS5 proxy at the other end of `over` for a connection to a host (RFC 1928), and
/// returns the stream, which then leads there.
///
///     stream s = co_await connect(tcp("127.0.0.1", 1080));
///     s = co_await socks5(std::move(s), "a.example", 443);
///     s = co_await start_tls(std::move(s), tls_context::client(), "a.example");
///
/// \param host  an address, or a name of at most 255 bytes, which the proxy resolves: what curl
///              calls `socks5h`. To resolve it here, pass an address from resolve().
/// \throws connection_error  the proxy refused, does not speak SOCKS, or went away; `endpoint()` is
///         the proxy's. The code tells why: std::errc::connection_refused, host_unreachable,
///         network_unreachable, errc::denied...
/// Time limits are the stream's. Failed or cancelled: the connection is closed. Two round trips,
/// three with a password.
awaitable<stream> socks5(stream over, std::string host, std::uint16_t port,
                         socks_auth auth = socks_auth());

/// The same with SOCKS4, for an IPv4 address, or SOCKS4a, for a name, which the proxy resolves. One
/// round trip.
/// \param user  the identity that the proxy may ask for; it is not proved.
/// \throws error(errc::unsupported)  the host is an IPv6 address.
awaitable<stream> socks4(stream over, std::string host, std::uint16_t port,
                         std::string user = std::string());

}  // namespace ferry::net
