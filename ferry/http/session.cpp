#include "ferry/http/session.hpp"

#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/download.hpp"
#include "ferry/http/detail/fetch.hpp"
#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/detail/transport_attempt.hpp"
#include "ferry/http/error.hpp"

#include <utility>

namespace ferry::http {
namespace {

awaitable<response_stream> open_stream(std::shared_ptr<detail::session_core> core,
                                       detail::call_ptr what)
{
    auto sending = detail::send_to_head(std::move(core), std::move(what));
    co_return response_stream(co_await std::move(sending));
}

}  // namespace

session::session(session_options options)
    : core_(std::make_shared<detail::session_core>(std::move(options)))
{
}
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;
session::~session()
{
    if (core_) core_->close_here();
}

cookie_jar& session::cookies() noexcept
{
    return core_->cookies();
}

prepared_request session::describe(detail::call_ptr what) const
{
    return detail::describe_request(detail::outgoing_request(core_, std::move(what)));
}

awaitable<response> session::send(detail::call_ptr what)
{
    return detail::send_whole(core_, std::move(what));
}

// No coroutine itself: `what` is read before this returns.
awaitable<response> session::send_prepared(const prepared_request& what, detail::call_ptr as)
{
    if (what.streamed) {
        throw error(errc::body_consumed, "a prepared request cannot hold a body that streams");
    }
    request_options& with = as->with;
    if (!what.content.empty()) with.body = body(what.content);
    for (const auto [name, value] : what.headers) {
        const bool is_framing =
            detail::same(name, "Content-Length") || detail::same(name, "Transfer-Encoding");
        if (!is_framing) with.headers.add(name, value);
    }
    with.prepared = true;
    return send(std::move(as));
}

awaitable<response_stream> session::open(detail::call_ptr what)
{
    return open_stream(core_, std::move(what));
}

awaitable<downloaded> session::save(std::string url, std::string path, download_options with)
{
    return detail::download(core_, std::move(url), std::move(path), std::move(with));
}

session& default_session()
{
    // Never destroyed: requests may be under way on other threads until the process is gone.
    static auto& shared = *new session(without_cookies());
    return shared;
}

}  // namespace ferry::http
