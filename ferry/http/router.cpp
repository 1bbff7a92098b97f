#include "ferry/http/router.hpp"

#include "ferry/core/log.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/detail/server_core.hpp"
#include "ferry/http/detail/static_files.hpp"
#include "ferry/http/detail/websocket_upgrade.hpp"

#include <utility>

namespace ferry::http {
namespace {

awaitable<response> serve_file(std::shared_ptr<detail::static_files> files, request* q)
{
    co_return files->serve(*q, q->path("file"));
}

awaitable<response> open_websocket(std::shared_ptr<const detail::websocket_route> route, request* q)
{
    co_return detail::upgrade_to_websocket(*q, std::move(route));
}

awaitable<response> check_health(std::function<awaitable<void>()> check)
{
    bool healthy = true;
    try {
        if (check) {
            auto checked = check();
            co_await std::move(checked);
        }
    } catch (const std::exception& e) {
        log::warning("a health check failed", "failure", e.what());
        healthy = false;
    }
    const int code = healthy ? status::ok : status::service_unavailable;
    const value report = value::object("status", healthy ? "ok" : "failing");
    co_return response(code, json(report)).with("Cache-Control", "no-store");
}

}  // namespace

route_group::route_group(std::shared_ptr<detail::server_core> core)
    : core_(std::move(core)), is_root_(true)
{
}

route_group& route_group::route(std::string_view method, std::string_view pattern,
                                request_handler h, route_options with)
{
    core_->add_route(method, prefix_ + std::string(pattern), std::move(h), with, around_);
    return *this;
}

route_group& route_group::use(middleware m)
{
    if (is_root_) {
        core_->use(std::move(m));
        return *this;
    }
    auto longer = around_ ? *around_ : std::vector<middleware>();
    longer.push_back(std::move(m));
    around_ = std::make_shared<const std::vector<middleware>>(std::move(longer));
    return *this;
}

route_group route_group::group(std::string_view prefix) const
{
    route_group inner(core_);
    inner.is_root_ = false;
    inner.prefix_ = prefix_ + std::string(prefix);
    inner.around_ = around_;
    return inner;
}

route_group& route_group::websocket(std::string_view pattern, websocket_handler h,
                                    websocket_options with)
{
    const auto made =
        std::make_shared<const detail::websocket_route>(std::move(h), std::move(with));
    return get(pattern, [made](request& q) { return open_websocket(made, &q); });
}

route_group& route_group::files(std::string_view prefix, const std::filesystem::path& directory,
                                file_options with)
{
    const auto served = std::make_shared<detail::static_files>(directory, std::move(with));
    return get(std::string(prefix) + "{file:path}",
               [served](request& q) { return serve_file(served, &q); });
}

route_group& route_group::health(std::string_view pattern, std::function<awaitable<void>()> check)
{
    return get(pattern, [check = std::move(check)](request&) { return check_health(check); });
}

}  // namespace ferry::http
