#pragma once

#include "ferry/core/error.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http {

class request_options;
class session_options;

/// When a request that failed is sent again. Off unless given.
///
///     http::session api(http::retry::standard());
///     co_await api.get(url, http::retry(5).backoff(100ms).statuses(503));
///
/// A lost connection, a time limit of one phase and the statuses named are tried again, if the
/// method is one that may be repeated; any method if nothing of the request was sent, or if it has
/// an idempotency_key(). A body that cannot go back to its start is never sent twice. In between it
/// waits: a random time up to `first`, twice that, four times, up to `max`; or what Retry-After
/// asks for with 413, 429 and 503, which then holds back the session's other requests to that host
/// too. The last failure names all that came before it, and details_of() lists them; a status is
/// returned as it is. As urllib3's Retry.
class retry {
public:
    using duration = std::chrono::nanoseconds;

    /// \param total  how often at most, of all causes.
    explicit retry(int total = 3) : total_(total) {}

    /// Three times, statuses 429, 502, 503 and 504, from 200 ms to 30 s.
    static retry standard() { return retry(); }

    retry& connect(int n) { return connect_ = n, *this; }  ///< of these, before anything was sent
    retry& read(int n) { return read_ = n, *this; }        ///< of these, after that
    retry& status(int n) { return status_ = n, *this; }    ///< of these, for a status

    /// In place of 429, 502, 503 and 504.
    template <std::same_as<int>... Status>
    retry& statuses(Status... all)
    {
        return statuses_ = {all...}, *this;
    }
    /// In place of GET, HEAD, PUT, DELETE, OPTIONS and TRACE.
    template <std::convertible_to<std::string_view>... Method>
    retry& methods(const Method&... all)
    {
        return methods_ = {std::string(std::string_view(all))...}, *this;
    }
    retry& backoff(duration first, double factor = 2, duration max = std::chrono::seconds(30))
    {
        first_ = first;
        factor_ = factor;
        max_ = max;
        return *this;
    }
    /// Without jitter each wait is its longest.
    retry& jitter(bool yes) { return jitter_ = yes, *this; }
    /// The longest that Retry-After is obeyed for (120 s); 0 ignores it.
    retry& retry_after(duration at_most) { return retry_after_ = at_most, *this; }

    void apply_to(request_options& to) const;

    int total() const noexcept { return total_; }
    int connect() const noexcept { return connect_.value_or(total_); }
    int read() const noexcept { return read_.value_or(total_); }
    int status() const noexcept { return status_.value_or(total_); }
    const std::vector<int>& statuses() const noexcept { return statuses_; }
    const std::vector<std::string>& methods() const noexcept { return methods_; }
    duration retry_after() const noexcept { return retry_after_; }
    bool has_jitter() const noexcept { return jitter_; }
    /// The longest wait before the retry of this number, from 1.
    duration backoff_of(int number) const noexcept;

private:
    int total_;
    std::optional<int> connect_;
    std::optional<int> read_;
    std::optional<int> status_;
    std::vector<int> statuses_ = {429, 502, 503, 504};
    std::vector<std::string> methods_ = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    duration first_ = std::chrono::milliseconds(200);
    double factor_ = 2;
    duration max_ = std::chrono::seconds(30);
    bool jitter_ = true;
    duration retry_after_ = std::chrono::seconds(120);
};

/// Sends `Idempotency-Key`, by which a server recognises a request that it has seen, so that a POST
/// may be sent again. Without a key of one's own: a random one for each request.
class idempotency_key {
public:
    idempotency_key() = default;
    explicit idempotency_key(std::string key) : key_(std::move(key)) {}
    void apply_to(request_options& to) const;

private:
    std::string key_;
};

/// A response body that comes more slowly than this, on average over each `window`, fails with
/// timeout_error: `timeout` bounds the single wait, which a server that drips never reaches. Only
/// time spent waiting for the network counts. As curl's --speed-limit and --speed-time.
class min_rate {
public:
    explicit min_rate(std::uint64_t bytes_per_second,
                      std::chrono::nanoseconds window = std::chrono::seconds(10))
        : bytes_per_second_(bytes_per_second), window_(window)
    {
    }
    std::uint64_t bytes_per_second() const noexcept { return bytes_per_second_; }
    std::chrono::nanoseconds window() const noexcept { return window_; }
    void apply_to(request_options& to) const;

private:
    std::uint64_t bytes_per_second_;
    std::chrono::nanoseconds window_;
};

