#pragma once

#include "ferry/async/sync.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/http/detail/router.hpp"
#include "ferry/http/detail/static_files.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/listener.hpp"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ferry::http::detail {

class server_connection;

/// Routes, and the connections that are being served. Belongs to one loop.
class server_core {
public:
    explicit server_core(const server_limits& limits) : limits_(limits) {}

    const server_limits& limits() const noexcept { return limits_; }
    bool stopping() const noexcept { return stopping_; }

    void route(std::string_view method, std::string_view pattern, server::handler h);

    /// Never throws but `cancelled`.
    awaitable<response> respond(request& q);

    static awaitable<void> serve(std::shared_ptr<server_core> self, net::listener on);
    static awaitable<void> serve_one(std::shared_ptr<server_core> self, net::stream on);
    static awaitable<void> stop(std::shared_ptr<server_core> self, std::chrono::milliseconds grace);

    std::size_t connections() const noexcept { return connections_.size(); }

private:
    awaitable<response> dispatch(request& q);

    server_limits limits_;
    router routes_;
    std::vector<server::handler> handlers_;
    std::set<server_connection*> connections_;
    std::set<net::listener*> listeners_;
    std::set<task_group*> groups_;
    std::size_t serving_ = 0;
    event idle_;  ///< nothing is being served
    bool stopping_ = false;
};

/// A response with an application/problem+json document (RFC 9457).
response problem_response(int status, std::string_view detail);

}  // namespace ferry::http::detail
