#include "ferry/http/detail/attempt_opener.hpp"

#include "ferry/http/detail/connect_tunnel.hpp"
#include "ferry/http/detail/http2_attempt.hpp"
#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/detail/transport_attempt.hpp"

#include <utility>

namespace ferry::http::detail {

// Requests that a proxy of http is given whole may share its connections, whatever their hosts.
void attempt_opener::find_route(const outgoing_request& what)
{
    const url& to = what.url();
    const dialer& by = session_->connections();
    route_ = {to.scheme(), to.hostname(), to.port_or_default(), {}, by.may_speak_http2(to)};
    via_ = by.proxy_for(to, what.options().proxies.get());
    forwards_ = false;
    anonymous_ = !what.at_home() && by.shows_certificate() && to.scheme() == "https";
    if (!via_ && !anonymous_) return;
    via_key_ = anonymous_ ? "anonymous " : "";
    if (via_) via_key_ += via_->text() + ' ' + via_->user() + ' ' + via_->password();
    route_.via = via_key_;
    if (!via_) return;
    forwards_ = via_->speaks_http() && to.scheme() == "http";
    if (forwards_) route_ = {to.scheme(), {}, 0, via_key_, false};
}

attempt* attempt_opener::try_open(const outgoing_request& what, const attempt_context& with,
                                  bool first)
{
    close();
    if (const auto& by = session_->options().transport) {
        other_ = std::make_unique<transport_attempt>(by, with);
        return observe(other_.get(), with);
    }
    if (!pool_) pool_ = session_->pool_here();
    find_route(what);
    // A request that cannot be repeated should not meet a dead connection in the first place.
    place_ = pool_->try_acquire(route_, !first || !what.is_idempotent());
    if (!place_.has_connection()) return nullptr;
    return begin(what, with, first);
}

awaitable<attempt*> attempt_opener::open(const outgoing_request* what, attempt_context with,
                                         bool first)
{
    if (!place_) {
        with.reached->enter(phase::pool);
        const bool check = !first || !what->is_idempotent();
        const auto limit = with.until->cut(with.limits->pool);
        place_ = co_await pool_->acquire(route_, check, limit);
    }
    if (!place_.has_connection()) {
        destination where(what->shared_url(), via_, place_.may_be_http2());
        where.anonymous = anonymous_;
        auto dialing = session_->connections().dial(std::move(where), with);
        net::stream made = co_await std::move(dialing);
        const bool agreed = made.tls() != nullptr && made.tls()->alpn == "h2";
        const bool known = what->url().scheme() == "http" && place_.may_be_http2();
        place_.connected(std::move(made), agreed || known, in_ms(with.limits->write));
    }
    co_return begin(*what, with, first);
}

attempt* attempt_opener::begin(const outgoing_request& what, const attempt_context& with,
                               bool first)
{
    if (forwards_) {
        const std::string target(what.url().without_fragment());
        const digest_request proven{what.method(), target, what.body().data().span()};
        place_.connection()->proxy =
            std::make_shared<const forward_proxy>(session_->connections().prove(*via_, proven));
    }
    const bool may_be_stale = first && place_.reused();
    if (place_.http2()) {
        other_ = std::make_unique<http2_attempt>(std::move(place_), with, may_be_stale);
        return observe(other_.get(), with);
    }
    return observe(&http1_.emplace(std::move(place_), with, may_be_stale), with);
}

attempt* attempt_opener::observe(attempt* a, const attempt_context& with)
{
    const observers& who = session_->options().observers;
    if (who.empty()) return a;
    return &observed_.emplace(*a, who, with);
}

}  // namespace ferry::http::detail
