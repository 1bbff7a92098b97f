#include "ferry/http/session.hpp"

#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/fetch.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/error.hpp"

#include <utility>

namespace ferry::http {
namespace {

awaitable<response_stream> open_stream(std::shared_ptr<detail::session_core> core,
                                       std::string method, std::string url, request_options with)
{
    auto sending =
        detail::send_to_head(std::move(core), std::move(method), std::move(url), std::move(with));
    co_return response_stream(co_await std::move(sending));
}

awaitable<std::optional<buffer>> next_part(detail::client_exchange* exchange)
{
    std::exception_ptr failure;
    try {
        buffer part = co_await exchange->next();
        if (part.empty()) co_return std::nullopt;
        co_return part;
    } catch (const error&) {
        failure = std::current_exception();
    }
    co_await exchange->give_up(failure);
    co_return std::nullopt;
}

awaitable<response> read_rest(detail::client_exchange* exchange)
{
    std::exception_ptr failure;
    try {
        co_return co_await exchange->read();
    } catch (const error&) {
        failure = std::current_exception();
    }
    co_await exchange->give_up(failure);
    co_return response();
}

}  // namespace

response_stream::response_stream(std::unique_ptr<detail::client_exchange> exchange)
    : exchange_(std::move(exchange))
{
}
response_stream::response_stream(response_stream&&) noexcept = default;
response_stream& response_stream::operator=(response_stream&&) noexcept = default;
response_stream::~response_stream() = default;

const response& response_stream::head() const noexcept
{
    return exchange_->head();
}

awaitable<std::optional<buffer>> response_stream::next()
{
    return next_part(exchange_.get());
}

awaitable<response> response_stream::read()
{
    return read_rest(exchange_.get());
}

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

awaitable<response> session::send(std::string method, std::string url, request_options with)
{
    return detail::send_whole(core_, std::move(method), std::move(url), std::move(with));
}

awaitable<response_stream> session::open(std::string method, std::string url, request_options with)
{
    return open_stream(core_, std::move(method), std::move(url), std::move(with));
}

session& default_session()
{
    // Never destroyed: requests may be under way on other threads until the process is gone.
    static auto& shared = *new session(without_cookies());
    return shared;
}

}  // namespace ferry::http
