#include "ferry/http/detail/http2_attempt.hpp"

#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::size_t max_unsent_bytes = 256 * 1024;
constexpr std::uint32_t http_1_1_required = 0xd;

// RFC 9113 section 8.2.2: what HTTP/2 has frames for, or has not.
bool is_about_connections(std::string_view name) noexcept
{
    constexpr std::array names =
        std::to_array<std::string_view>({"connection", "keep-alive", "proxy-connection",
                                         "transfer-encoding", "upgrade", "host", "expect"});
    return std::ranges::any_of(names, [&](std::string_view n) { return same(n, name); });
}

}  // namespace

http2_attempt::http2_attempt(connection_pool::lease on, const attempt_context& with,
                             bool may_be_stale)
    : lease_(std::move(on)),
      connection_(lease_.http2()),
      with_(with),
      may_be_stale_(may_be_stale),
      read_limit_(with.limits->read)
{
}

http2_attempt::~http2_attempt()
{
    let_go();
}

void http2_attempt::let_go() noexcept
{
    if (!lease_) return;
    connection_->abandon(*stream_);
    lease_.drop();
}

void http2_attempt::submit(const outgoing_request& what)
{
    // Names and values in one text, whose views hold once it does not grow any more.
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> sizes;
    const auto put = [&](std::string_view name, std::string_view value) {
        text.append(name).append(value);
        sizes.emplace_back(name.size(), value.size());
    };
    put(":method", what.method());
    put(":scheme", what.url().scheme());
    put(":authority", what.authority());
    put(":path", what.url().path_and_query());
    what.each_field([&](std::string_view name, std::string_view value) {
        if (is_about_connections(name)) return;
        const std::size_t at = text.size();
        put(name, value);
        const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at);
        std::transform(begin, begin + static_cast<std::ptrdiff_t>(name.size()), begin, lower);
    });
    std::vector<http2_machine::field> fields;
    fields.reserve(sizes.size());
    std::string_view rest = text;
    for (const auto& [name, value] : sizes) {
        fields.push_back({rest.substr(0, name), rest.substr(name, value)});
        rest.remove_prefix(name + value);
    }
    const http::body& body = what.body();
    if (!body.data().empty()) {
        stream_->outgoing.push_back(body.data());
        stream_->outgoing_bytes = body.data().size();
    }
    stream_->outgoing_ended = !body.source();
    connection_->submit(stream_, fields, body.source() || !body.data().empty());
}

awaitable<void> http2_attempt::wait(std::chrono::nanoseconds limit, const char* what)
{
    auto deadline = after(limit);
    bool all_of_it = false;
    if (with_.until->exists()) {
        const auto end = after(with_.until->left());
        all_of_it = end < deadline;
        deadline = std::min(end, deadline);
    }
    auto waiting = http2_connection::wait(connection_, stream_, deadline);
    const bool in_time = co_await std::move(waiting);
    if (in_time) co_return;
    if (all_of_it) static_cast<void>(with_.until->left());
    throw timeout_error(fmt::format("{} {}", what, connection_->peer()), in_ms(limit));
}

awaitable<void> http2_attempt::send_source(const outgoing_request* what)
{
    body_source& source = *what->body().source();
    const auto length = source.length();
    std::uint64_t sent = 0;
    while (!stream_->closed && !stream_->ended) {
        const buffer part = co_await source.next();
        sent += part.size();
        if (length && (sent > *length || (part.empty() && sent < *length))) {
            throw error(ferry::errc::invalid_state,
                        fmt::format("the body's source gave {} of {} bytes", sent, *length));
        }
        if (part.empty()) break;
        stream_->outgoing_bytes += part.size();
        stream_->outgoing.push_back(part);
        connection_->resume(*stream_);
        with_.reached->bytes_sent += part.size();
        while (stream_->outgoing_bytes > max_unsent_bytes && !stream_->closed && !stream_->ended) {
            co_await wait(with_.limits->write, "write");
        }
    }
    stream_->outgoing_ended = true;
    connection_->resume(*stream_);
}

awaitable<attempt::outcome> http2_attempt::exchange(const outgoing_request* what,
                                                    response_head* into)
{
    with_.reached->enter(phase::send);
    submit(*what);
    if (what->body().source()) {
        co_await send_source(what);
    } else {
        with_.reached->bytes_sent += what->body().data().size();
    }
    with_.reached->enter(phase::head);
    std::size_t told = 0;
    while (!stream_->has_head) {
        if (stream_->closed) co_return explain_silence(*what);
        co_await wait(read_limit_, "read");
        while (with_.on_informational && told < stream_->informational.size()) {
            co_await (*with_.on_informational)(stream_->informational[told++]);
        }
    }
    *into = std::move(stream_->head);
    plan(*into, what->method() == "HEAD");
    with_.reached->enter(phase::body);
    co_return outcome::answered;
}

void http2_attempt::plan(const response_head& head, bool answers_head)
{
    const bool nothing = stream_->ended && stream_->received == 0;
    if (answers_head || nothing || is_bodiless(head.status)) return;
    const auto field = head.headers.get("Content-Length");
    const auto length = field ? parse_decimal(*field) : std::nullopt;
    plan_.kind = length ? framing::length : framing::until_close;
    plan_.length = length.value_or(0);
}

// There will be no answer: why not, and whether the same request may be sent again.
attempt::outcome http2_attempt::explain_silence(const outgoing_request& what)
{
    if (stream_->code == http_1_1_required) {
        lease_.require_http1();
        if (what.rewind()) return outcome::stale;
    }
    const bool untouched = stream_->refused || (stream_->failure && what.is_idempotent());
    if (may_be_stale_ && untouched && what.rewind()) return outcome::stale;
    if (stream_->failure) std::rethrow_exception(stream_->failure);
    throw protocol_error(errc::closed_early, fmt::format("read {}: the stream was reset: {}",
                                                         peer(), http2_error_name(stream_->code)));
}

void http2_attempt::fail_body() const
{
    std::string cause = fmt::format("the stream was reset: {}", http2_error_name(stream_->code));
    if (stream_->failure) {
        try {
            std::rethrow_exception(stream_->failure);
        } catch (const connection_error& e) {
            cause = e.what();
        }
    }
    const auto expected =
        plan_.kind == framing::length ? static_cast<std::int64_t>(plan_.length) : std::int64_t{-1};
    throw incomplete_body(stream_->received, expected, peer(), cause);
}

std::size_t http2_attempt::read_buffered(std::span<std::byte> into)
{
    const std::size_t n = stream_->take(into);
    connection_->consumed(*stream_, n);
    taken_ += n;
    return n;
}

awaitable<std::size_t> http2_attempt::read_some(std::span<std::byte> into)
{
    if (into.empty()) co_return 0;
    for (;;) {
        const std::size_t n = read_buffered(into);
        if (n > 0 || stream_->ended) co_return n;
        if (stream_->closed) fail_body();
        stream_->placed = 0;
        stream_->place = into;
        std::exception_ptr failure;
        try {
            co_await wait(read_limit_, "read");
        } catch (...) {
            failure = std::current_exception();
        }
        stream_->place = {};
        const std::size_t placed = std::exchange(stream_->placed, 0);
        if (failure) std::rethrow_exception(failure);
        if (placed == 0) continue;
        connection_->consumed(*stream_, placed);
        taken_ += placed;
        co_return placed;
    }
}

void http2_attempt::finish()
{
    let_go();
}

}  // namespace ferry::http::detail
