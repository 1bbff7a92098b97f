#include "ferry/http/detail/http1_attempt.hpp"

#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::chrono::milliseconds permission_wait{1000};

}  // namespace

std::chrono::milliseconds in_ms(std::chrono::nanoseconds d) noexcept
{
    return std::chrono::ceil<std::chrono::milliseconds>(d);
}

std::chrono::nanoseconds deadline::left() const
{
    const auto rest = *total_ - elapsed();
    if (rest <= std::chrono::nanoseconds(0)) {
        throw timeout_error("the whole request", in_ms(*total_));
    }
    return rest;
}

http1_attempt::http1_attempt(connection_pool::lease on, const attempt_context& with,
                             bool may_be_stale)
    : lease_(std::move(on)), with_(with), may_be_stale_(may_be_stale)
{
}

std::string http1_attempt::peer() const
{
    const client_connection* const on = lease_.connection();
    return on == nullptr ? std::string() : on->stream.remote_endpoint();
}

std::string_view http1_attempt::sent_head() const noexcept
{
    return lease_.connection()->head;
}

void http1_attempt::limit_reads(std::chrono::nanoseconds each) noexcept
{
    stream().set_timeout(in_ms(each), in_ms(with_.limits->write));
}

// Until the time of the whole request is over.
void http1_attempt::limit_whole()
{
    stream().expires_after(with_.until->exists() ? in_ms(with_.until->left())
                                                 : std::chrono::milliseconds(0));
}

awaitable<attempt::outcome> http1_attempt::exchange(const outgoing_request* what,
                                                    response_head* into)
{
    stream().set_timeout(in_ms(with_.limits->read), in_ms(with_.limits->write));
    limit_whole();
    with_.reached->enter(phase::send);
    std::string& head = lease_.connection()->head;
    what->write_http1(head, lease_.connection()->proxy.get());
    const buffer& data = what->body().data();
    std::array<std::span<const std::byte>, 2> pieces = {as_bytes(head), data.span()};
    auto unsent = std::span(pieces).first(data.empty() ? 1 : 2);
    std::exception_ptr lost;
    head_reader reader;
    bool answered = false;
    bool slow = false;
    try {
        if (what->expects_continue()) {
            co_await stream().write(as_bytes(head));
            unsent = unsent.subspan(1);
            answered = co_await answered_unsent(&reader, into);
        }
        if (!answered) {
            // A head alone is nearly always taken at once: no coroutine is needed for it.
            if (unsent.size() == 1) {
                unsent[0] = unsent[0].subspan(stream().try_write(unsent[0]));
                if (unsent[0].empty()) unsent = {};
            }
            if (!unsent.empty()) co_await stream().write(unsent);
            with_.reached->bytes_sent += data.size();
            if (what->body().source()) co_await send_source(what);
        }
    } catch (const connection_error&) {
        lost = std::current_exception();
    }
    // A peer that stopped listening in the middle of a body may have answered all the same.
    const bool sent = !lost && !answered;
    if (!answered && (sent || what->body().present())) {
        with_.reached->enter(phase::head);
        try {
            for (;;) {
                const seen got = take_head(reader, into);
                answered = got == seen::final;
                if (answered) break;
                if (got == seen::informational) {
                    if (with_.on_informational) co_await (*with_.on_informational)(*into);
                    continue;
                }
                if (!slow && !stream().buffered().empty()) {
                    slow = true;  // the rest of it has the time of one read
                    stream().expires_after(in_ms(with_.until->cut(with_.limits->read)));
                }
                const std::size_t n = co_await stream().fill();
                if (n == 0) break;
            }
        } catch (const connection_error&) {
            if (!lost) lost = std::current_exception();
        }
    }
    if (answered) {
        if (slow) limit_whole();
        plan_ = plan_response(*into, what->method() == "HEAD", with_.lenient);
        // What is left of a body that was not wanted would be taken for the next request.
        if (!sent) plan_.reusable = false;
        body_.emplace(stream(), plan_, side::response);
        with_.reached->enter(phase::body);
        co_return outcome::answered;
    }
    const bool untouched = stream().buffered().empty() && informational_ == 0;
    // What was not sent whole cannot have been acted upon.
    const bool repeatable = (what->is_idempotent() || !sent) && what->rewind();
    if (may_be_stale_ && untouched && repeatable) co_return outcome::stale;
    if (lost) std::rethrow_exception(lost);
    throw connection_error(errc::closed_early,
                           fmt::format("read {}: closed {}", peer(),
                                       untouched ? "before the status line" : "inside the head"),
                           peer());
}

// Waits for the permission that Expect: 100-continue asks for, but not for ever: old servers say
// nothing (RFC 9110 section 10.1.1). True: the final response came instead.
awaitable<bool> http1_attempt::answered_unsent(head_reader* reader, response_head* into)
{
    const auto write = in_ms(with_.limits->write);
    stream().set_timeout(std::min(permission_wait, in_ms(with_.limits->read)), write);
    bool answered = false;
    try {
        for (;;) {
            const seen got = take_head(*reader, into);
            answered = got == seen::final;
            if (answered) break;
            if (got == seen::informational) {
                if (with_.on_informational) co_await (*with_.on_informational)(*into);
                if (into->status == status::continue_) break;
                continue;
            }
            const std::size_t n = co_await stream().fill();
            if (n == 0) break;
        }
    } catch (const timeout_error&) {
    }
    stream().set_timeout(in_ms(with_.limits->read), write);
    co_return answered;
}

http1_attempt::seen http1_attempt::take_head(head_reader& reader, response_head* into)
{
    if (stream().buffered().empty()) return seen::part;
    try {
        const std::size_t used = reader.response(stream().buffered_text(), *into);
        if (used == 0) return seen::part;
        stream().consume(used);
        if (!is_informational(into->status)) return seen::final;
        check_informational(into->status, informational_++);
        reader = head_reader();
        return seen::informational;
    } catch (error& e) {
        e.add_context("read " + peer());
        throw;
    }
}

awaitable<void> http1_attempt::send_source(const outgoing_request* what)
{
    body_source& source = *what->body().source();
    const auto length = source.length();
    std::uint64_t sent = 0;
    for (;;) {
        const buffer part = co_await source.next();
        sent += part.size();
        if (length && (sent > *length || (part.empty() && sent < *length))) {
            throw error(ferry::errc::invalid_state,
                        fmt::format("the body's source gave {} of {} bytes", sent, *length));
        }
        if (part.empty()) break;
        const std::string size = fmt::format("{:x}\r\n", part.size());
        const std::array<std::span<const std::byte>, 3> pieces = {as_bytes(size), part.span(),
                                                                  as_bytes("\r\n")};
        const auto all = std::span(pieces);
        if (length) {
            co_await stream().write(all.subspan(1, 1));
        } else {
            co_await stream().write(all);
        }
        with_.reached->bytes_sent += part.size();
    }
    if (!length) {
        std::string end = "0\r\n";
        for (const auto [name, value] : source.trailers()) {
            end.append(name).append(": ").append(value).append("\r\n");
        }
        co_await stream().write(end + "\r\n");
    }
}

void http1_attempt::finish()
{
    if (!lease_) return;
    const bool clean = plan_.reusable && body_ && body_->done() && stream().buffered().empty();
    if (clean) {
        lease_.keep();
    } else {
        lease_.drop();
    }
}

}  // namespace ferry::http::detail
