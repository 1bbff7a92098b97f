#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/url.hpp"
#include "ferry/http/cache.hpp"
#include "ferry/http/connection_options.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/tls_options.hpp"
#include "ferry/http/transport.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ferry::http {

/// How many connections a session keeps, for each loop that uses it.
///
///     http::session api(http::limits().per_host(64));
class limits {
public:
    limits() = default;

    limits& per_host(std::size_t n) { return per_host_ = n, *this; }  ///< 8, busy and idle
    limits& total(std::size_t n) { return total_ = n, *this; }        ///< 256
    limits& idle_per_host(std::size_t n) { return idle_per_host_ = n, *this; }      ///< 8
    limits& idle_timeout(std::chrono::milliseconds d) { return idle_ = d, *this; }  ///< 60 s
    /// A connection that is older takes no other request; zero, the default, for none that is.
    limits& max_lifetime(std::chrono::milliseconds d) { return lifetime_ = d, *this; }

    std::size_t per_host() const noexcept { return per_host_; }
    std::size_t total() const noexcept { return total_; }
    std::size_t idle_per_host() const noexcept { return idle_per_host_; }
    std::chrono::milliseconds idle_timeout() const noexcept { return idle_; }
    std::chrono::milliseconds max_lifetime() const noexcept { return lifetime_; }

    void apply_to(session_options& to) const;

private:
    std::size_t per_host_ = 8;
    std::size_t total_ = 256;
    std::size_t idle_per_host_ = 8;
    std::chrono::milliseconds idle_{60'000};
    std::chrono::milliseconds lifetime_{0};
};

/// Makes the connection to a URL's origin, TLS included: for tests, and for whatever no other
/// option does. No proxy is used.
using connector = std::function<awaitable<net::stream>(url)>;

/// What a session is made of: its own settings, and the defaults of its requests.
class session_options {
public:
    session_options() = default;

    std::optional<url> base;
    http::limits limits;
    tls_settings tls;
    connection_settings connection;
    http::connector connect;                     ///< empty: TCP, and TLS for https
    std::shared_ptr<http::transport> transport;  ///< instead of connections
    std::vector<std::shared_ptr<exchange_observer>> observers;
    bool keeps_cookies = true;
    bool trust_env = true;
    bool block_private = false;
    http::rate_limit rate_limit;
    std::optional<http::breaker> breaker;
    std::shared_ptr<cache::store> cache;  ///< null: none
    request_options defaults;
};

/// What may be given to a session: its own options, and any option of a request as a default.
template <class T>
concept session_option =
    request_option<T> ||
    requires(const std::remove_cvref_t<T>& option, session_options& to) { option.apply_to(to); };

namespace detail {

template <session_option Option>
void apply(const Option& option, session_options& to)
{
    if constexpr (request_option<Option>) {
        option.apply_to(to.defaults);
    } else {
        option.apply_to(to);
    }
}

}  // namespace detail

/// Every relative URL is resolved against it (RFC 3986 section 5; httpx joins the texts).
/// \throws parse_error
class base_url {
public:
    explicit base_url(std::string_view text) : url_(url::parse(text)) {}
    void apply_to(session_options& to) const { to.base = url_; }

private:
    url url_;
};

/// Makes every connection by `f`.
inline auto connect_by(connector f)
{
    return detail::simple_option<&session_options::connect, connector>(std::move(f));
}

/// Neither takes cookies nor sends any but a request's own.
inline auto without_cookies()
{
    return detail::simple_option<&session_options::keeps_cookies, bool>(false);
}

/// Whether the environment has a say: ~/.netrc, proxies, certificates (yes). As Session.trust_env.
inline auto trust_env(bool yes)
{
    return detail::simple_option<&session_options::trust_env, bool>(yes);
}

/// Connects to no address of this machine, of private networks, of a link, or of a cloud's metadata
/// service, whatever name leads there: for URLs that strangers may choose (server-side request
/// forgery). Checked when connecting, for redirects too; a proxy's own address is not checked.
/// \throws connection_error with errc::private_address  from the request
inline auto block_private()
{
    return detail::simple_option<&session_options::block_private, bool>(true);
}

static_assert(awaitable_argument<limits> && awaitable_argument<base_url> &&
              awaitable_argument<session_options>);

}  // namespace ferry::http
