#pragma once

#include "ferry/core/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ferry::http {

/// What clients may ask of a server. Whoever passes a limit gets the status in parentheses, or is
/// cut off; nobody else is troubled.
///
///     http::server site(http::server_limits().body_bytes(64 << 20));
class server_limits {
public:
    server_limits() = default;

    using duration = std::chrono::milliseconds;

    /// The request line and the fields; 16 KiB (431).
    server_limits& head_bytes(std::size_t n) { return head_ = n, *this; }
    /// The path and query; 8 KiB (414).
    server_limits& target_bytes(std::size_t n) { return target_ = n, *this; }
    /// A request's body, where route_options do not say otherwise; 1 MiB (413).
    server_limits& body_bytes(std::uint64_t n) { return body_ = n, *this; }
    /// Connections at the same time, those of all threads together; 1024 (503 with Retry-After).
    server_limits& connections(std::size_t n) { return connections_ = n, *this; }
    /// Requests that a client sends ahead without a look at the responses; 100. The last of them is
    /// answered with `Connection: close`.
    server_limits& pipelined_requests(std::size_t n) { return pipelined_ = n, *this; }
    /// How long a head may take once its first byte is there; 10 s (408).
    server_limits& head_time(duration d) { return head_time_ = d, *this; }
    /// How long a connection may wait for a request; 75 s.
    server_limits& idle_time(duration d) { return idle_time_ = d, *this; }
    /// How long each piece of a body may be waited for, and each piece of a response to be taken;
    /// 30 s (408).
    server_limits& body_time(duration d) { return body_time_ = d, *this; }
    /// Bytes a second that a body must come with on the whole, after body_time; 240 (408). 0: any.
    server_limits& body_rate(std::uint64_t n) { return body_rate_ = n, *this; }

    std::size_t head_bytes() const noexcept { return head_; }
    std::size_t target_bytes() const noexcept { return target_; }
    std::uint64_t body_bytes() const noexcept { return body_; }
    std::size_t connections() const noexcept { return connections_; }
    std::size_t pipelined_requests() const noexcept { return pipelined_; }
    duration head_time() const noexcept { return head_time_; }
    duration idle_time() const noexcept { return idle_time_; }
    duration body_time() const noexcept { return body_time_; }
    std::uint64_t body_rate() const noexcept { return body_rate_; }

private:
    std::size_t head_ = 16 * 1024;
    std::size_t target_ = 8 * 1024;
    std::uint64_t body_ = 1024 * 1024;
    std::size_t connections_ = 1024;
    std::size_t pipelined_ = 100;
    duration head_time_{10'000};
    duration idle_time_{75'000};
    duration body_time_{30'000};
    std::uint64_t body_rate_ = 240;
};

/// How one route takes its requests.
///
///     site.post("/dump", take_dump, http::route_options().stream_body().body_bytes(1 << 30));
class route_options {
public:
    route_options() = default;

    /// The handler is called as soon as the head is there, and reads the body by request::read() or
    /// receive_form(). What it leaves unread ends the connection.
    route_options& stream_body(bool yes = true) { return stream_ = yes, *this; }

    /// Instead of server_limits::body_bytes().
    route_options& body_bytes(std::uint64_t n)
    {
        body_ = n;
        has_body_limit_ = true;
        return *this;
    }

    bool stream_body() const noexcept { return stream_; }
    std::uint64_t body_bytes(std::uint64_t otherwise) const noexcept
    {
        return has_body_limit_ ? body_ : otherwise;
    }

private:
    std::uint64_t body_ = 0;
    bool has_body_limit_ = false;
    bool stream_ = false;
};

static_assert(awaitable_argument<server_limits> && awaitable_argument<route_options>);

}  // namespace ferry::http
