#include "ferry/http/response_stream.hpp"

#include "ferry/http/detail/client_exchange.hpp"
#include "ferry/http/detail/line_splitter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace ferry::http {
namespace {

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
        if (!exchange->read_arrived()) co_await exchange->read();
        co_return exchange->take_answer();
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

const headers& response_stream::trailers() const noexcept
{
    return exchange_->trailers();
}

awaitable<std::optional<buffer>> body_chunks::next()
{
    if (rest_.size() >= bytes_ && bytes_ > 0) {
        buffer whole = rest_.slice(0, bytes_);
        rest_ = rest_.slice(bytes_);
        co_return whole;
    }
    ferry::bytes piece = to_bytes(rest_.span());
    rest_ = buffer();
    while (piece.size() < bytes_) {
        const auto part = co_await from_->next();
        if (!part) break;
        const std::size_t taken = std::min(bytes_ - piece.size(), part->size());
        rest_ = part->slice(taken);
        append(piece, part->span().first(taken));
    }
    if (piece.empty()) co_return std::nullopt;
    co_return buffer(std::move(piece));
}

body_lines::body_lines(response_stream& from, std::size_t max_line_bytes)
    : from_(&from), splitter_(std::make_unique<detail::line_splitter>(max_line_bytes))
{
}
body_lines::body_lines(body_lines&&) noexcept = default;
body_lines& body_lines::operator=(body_lines&&) noexcept = default;
body_lines::~body_lines() = default;

awaitable<std::optional<std::string>> body_lines::next()
{
    for (;;) {
        auto line = splitter_->next();
        if (!line && ended_) line = splitter_->rest();
        if (line) {
            ++number_;
            co_return std::string(*line);
        }
        if (ended_) co_return std::nullopt;
        const auto part = co_await from_->next();
        if (part) splitter_->feed(part->text());
        ended_ = !part;
    }
}

namespace detail {

awaitable<std::optional<std::string>> next_document(body_lines* from)
{
    for (;;) {
        auto line = co_await from->next();
        const bool blank = line && line->find_first_not_of(" \t") == std::string::npos;
        if (!blank) co_return line;
    }
}

void rethrow_in_line(std::size_t number)
{
    try {
        throw;
    } catch (error& e) {
        e.add_context(fmt::format("line {} of the body", number));
        throw;
    }
}

}  // namespace detail
}  // namespace ferry::http
