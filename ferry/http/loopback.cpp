#include "ferry/http/loopback.hpp"

#include "ferry/async/task.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session_options.hpp"

#include <utility>

namespace ferry::http {
namespace {

awaitable<net::stream> connect(server* to)
{
    auto [near, far] = net::pair();
    spawn(to->serve_connection(std::move(far)), "http loopback");
    co_return std::move(near);
}

}  // namespace

void loopback::apply_to(session_options& to) const
{
    to.connect = [site = site_](const url&) { return connect(site); };
}

}  // namespace ferry::http
