#pragma once

#include "ferry/core/error.hpp"
#include "ferry/net/connect.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::http {

class session_options;

/// Where a session's connections lead, whatever URLs say, and what they speak. The options below
/// fill it.
class connection_settings {
public:
    connection_settings() = default;

    std::string unix_socket;                       ///< path; empty: TCP
    std::map<std::string, std::string> elsewhere;  ///< `host:port` to `host:port`
    std::string local_address;
    net::ip_version version = net::ip_version::any;
    bool http2 = true;             ///< offered for https
    bool prior_knowledge = false;  ///< HTTP/2 in the clear, too
};

/// Everything goes through the unix socket at `path`; URLs keep naming host and path, as in
/// `http://localhost/v1/info`. No proxy is used. As curl's `--unix-socket`.
class unix_socket {
public:
    explicit unix_socket(std::string path) : path_(std::move(path)) {}
    void apply_to(session_options& to) const;

private:
    std::string path_;
};

/// Connects to an address instead of looking a host's name up:
/// `http::resolve("a.example:443", "127.0.0.1")`. TLS still checks for the name. As curl's
/// `--resolve`. \throws error with errc::bad_url  there is no port, or the address is none.
class resolve {
public:
    resolve(std::string_view host_and_port, std::string_view address);
    void apply_to(session_options& to) const;

private:
    std::string from_;
    std::string to_;
};

/// Connects to another host and port than a URL names: `http::connect_to("a.example:443",
/// "test.local:8443")`. The request, and the name that TLS checks, stay. As curl's `--connect-to`.
class connect_to {
public:
    connect_to(std::string_view host_and_port, std::string_view other);
    void apply_to(session_options& to) const;

private:
    std::string from_;
    std::string to_;
};

/// The address of this machine to connect from. As curl's `--interface`, and the
/// `source_address` of urllib3.
class local_address {
public:
    explicit local_address(std::string numeric) : numeric_(std::move(numeric)) {}
    void apply_to(session_options& to) const;

private:
    std::string numeric_;
};

/// Uses IPv4, or IPv6, only. As curl's `-4` and `-6`.
class ip_version {
public:
    explicit ip_version(net::ip_version v) : version_(v) {}
    void apply_to(session_options& to) const;

private:
    net::ip_version version_;
};

/// `http2(false)` offers HTTP/1.1 only; without it, servers of https choose (ALPN).
class http2 {
public:
    explicit http2(bool yes) : yes_(yes) {}
    void apply_to(session_options& to) const;

private:
    bool yes_;
};

namespace detail {

class prior_knowledge {
public:
    prior_knowledge() = default;
    void apply_to(session_options& to) const;
};

}  // namespace detail

/// Speaks HTTP/2 from the first byte, to http URLs too (RFC 9113 section 3.3): for servers that are
/// known to. As curl's `--http2-prior-knowledge`.
inline detail::prior_knowledge http2_prior_knowledge()
{
    return {};
}

static_assert(awaitable_argument<connection_settings> && awaitable_argument<unix_socket> &&
              awaitable_argument<resolve> && awaitable_argument<connect_to> &&
              awaitable_argument<local_address>);

}  // namespace ferry::http
