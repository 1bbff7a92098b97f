#include "ferry/http/server.hpp"

#include "ferry/http/detail/server_core.hpp"

#include <utility>

namespace ferry::http {
namespace {

awaitable<response> respond_to(std::shared_ptr<detail::server_core> core, request q)
{
    co_return co_await core->respond(q);
}

}  // namespace

server::server(server_limits limits) : route_group(std::make_shared<detail::server_core>(limits)) {}
server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;
server::~server() = default;

awaitable<void> server::serve(net::endpoint at)
{
    return serve(net::listener(at));
}

awaitable<void> server::serve(net::listener on)
{
    return detail::server_core::serve(core_, std::move(on));
}

awaitable<void> server::serve_threads(std::size_t threads, net::endpoint at)
{
    return detail::server_core::serve_threads(core_, threads, std::move(at));
}

awaitable<void> server::serve_connection(net::stream on)
{
    return detail::server_core::serve_one(core_, std::move(on));
}

awaitable<response> server::respond(request q)
{
    return respond_to(core_, std::move(q));
}

awaitable<void> server::stop(std::chrono::milliseconds grace)
{
    return detail::server_core::stop(core_, grace);
}

std::size_t server::connections() const noexcept
{
    return core_->connections();
}

std::uint16_t server::port() const noexcept
{
    return core_->port();
}

}  // namespace ferry::http
