#pragma once

#include "ferry/core/error.hpp"
#include "ferry/http/auth.hpp"
#include "ferry/http/body.hpp"
#include "ferry/http/headers.hpp"
#include "ferry/http/params.hpp"
#include "ferry/http/proxy.hpp"
#include "ferry/http/retry.hpp"
#include "ferry/http/transfer.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ferry::http {

class request_options;
class session_options;

namespace detail {
class hook_set;
}

/// What may be given after the URL: `http::get(url, params(...), timeout(5s))`.
template <class T>
concept request_option =
    requires(const std::remove_cvref_t<T>& option, request_options& to) { option.apply_to(to); };

/// How long each phase may take. What is not set comes from the session, and there from the
/// defaults in parentheses. None of them is ever infinite, except `total`, which has no default.
///
///     co_await http::get(url, http::timeout(5s).total(30s));
class timeout_option {
public:
    using duration = std::chrono::nanoseconds;

    timeout_option() = default;

    timeout_option& connect(duration d) { return put(connect_, d); }  ///< name and TCP (10 s)
    timeout_option& tls(duration d) { return put(tls_, d); }          ///< the handshake (10 s)
    timeout_option& pool(duration d) { return put(pool_, d); }    ///< for a free connection (10 s)
    timeout_option& read(duration d) { return put(read_, d); }    ///< between two arrivals (30 s)
    timeout_option& write(duration d) { return put(write_, d); }  ///< between two departures (30 s)
    /// For everything, redirects and body included.
    timeout_option& total(duration d) { return put(total_, d); }

    void apply_to(request_options& to) const;

    std::optional<duration> connect() const noexcept { return connect_; }
    std::optional<duration> tls() const noexcept { return tls_; }
    std::optional<duration> pool() const noexcept { return pool_; }
    std::optional<duration> read() const noexcept { return read_; }
    std::optional<duration> write() const noexcept { return write_; }
    std::optional<duration> total() const noexcept { return total_; }

private:
    timeout_option& put(std::optional<duration>& field, duration d)
    {
        field = d;
        return *this;
    }

    std::optional<duration> connect_;
    std::optional<duration> tls_;
    std::optional<duration> pool_;
    std::optional<duration> read_;
    std::optional<duration> write_;
    std::optional<duration> total_;
};

/// Sets connect, read and write. As Requests' `timeout=`.
inline timeout_option timeout(timeout_option::duration d)
{
    return timeout_option().connect(d).read(d).write(d);
}
inline timeout_option timeout()
{
    return {};
}

namespace detail {

/// An option that is one value of a type, put into one member of request_options.
template <auto Member, class T>
class simple_option {
public:
    explicit simple_option(T value) : value_(std::move(value)) {}

    template <class Options>
    void apply_to(Options& to) const
        requires requires(const T& value) { to.*Member = value; }
    {
        to.*Member = value_;
    }

private:
    T value_;
};

}  // namespace detail

/// One request's options, in the form that every request function takes them in. Anything unset
/// comes from the session.
class request_options {
public:
    request_options() = default;

    template <request_option... Options>
        requires(sizeof...(Options) > 0)
    explicit request_options(const Options&... options)
    {
        (options.apply_to(*this), ...);
    }

    void apply_to(request_options& to) const { to = *this; }

