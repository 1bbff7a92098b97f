#include "ferry/http/server.hpp"

#include "ferry/http/detail/server_core.hpp"

#include <utility>

namespace ferry::http {
namespace {

// The files live in the closure of their own handler, which the server keeps.
awaitable<response> serve_file(std::shared_ptr<detail::static_files> files, request* q)
{
    co_return files->serve(*q, q->path("file"));
}

awaitable<response> respond_to(std::shared_ptr<detail::server_core> core, request q)
{
    co_return co_await core->respond(q);
}

}  // namespace

server::server(server_limits limits) : core_(std::make_shared<detail::server_core>(limits)) {}
server::server(server&&) noexcept = default;
server& server::operator=(server&&) noexcept = default;
server::~server() = default;

server& server::route(std::string_view method, std::string_view pattern, handler h)
{
    core_->route(method, pattern, std::move(h));
    return *this;
}

server& server::files(std::string_view prefix, const std::filesystem::path& directory)
{
    const auto served = std::make_shared<detail::static_files>(directory);
    return get(std::string(prefix) + "{file:path}",
               [served](request& q) { return serve_file(served, &q); });
}

awaitable<void> server::serve(net::endpoint at)
{
    return serve(net::listener(at));
}

awaitable<void> server::serve(net::listener on)
{
    return detail::server_core::serve(core_, std::move(on));
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

}  // namespace ferry::http