/// Neither body of a request goes faster than this, on average: so as to leave room for others. As
/// curl's --limit-rate.
class max_rate {
public:
    /// \param bytes_per_second  1 at least.
    explicit max_rate(std::uint64_t bytes_per_second)
        : bytes_per_second_(bytes_per_second < 1 ? 1 : bytes_per_second)
    {
    }
    std::uint64_t bytes_per_second() const noexcept { return bytes_per_second_; }
    void apply_to(request_options& to) const;

private:
    std::uint64_t bytes_per_second_;
};

/// A time that so many in a hundred recent answers took at most.
class percentile {
public:
    /// \param of_hundred  from 1 to 99; others are taken for the nearest of these.
    constexpr explicit percentile(int of_hundred) noexcept
        : of_hundred_(of_hundred < 1 ? 1 : (of_hundred > 99 ? 99 : of_hundred))
    {
    }
    constexpr int of_hundred() const noexcept { return of_hundred_; }

private:
    int of_hundred_;
};

inline constexpr percentile p95{95};
inline constexpr percentile p99{99};

/// A request that has no answer after a while gets a second one beside it, on another connection if
/// that is HTTP/1.1; the first answer counts and the other request is cancelled. For methods that
/// may be repeated and bodies in memory only.
///
///     http::session api(http::hedge_after(http::p95));
///     co_await api.get(url, http::hedge_after(20ms));
///
/// With a percentile the session learns how long an origin (scheme, host and port) takes until the
/// head of an answer, of its last 200, and hedges nothing before it has seen 20. It hedges one
/// request in ten at most, so that a server that is slow altogether is asked a tenth more and not
/// twice as much; up to 10 hedges are saved for when many requests are late together. A time of
/// one's own has no such bound. As gRPC's hedgingPolicy, whose delay is always a time.
class hedge_after {
public:
    explicit hedge_after(std::chrono::nanoseconds d) noexcept : delay_(d) {}
    explicit hedge_after(percentile p) noexcept : learned_(p) {}

    std::chrono::nanoseconds delay() const noexcept { return delay_; }  ///< if not learned()
    const std::optional<percentile>& learned() const noexcept { return learned_; }
    void apply_to(request_options& to) const;

private:
    std::chrono::nanoseconds delay_{0};
    std::optional<percentile> learned_;
};

/// How many requests a session sends, in all threads together. The excess waits, without a limit
/// but that of `timeout().total()`.
///
///     http::session api(http::rate_limit().per_host(10, 1s, 20).global(100, 1s));
class rate_limit {
public:
    using duration = std::chrono::nanoseconds;

    rate_limit() = default;
    /// The same as per_host().
    rate_limit(int requests, duration per, int burst = 1) { per_host(requests, per, burst); }

    /// `requests` in each `per` to one host and port; `burst` of them may come at once.
    rate_limit& per_host(int requests, duration per, int burst = 1)
    {
        return host_ = rate(requests, per, burst), *this;
    }
    rate_limit& global(int requests, duration per, int burst = 1)
    {
        return global_ = rate(requests, per, burst), *this;
    }

    class rate {
    public:
        rate() = default;
        rate(int requests, duration per, int burst) noexcept
            : interval_(per / (requests < 1 ? 1 : requests)), slack_(interval_ * (burst - 1))
        {
        }
        explicit operator bool() const noexcept { return interval_ > duration(0); }
        duration interval() const noexcept { return interval_; }  ///< between two, on average
        duration slack() const noexcept { return slack_; }        ///< how far ahead a burst may be

    private:
        duration interval_{0};
        duration slack_{0};
    };

    const rate& host() const noexcept { return host_; }
    const rate& all() const noexcept { return global_; }
    void apply_to(session_options& to) const;

private:
    rate host_;
    rate global_;
};

/// After so many failures of a host in a row (lost connections, time limits, statuses of 500 and
/// above), requests to it fail at once with errc::circuit_open, for `pause`; then one is let
/// through to see. As pybreaker.
class breaker {
public:
    explicit breaker(int failures = 5,
                     std::chrono::nanoseconds pause = std::chrono::seconds(30)) noexcept
        : failures_(failures), pause_(pause)
    {
    }
    int failures() const noexcept { return failures_; }
    std::chrono::nanoseconds pause() const noexcept { return pause_; }
    void apply_to(session_options& to) const;

private:
    int failures_;
    std::chrono::nanoseconds pause_;
};

static_assert(awaitable_argument<retry> && awaitable_argument<idempotency_key> &&
              awaitable_argument<min_rate> && awaitable_argument<max_rate> &&
              awaitable_argument<hedge_after> && awaitable_argument<rate_limit> &&
              awaitable_argument<breaker>);

}  // namespace ferry::http
