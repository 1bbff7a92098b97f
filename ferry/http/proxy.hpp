#pragma once

#include "ferry/core/error.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http {

class request_options;

namespace detail {
class proxy_rules;
}

/// A proxy: where it is, what it speaks, and who asks. A value.
class proxy_server {
public:
    enum class kind : unsigned char {
        http,     ///< absolute-form requests for http, CONNECT tunnels for https
        https,    ///< the same, with TLS to the proxy
        socks4,   ///< names are resolved here; IPv4 only
        socks4a,  ///< names are resolved by the proxy
        socks5,   ///< names are resolved here
        socks5h,  ///< names are resolved by the proxy
    };

    proxy_server() = default;

    /// Reads `socks5h://user:password@host:1080`; without a scheme it is http. The port is 80, 443
    /// or 1080 if there is none. \throws proxy_error  not such a URL, or another scheme.
    static proxy_server parse(std::string_view text);

    kind type() const noexcept { return kind_; }
    bool speaks_http() const noexcept { return kind_ == kind::http || kind_ == kind::https; }
    const std::string& host() const noexcept { return host_; }
    std::uint16_t port() const noexcept { return port_; }
    const std::string& user() const noexcept { return user_; }
    const std::string& password() const noexcept { return password_; }

    /// `http://127.0.0.1:3128`: never with user and password.
    std::string text() const;

    bool operator==(const proxy_server&) const = default;

private:
    kind kind_ = kind::http;
    std::uint16_t port_ = 0;
    std::string host_;
    std::string user_;
    std::string password_;
};

/// The proxy cannot be reached, refuses, or does not do what it should; `what()` and `proxy()` name
/// it, never the user. As requests.exceptions.ProxyError.
class proxy_error : public connection_error {
public:
    proxy_error(std::error_code code, const std::string& proxy, std::string_view why);

    const std::string& proxy() const noexcept { return proxy_; }

private:
    std::string proxy_;
};

/// Which proxy leads where: an option of sessions and of requests. Without one, and unless
/// trust_env(false) is given, the variables `http_proxy` (in lower case only), `https_proxy`,
/// `all_proxy` and `no_proxy` say so, as they were when the session was made; they are ignored for
/// this machine itself, and in a CGI program, where clients can set them.
///
///     http::proxies("http", "http://10.0.0.1:3128", "https://a.example", "socks5h://10.0.0.2")
///
/// Names are a scheme, `all`, or one of these with a host, `https://a.example`; the most exact one
/// counts. As Requests' `proxies=`.
class proxies {
public:
    proxies() = default;

    /// Names and proxies in turn. \throws proxy_error  a proxy's URL is wrong.
    template <class... Rest>
    proxies(std::string_view name, std::string_view server, const Rest&... rest)
    {
        static_assert(sizeof...(rest) % 2 == 0, "proxies() takes names and proxies in turn");
        add_pairs(name, server, rest...);
    }

    void apply_to(request_options& to) const;

private:
    friend class no_proxy;

    void add(std::string_view name, std::string_view server);
    void add_pairs() {}
    template <class... Rest>
    void add_pairs(std::string_view name, std::string_view server, const Rest&... rest)
    {
        add(name, server);
        add_pairs(rest...);
    }

    std::shared_ptr<const detail::proxy_rules> rules_;
};

/// One proxy for everything: `http::proxy("socks5h://user:password@127.0.0.1:1080")`.
/// \throws proxy_error  the URL is wrong.
inline proxies proxy(std::string_view server)
{
    return {"all", server};
}

/// Hosts that are reached without a proxy: a name (and the names below it, also as `.a.example`),
/// an address, a network `10.0.0.0/8`, each with or without a port; `*` for all. Without arguments
/// no proxy is used at all. As the variable `no_proxy`, and Requests' `proxies={'http': None}`.
class no_proxy {
public:
    template <std::convertible_to<std::string_view>... Hosts>
    explicit no_proxy(const Hosts&... hosts) : hosts_{std::string(std::string_view(hosts))...}
    {
    }
    void apply_to(request_options& to) const;

private:
    std::vector<std::string> hosts_;
};

static_assert(awaitable_argument<proxies> && awaitable_argument<no_proxy>);

}  // namespace ferry::http
