#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"
#include "ferry/http/router.hpp"
#include "ferry/http/server_limits.hpp"
#include "ferry/net/endpoint.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/stream.hpp"

#include <chrono>
#include <cstddef>

namespace ferry::http {

/// A server of HTTP/1.1: routes to coroutines, files, websockets.
///
///     http::server site;
///     site.get("/tasks/{id:int}", [](http::request& q) -> awaitable<http::response> {
///         co_return http::json(find(q.path<int>("id")));
///     });
///     site.files("/", "public");
///     run(site.serve(net::tcp("127.0.0.1", 8080)));
///
/// HEAD is answered by GET's handler without the body, OPTIONS and 405 name the methods there are.
/// A `problem` that a handler throws becomes its status with an application/problem+json document
/// (RFC 9457); any other exception is logged and becomes 500 without a word about the cause.
///
/// A request's body is read whole before the handler runs, unless its route says otherwise.
/// Requests of one connection are answered one after the other. Serves on the loop of the thread
/// that calls serve(), or on several threads; may be destroyed once nothing serves any more.
/// As http.server, and aiohttp's `web.Application`.
class server : public route_group {
public:
    using handler = request_handler;

    explicit server(server_limits limits = server_limits());
    server(server&&) noexcept;
    server& operator=(server&&) noexcept;
    ~server();

    /// Serves until stop(), or until cancelled, which cancels the handlers. An endpoint made by
    /// net::tls() speaks TLS, one made by net::unix_socket() listens there.
    /// \throws error  the endpoint cannot be bound.
    awaitable<void> serve(net::endpoint at);
    awaitable<void> serve(net::listener on);

    /// Serves on `threads` threads, the calling one among them, that share the port
    /// (SO_REUSEPORT). Handlers and middleware then run on all of them at the same time.
    /// \throws error  as serve().
    awaitable<void> serve_threads(std::size_t threads, net::endpoint at);

    /// Serves one connection that was accepted elsewhere, until its end.
    awaitable<void> serve_connection(net::stream on);

    /// Answers a request without a connection: what the routes make of it. Never fails.
    awaitable<response> respond(request q);

    /// Accepts nothing more, closes idle connections and websockets, lets the requests under way be
    /// answered, and returns when serve() is over, on all threads. What is not done after `grace`
    /// is cancelled.
    awaitable<void> stop(std::chrono::milliseconds grace = std::chrono::milliseconds(30'000));

    /// Connections now, of all threads. Thread-safe.
    std::size_t connections() const noexcept;

    /// The port that serve() or serve_threads() listens on last; 0 before. Thread-safe.
    std::uint16_t port() const noexcept;
};

}  // namespace ferry::http
