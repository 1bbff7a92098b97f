#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"
#include "ferry/http/server_limits.hpp"
#include "ferry/http/websocket.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

namespace detail {
class server_core;
}

/// Answers a request. Lives as long as the server, and so do its captures; the request lives until
/// the response is sent. A lambda must name its result: `-> awaitable<response>`.
using request_handler = std::function<awaitable<response>(request&)>;

class next_handler;

/// Stands around handlers: looks at the request, calls `next(q)` or answers itself, looks at the
/// response. Middleware of the server also sees the responses that errors were made into.
///
///     site.use([](http::request& q, http::next_handler next) -> awaitable<http::response> {
///         auto r = co_await next(q);
///         co_return std::move(r).with("X-Served-By", "ferry");
///     });
///
/// ferry/http/middleware.hpp has those that most servers need. As aiohttp's `@web.middleware`.
using middleware = std::function<awaitable<response>(request&, next_handler)>;

/// The rest of the way to a request's handler.
class next_handler {
public:
    next_handler(std::span<const middleware> rest, const request_handler& last) noexcept
        : rest_(rest), last_(&last)
    {
    }

    awaitable<response> operator()(request& q) const
    {
        if (rest_.empty()) return (*last_)(q);
        return rest_.front()(q, next_handler(rest_.subspan(1), *last_));
    }

private:
    std::span<const middleware> rest_;
    const request_handler* last_;
};

/// How a directory's files are served.
class file_options {
public:
    file_options() = default;

    /// A directory without index.html is answered with a page that lists it, as http.server does.
    file_options& listing(bool yes = true) { return listing_ = yes, *this; }
    /// The value of Cache-Control, `public, max-age=3600`; empty sends none.
    file_options& cache_control(std::string value)
    {
        cache_control_ = std::move(value);
        return *this;
    }

    bool listing() const noexcept { return listing_; }
    const std::string& cache_control() const noexcept { return cache_control_; }

private:
    bool listing_ = false;
    std::string cache_control_;
};

/// Routes below a common prefix, with middleware of their own.
///
///     auto api = site.group("/api");
///     api.use(http::require_token("secret"));
///     api.get("/tasks/{id:int}", find_task);                     // GET /api/tasks/7
///
/// Patterns are made of literal segments, `{name}` for one segment, `{name:int}` for an integer,
/// and `{name:path}` for the rest of the path; a literal wins over an integer, that over a name,
/// that over the rest. A handle: copies add to the same server, which they must not outlive.
/// All routes are made before the server serves.
class route_group {
public:
    /// \throws error  the pattern is malformed, or has a handler for this method already.
    route_group& route(std::string_view method, std::string_view pattern, request_handler h,
                       route_options with = route_options());
    route_group& get(std::string_view pattern, request_handler h)
    {
        return route("GET", pattern, std::move(h));
    }
    route_group& post(std::string_view pattern, request_handler h,
                      route_options with = route_options())
    {
        return route("POST", pattern, std::move(h), with);
    }
    route_group& put(std::string_view pattern, request_handler h,
                     route_options with = route_options())
    {
        return route("PUT", pattern, std::move(h), with);
    }
    route_group& patch(std::string_view pattern, request_handler h,
                       route_options with = route_options())
    {
        return route("PATCH", pattern, std::move(h), with);
    }
    route_group& delete_(std::string_view pattern, request_handler h)
    {
        return route("DELETE", pattern, std::move(h));
    }

    /// Puts middleware around the routes that are added to this group from now on; on the server,
    /// around everything. The first that is added is the outermost.
    route_group& use(middleware m);

    /// \param prefix  begins with a slash and ends without; may hold parameters.
    route_group group(std::string_view prefix) const;

    /// Opens a websocket with each client that asks for one here. The socket is closed when the
    /// handler returns (1000), throws (1011), or the server stops (1001).
    /// A request without a proper upgrade gets 400 or 426, one from a page of another site 403.
    /// As aiohttp's WebSocketResponse.
    route_group& websocket(std::string_view pattern, websocket_handler h,
                           websocket_options with = websocket_options());

    /// Serves the files below `directory` under the path `prefix`: index.html for a directory,
    /// ETag and Last-Modified with conditional requests, single and multiple ranges, and a file's
    /// `.br` or `.gz` neighbour to clients that take it. Names that begin with a dot, and symbolic
    /// links that lead out, do not exist. A change on disk is seen within a second.
    /// \param prefix  begins and ends with a slash.
    /// \throws error  the directory cannot be opened.
    route_group& files(std::string_view prefix, const std::filesystem::path& directory,
                       file_options with = file_options());

    /// Answers `{"status":"ok"}`, or 503 if `check` throws, for whoever watches the server.
    route_group& health(std::string_view pattern = "/healthz",
                        std::function<awaitable<void>()> check = {});

protected:
    explicit route_group(std::shared_ptr<detail::server_core> core);

    std::shared_ptr<detail::server_core> core_;

private:
    std::string prefix_;
    std::shared_ptr<const std::vector<middleware>> around_;  ///< null: none
    bool is_root_ = false;
};

}  // namespace ferry::http
