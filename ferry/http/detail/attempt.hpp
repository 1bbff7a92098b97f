#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/error.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The seam between policy and wire. A client_exchange decides what is sent, where to and how
/// often: redirects, authentication, retries. Each single send is an attempt: http1_attempt over a
/// connection of the pool; other protocols, and transports that have no connection, are other
/// implementations. attempt_opener is the one place that chooses between them.
namespace ferry::http::detail {

class outgoing_request;

/// How far a request has come: for its errors, its timings and its line in the log. Whoever does
/// something that can wait says so first, by enter().
class progress {
public:
    using clock = std::chrono::steady_clock;

    void enter(phase p) noexcept
    {
        current_ = p;
        since_[static_cast<std::size_t>(p)] = clock::now();
    }
    phase current() const noexcept { return current_; }

    /// When a phase was entered last; nothing if it was not. connect and tls of an attempt on a
    /// kept connection are those of the connection, or nothing.
    std::optional<clock::time_point> since(phase p) const noexcept
    {
        const auto when = since_[static_cast<std::size_t>(p)];
        return when == clock::time_point() ? std::nullopt : std::optional(when);
    }
    /// The host's addresses are known: the look-up has ended, and TCP begins.
    void resolved() noexcept
    {
        if (resolved_ == clock::time_point()) resolved_ = clock::now();
    }
    std::optional<clock::time_point> resolved_at() const noexcept
    {
        return resolved_ == clock::time_point() ? std::nullopt : std::optional(resolved_);
    }
    /// Forgets the phases for a new attempt; the byte counts too.
    void restart() noexcept { *this = progress(); }

    std::uint64_t bytes_sent = 0;      ///< of the request's body
    std::uint64_t bytes_received = 0;  ///< of the response's body, as it came

private:
    phase current_ = phase::prepare;
    std::array<clock::time_point, phase_count> since_{};
    clock::time_point resolved_;
};

/// The time that a request may take in all.
class deadline {
public:
    using clock = std::chrono::steady_clock;

    explicit deadline(std::optional<std::chrono::nanoseconds> total) noexcept : total_(total) {}

    bool exists() const noexcept { return total_.has_value(); }
    clock::time_point started() const noexcept { return started_; }
    clock::duration elapsed() const noexcept { return clock::now() - started_; }

    /// \throws timeout_error  nothing is left.
    std::chrono::nanoseconds left() const;

    /// The shorter of `limit` and what is left. \throws timeout_error
    std::chrono::nanoseconds cut(std::chrono::nanoseconds limit) const
    {
        return total_ ? std::min(left(), limit) : limit;
    }

private:
    std::optional<std::chrono::nanoseconds> total_;
    clock::time_point started_ = clock::now();
};

/// Rounds up, since a wait of 0 ms means for ever to a stream.
std::chrono::milliseconds in_ms(std::chrono::nanoseconds d) noexcept;

/// What an attempt is given beside the request. Everything outlives the attempt.
struct attempt_context {
    const time_limits* limits;
    const deadline* until;
    progress* reached;
    bool lenient;  ///< as the option
    /// Called for each 1xx but 101, which is an error; null if nobody wants to know.
    const std::function<awaitable<void>(response_head&)>* on_informational;
};

/// One request sent once, and its answer. Destroyed before the body was read to its end, it gives
/// up what it used: a connection is closed, a stream of HTTP/2 reset. Used by one coroutine.
class attempt {
public:
    enum class outcome {
        answered,
        stale,  ///< a kept connection was dead: nothing came back, and the same may be sent again
    };

    attempt() = default;
    attempt(const attempt&) = delete;
    attempt& operator=(const attempt&) = delete;
    virtual ~attempt() = default;

    /// Sends the request with its body, and reads the head of the final response.
    /// Both outlive the attempt.
    /// \throws connection_error, timeout_error, protocol_error, limit_error
    virtual awaitable<outcome> exchange(const outgoing_request* what, response_head* into) = 0;

    /// \name The response's body, without its framing; after exchange() has answered.
    /// @{
    /// Reads what there is, one byte at least. \return 0 at the end.
    virtual awaitable<std::size_t> read_some(std::span<std::byte> into) = 0;
    /// The same from what has arrived already; 0 if nothing has, or at the end.
    virtual std::size_t read_buffered(std::span<std::byte> into) = 0;
    virtual bool done() const noexcept = 0;
    virtual framing kind() const noexcept = 0;
    /// Bytes to come, if kind() is framing::length.
    virtual std::uint64_t length_left() const noexcept = 0;
    /// After the body.
    virtual headers& trailers() noexcept = 0;
    /// @}

    /// The body was read, or is of no interest: gives back what can be used again.
    virtual void finish() = 0;

    /// No other read may take longer than this.
    virtual void limit_reads(std::chrono::nanoseconds each) noexcept = 0;

    /// The request's head as it was sent by HTTP/1.1; empty in other protocols.
    virtual std::string_view sent_head() const noexcept { return {}; }

    /// The address spoken to, for errors; empty without.
    virtual std::string peer() const = 0;

    /// What TLS has agreed on; null in the clear.
    virtual std::shared_ptr<const net::tls_info> tls() const { return nullptr; }
};

}  // namespace ferry::http::detail
