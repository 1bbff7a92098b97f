#include "ferry/http/session.hpp"

#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/error.hpp"

#include <utility>

namespace ferry::http {
namespace {

awaitable<response> send_whole(std::shared_ptr<detail::session_core> core, std::string method,
                               std::string url, request_options with)
{
    detail::client_exchange exchange(std::move(core), std::move(method), std::move(url),
                                     std::move(with));
    try {
        co_await exchange.run();
        co_return co_await exchange.read();
    } catch (error& e) {
        exchange.describe(e);
        throw;
    }
}

awaitable<response_stream> open_stream(std::shared_ptr<detail::session_core> core,
                                       std::string method, std::string url, request_options with)
{
    auto exchange = std::make_unique<detail::client_exchange>(std::move(core), std::move(method),
                                                              std::move(url), std::move(with));
    try {
        co_await exchange->run();
    } catch (error& e) {
        exchange->describe(e);
        throw;
    }
    co_return response_stream(std::move(exchange));
}

awaitable<std::optional<buffer>> next_part(detail::client_exchange* exchange)
{
    try {
        buffer part = co_await exchange->next();
        if (part.empty()) co_return std::nullopt;
        co_return part;
    } catch (error& e) {
        exchange->describe(e);
        throw;
    }
}

awaitable<response> read_rest(detail::client_exchange* exchange)
{
    try {
        co_return co_await exchange->read();
    } catch (error& e) {
        exchange->describe(e);
        throw;
    }
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
    return send_whole(core_, std::move(method), std::move(url), std::move(with));
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
