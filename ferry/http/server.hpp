#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"
#include "ferry/net/endpoint.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::http {

namespace detail {
class server_core;
}

/// What clients may ask of a server. Whoever passes a limit gets the status in parentheses.
///
///     http::server site(http::server_limits().body_bytes(64 << 20));
class server_limits {
public:
    server_limits() = default;

    using duration = std::chrono::milliseconds;

    server_limits& head_bytes(std::size_t n) { return head_ = n, *this; }      ///< 16 KiB (431)
    server_limits& target_bytes(std::size_t n) { return target_ = n, *this; }  ///< 8 KiB (414)
    server_limits& body_bytes(std::size_t n) { return body_ = n, *this; }      ///< 1 MiB (413)
    server_limits& connections(std::size_t n)
    {
        return connections_ = n, *this;
    }  ///< 1024: others
       ///< wait
    server_limits& head_time(duration d) { return head_time_ = d, *this; }  ///< 10 s (408)
    server_limits& idle_time(duration d) { return idle_time_ = d, *this; }  ///< 75 s: closed
    server_limits& body_time(duration d)
    {
        return body_time_ = d, *this;
    }  ///< 30 s between two
       ///< arrivals (408)

    std::size_t head_bytes() const noexcept { return head_; }
    std::size_t target_bytes() const noexcept { return target_; }
    std::size_t body_bytes() const noexcept { return body_; }
    std::size_t connections() const noexcept { return connections_; }
    duration head_time() const noexcept { return head_time_; }
    duration idle_time() const noexcept { return idle_time_; }
    duration body_time() const noexcept { return body_time_; }

private:
    std::size_t head_ = 16 * 1024;
    std::size_t target_ = 8 * 1024;
    std::size_t body_ = 1024 * 1024;
    std::size_t connections_ = 1024;
    duration head_time_{10'000};
    duration idle_time_{75'000};
    duration body_time_{30'000};
};
static_assert(awaitable_argument<server_limits>);

/// A server of HTTP/1.1: routes to coroutines, and static files.
///
///     http::server site;
///     site.get("/tasks/{id:int}", [](http::request& q) -> awaitable<http::response> {
///         co_return http::json(find(q.path<int>("id")));
///     });
///     site.files("/", "public");
///     run(site.serve(net::tcp("127.0.0.1", 8080)));
///
/// Patterns are made of literal segments, `{name}` for one segment, `{name:int}` for an integer,
/// and
/// `{name:path}` for the rest of the path; a literal wins over an integer, that over a name, that
/// over the rest. HEAD is answered by GET's handler without the body, OPTIONS and 405 name the
/// methods there are. A `problem` that a handler throws becomes its status with an
/// application/problem+json document (RFC 9457); any other exception is logged and becomes 500
/// without a word about the cause.
///
/// A request's body is read whole before the handler runs. Requests of one connection are answered
/// one after the other. Belongs to one loop; may be destroyed once nothing serves any more.
/// As http.server, and aiohttp's `web.Application`.
class server {
public:
    /// Lives as long as the server; so do its captures. The request lives until the response is
    /// sent.
    using handler = std::function<awaitable<response>(request&)>;

    explicit server(server_limits limits = server_limits());
    server(server&&) noexcept;
    server& operator=(server&&) noexcept;
    ~server();

    /// \throws error  the pattern is malformed, or has a handler for this method already.
    server& route(std::string_view method, std::string_view pattern, handler h);
    server& get(std::string_view pattern, handler h) { return route("GET", pattern, std::move(h)); }
    server& post(std::string_view pattern, handler h)
    {
        return route("POST", pattern, std::move(h));
    }
    server& put(std::string_view pattern, handler h) { return route("PUT", pattern, std::move(h)); }
    server& patch(std::string_view pattern, handler h)
    {
        return route("PATCH", pattern, std::move(h));
    }
    server& delete_(std::string_view pattern, handler h)
    {
        return route("DELETE", pattern, std::move(h));
    }

    /// Serves the files below `directory` under the path `prefix`: index.html for a directory,
    /// ETag and Last-Modified with conditional requests, single and multiple ranges, and a file's
    /// `.br` or `.gz` neighbour to clients that take it. Names that begin with a dot, and symbolic
    /// links that lead out, do not exist. A change on disk is seen within a second.
    /// \param prefix  begins and ends with a slash.
    /// \throws error  the directory cannot be opened.
    server& files(std::string_view prefix, const std::filesystem::path& directory);

    /// Serves until stop(), or until cancelled, which cancels the handlers.
    /// \throws error  the endpoint cannot be bound.
    awaitable<void> serve(net::endpoint at);
    awaitable<void> serve(net::listener on);

    /// Serves one connection that was accepted elsewhere, until its end.
    awaitable<void> serve_connection(net::stream on);

    /// Answers a request without a connection: what the routes make of it. Never fails.
    awaitable<response> respond(request q);

    /// Accepts nothing more, closes idle connections, lets the requests under way be answered, and
    /// returns when serve() is over. What is not done after `grace` is cancelled.
    awaitable<void> stop(std::chrono::milliseconds grace = std::chrono::milliseconds(30'000));

    /// Connections now.
    std::size_t connections() const noexcept;

private:
    std::shared_ptr<detail::server_core> core_;
};

}  // namespace ferry::http
