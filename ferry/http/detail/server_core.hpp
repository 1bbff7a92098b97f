#pragma once

#include "ferry/async/loop.hpp"
#include "ferry/http/detail/router.hpp"
#include "ferry/http/detail/server_loop.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/listener.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace ferry::http::detail {

/// What all threads of a server share: its routes, which do not change while it serves, and how
/// many connections there are.
class server_core {
public:
    explicit server_core(const server_limits& limits);

    using chain = std::shared_ptr<const std::vector<middleware>>;

    const server_limits& limits() const noexcept { return limits_; }
    bool stopping() const noexcept { return stopping_; }

    void add_route(std::string_view method, std::string_view pattern, request_handler h,
                   route_options with, chain around);
    void use(middleware m) { around_all_.push_back(std::move(m)); }

    /// Never throws but `cancelled`.
    awaitable<response> respond(request& q);

    static awaitable<void> serve(std::shared_ptr<server_core> self, net::listener on);
    static awaitable<void> serve_threads(std::shared_ptr<server_core> self, std::size_t threads,
                                         net::endpoint at);
    static awaitable<void> serve_one(std::shared_ptr<server_core> self, net::stream on);
    static awaitable<void> stop(std::shared_ptr<server_core> self, std::chrono::milliseconds grace);

    /// The calling thread's part; from now on stop() knows of it.
    std::shared_ptr<server_loop> loop_here();

    std::size_t connections() const noexcept { return connections_; }
    connection_place take_place() noexcept { return connection_place(connections_); }
    bool has_room() const noexcept { return connections_ < limits_.connections(); }
    std::uint16_t port() const noexcept { return port_; }

private:
    struct route {
        request_handler handler;
        route_options with;
        chain around;
        request_handler last;  ///< reads the body and calls the handler
    };

    awaitable<response> dispatch(request& q);
    awaitable<response> dispatch_safely(request& q);
    awaitable<response> call(const route& r, request& q);

    server_limits limits_;
    router routes_;
    std::vector<std::unique_ptr<const route>> handlers_;
    std::vector<middleware> around_all_;
    request_handler last_;

    std::atomic<bool> stopping_ = false;
    std::atomic<std::size_t> connections_ = 0;  ///< those that have a place
    std::atomic<std::uint16_t> port_ = 0;
    std::mutex mutex_;
    std::vector<std::shared_ptr<server_loop>> loops_;
};

/// A response with an application/problem+json document (RFC 9457).
response problem_response(int status, std::string_view detail);

}  // namespace ferry::http::detail