    std::string query;                 ///< encoded, appended to the URL's
    http::headers headers;             ///< override the session's by name
    std::vector<std::string> without;  ///< default headers that are not sent
    std::string cookies;               ///< sent beside the jar's, never stored, never redirected
    http::body body;
    auth_option auth;
    timeout_option timeouts;
    std::shared_ptr<const detail::proxy_rules> proxies;  ///< null: the environment's
    std::optional<int> max_redirects;                    ///< 30; 0 returns the redirect itself
    std::optional<bool> allow_downgrade;                 ///< follow https -> http (no)
    std::optional<bool> decode;                          ///< undo Content-Encoding (yes)
    std::optional<bool> lenient;                         ///< length beside chunked is no error (no)
    std::optional<std::uint64_t> max_body_bytes;         ///< of a buffered body (256 MiB)
    std::optional<bool> expect_continue;       ///< ask before the body (if it has over 1 MiB)
    std::optional<compress_body> compression;  ///< of the request's body (none)
    std::function<void(const transfer&)> on_progress;
    std::optional<http::retry> retry;              ///< of what failed (none)
    std::optional<http::min_rate> min_rate;        ///< of the response's body (none)
    std::optional<http::max_rate> max_rate;        ///< of both bodies (none)
    std::optional<http::hedge_after> hedge_after;  ///< a second request beside a late one (none)
    std::optional<std::string> idempotency_key;    ///< empty: a random one
    std::optional<std::string> traceparent;        ///< of the caller's own trace; empty: a new one
    std::vector<std::string> sensitive_headers;    ///< more fields that do not leave their origin
    std::shared_ptr<const detail::hook_set> hooks;
    bool prepared = false;  ///< headers and query are complete: nothing of the session's is added
};
static_assert(awaitable_argument<request_options> && awaitable_argument<timeout_option>);

/// More header fields, besides `X-Api-Key`, `X-Auth-Token` and `Api-Key`, that stay behind when a
/// redirect leaves the origin.
class sensitive_headers {
public:
    template <std::convertible_to<std::string_view>... Names>
    explicit sensitive_headers(const Names&... names)
        : names_{std::string(std::string_view(names))...}
    {
    }
    void apply_to(request_options& to) const
    {
        to.sensitive_headers.insert(to.sensitive_headers.end(), names_.begin(), names_.end());
    }

private:
    std::vector<std::string> names_;
};

/// Default headers, such as `User-Agent`, that are not to be sent. As `headers={name: None}`.
class without {
public:
    template <std::convertible_to<std::string_view>... Names>
    explicit without(const Names&... names) : names_{std::string(std::string_view(names))...}
    {
    }
    void apply_to(request_options& to) const
    {
        to.without.insert(to.without.end(), names_.begin(), names_.end());
    }

private:
    std::vector<std::string> names_;
};

/// Cookies for one request only: names and values in turn. As Requests' `cookies=`.
/// \throws error with errc::bad_header  a name or value cannot travel in a Cookie header.
class cookies {
public:
    template <class... Rest>
    cookies(std::string_view name, std::string_view value, const Rest&... rest)
    {
        static_assert(sizeof...(rest) % 2 == 0, "cookies() takes names and values in turn");
        add_pairs(name, value, rest...);
    }
    void apply_to(request_options& to) const;

private:
    void add(std::string_view name, std::string_view value);
    void add_pairs() {}
    template <class... Rest>
    void add_pairs(std::string_view name, std::string_view value, const Rest&... rest)
    {
        add(name, value);
        add_pairs(rest...);
    }

    std::string text_;
};

/// At most `n` redirects are followed; 0 returns the redirect itself, as `allow_redirects=False`.
inline auto redirects(int n)
{
    return detail::simple_option<&request_options::max_redirects, int>(n);
}
/// Follows a redirect from https to http, which is otherwise refused.
inline auto allow_downgrade()
{
    return detail::simple_option<&request_options::allow_downgrade, bool>(true);
}
/// `decode(false)` leaves the body as it was sent.
inline auto decode(bool yes)
{
    return detail::simple_option<&request_options::decode, bool>(yes);
}
/// A buffered body, decoded, of more than this fails with limit_error `max_body_bytes`.
inline auto max_body(std::uint64_t bytes)
{
    return detail::simple_option<&request_options::max_body_bytes, std::uint64_t>(bytes);
}
/// Whether the server is asked before the body is sent, by `Expect: 100-continue`: it has 1 s to
/// refuse. Without this option only for bodies of over 1 MiB. A 417 is answered by sending the
/// request again, without asking.
inline auto expect_continue(bool yes = true)
{
    return detail::simple_option<&request_options::expect_continue, bool>(yes);
}
/// Takes a response that has both a Content-Length and Transfer-Encoding: chunked.
inline auto lenient()
{
    return detail::simple_option<&request_options::lenient, bool>(true);
}

static_assert(awaitable_argument<without> && awaitable_argument<cookies> &&
              awaitable_argument<sensitive_headers> && awaitable_argument<decltype(decode(true))>);

}  // namespace ferry::http
