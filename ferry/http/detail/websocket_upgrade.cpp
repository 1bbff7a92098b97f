#include "ferry/http/detail/websocket_upgrade.hpp"

#include "ferry/core/log.hpp"
#include "ferry/http/detail/message_deflate.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/detail/upgrade.hpp"
#include "ferry/http/detail/websocket_codec.hpp"
#include "ferry/http/detail/websocket_driver.hpp"
#include "ferry/http/error.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ferry::http::detail {
namespace {

bool lists(const headers& fields, std::string_view name, std::string_view wanted)
{
    const std::string list = fields.joined(name);
    std::string_view rest = list;
    while (!rest.empty()) {
        if (same(take_element(rest), wanted)) return true;
    }
    return false;
}

// Browsers tell where the page comes from that opens the websocket, and send their cookies along
// from everywhere; so the server has to look (section 10.2).
bool is_welcome(const request& q, const websocket_options& with)
{
    const auto origin = q.headers.get("Origin");
    if (!origin || with.any_origin()) return true;
    const auto& others = with.origins();
    if (std::ranges::any_of(others, [&](const auto& o) { return same(o, *origin); })) return true;
    const std::size_t authority = origin->find("://");
    return authority != std::string_view::npos &&
           same(origin->substr(authority + 3), q.headers.get("Host").value_or(""));
}

std::string choose_subprotocol(const request& q, const websocket_options& with)
{
    for (const std::string& ours : with.subprotocols()) {
        const std::string offered = q.headers.joined("Sec-WebSocket-Protocol");
        std::string_view rest = offered;
        while (!rest.empty()) {
            if (take_element(rest) == ours) return ours;
        }
    }
    return {};
}

class websocket_takeover final : public upgrade {
public:
    websocket_takeover(request& q, std::shared_ptr<const websocket_route> route,
                       std::optional<deflate_agreement> deflate, std::string protocol)
        : request_(q), route_(std::move(route)), deflate_(deflate), protocol_(std::move(protocol))
    {
    }

    awaitable<void> take_over(net::stream connection) override
    {
        const auto impl = std::make_shared<websocket::impl>(
            std::move(connection), role::server, route_->with, deflate_, std::move(protocol_));
        impl_ = impl;
        if (stopping_) impl->go_away();
        websocket ws(impl);
        int code = close_code::normal;
        try {
            auto handled = route_->handler(ws, request_);
            co_await std::move(handled);
        } catch (const websocket_error&) {  // the peer's fault; it was told
        } catch (const connection_error&) {
        } catch (const timeout_error&) {
        } catch (const std::exception& e) {
            log::error("a websocket's handler failed", "path", request_.path(), "failure",
                       e.what());
            code = close_code::internal_error;
        }
        if (stopping_) code = close_code::going_away;
        co_await ws.close(code);
    }

    void stop() noexcept override
    {
        stopping_ = true;
        if (const auto impl = impl_.lock()) impl->go_away();
    }

private:
    request& request_;
    std::shared_ptr<const websocket_route> route_;
    std::optional<deflate_agreement> deflate_;
    std::string protocol_;
    std::weak_ptr<websocket::impl> impl_;
    bool stopping_ = false;
};

}  // namespace

response upgrade_to_websocket(request& q, std::shared_ptr<const websocket_route> route)
{
    const headers& fields = q.headers;
    if (q.method != "GET" || !lists(fields, "Upgrade", "websocket") ||
        !lists(fields, "Connection", "upgrade")) {
        return response(status::upgrade_required, text("a websocket is opened here\n"))
            .with("Upgrade", "websocket");
    }
    if (fields.get("Sec-WebSocket-Version").value_or("") != "13") {
        return response(status::upgrade_required, text("only version 13 is spoken here\n"))
            .with("Upgrade", "websocket")
            .with("Sec-WebSocket-Version", "13");
    }
    const auto keys = fields.get_all("Sec-WebSocket-Key");
    if (keys.size() != 1 || !is_websocket_key(keys.front())) {
        throw problem(status::bad_request, "Sec-WebSocket-Key is missing or malformed");
    }
    if (!is_welcome(q, route->with)) {
        throw problem(status::forbidden, "pages of this origin may not open websockets here");
    }
    response r(status::switching_protocols);
    r.headers.add("Upgrade", "websocket");
    r.headers.add("Sec-WebSocket-Accept", accept_key(keys.front()));
    std::string protocol = choose_subprotocol(q, route->with);
    if (!protocol.empty()) r.headers.add("Sec-WebSocket-Protocol", protocol);
    std::optional<deflate_agreement> deflate;
    if (route->with.compression()) {
        deflate = choose_deflate(fields.joined("Sec-WebSocket-Extensions"),
                                 route->with.context_takeover());
    }
    if (deflate) r.headers.add("Sec-WebSocket-Extensions", answer_deflate(*deflate));
    r.content = body(
        std::make_shared<websocket_takeover>(q, std::move(route), deflate, std::move(protocol)));
    return r;
}

}  // namespace ferry::http::detail
