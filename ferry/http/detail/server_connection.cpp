#include "ferry/http/detail/server_connection.hpp"

#include "ferry/core/log.hpp"
#include "ferry/core/time.hpp"
#include "ferry/http/detail/body_reader.hpp"
#include "ferry/http/detail/request_access.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t lingering_bytes = 256 * 1024;
constexpr auto lingering_time = 1000ms;

void append_field(std::string& to, std::string_view name, std::string_view value)
{
    to.append(name).append(": ").append(value).append("\r\n");
}

// "Date: ...", made anew once a second.
const std::string& date_field()
{
    thread_local std::string field;
    thread_local std::chrono::sys_seconds made{};
    const auto now = std::chrono::floor<std::chrono::seconds>(ferry::now());
    if (now != made || field.empty()) {
        field = "Date: " + http_date::format(now) + "\r\n";
        made = now;
    }
    return field;
}

}  // namespace

server_connection::server_connection(server_core& server, net::stream on)
    : server_(server), stream_(std::move(on)), peer_(stream_.remote_endpoint())
{
    limits_.head_bytes = server.limits().head_bytes();
    limits_.start_line_bytes = server.limits().target_bytes();
}

void server_connection::stop() noexcept
{
    keep_alive_ = false;
    if (idle_) stream_.abort();
}

awaitable<void> server_connection::run()
{
    try {
        for (bool again = true; again;) {
            again = co_await serve_next();
        }
        co_await stream_.close();
    } catch (const connection_error&) {  // the client has gone
    } catch (const timeout_error&) {     // or does not take its response
    } catch (const cancelled&) {
        if (!server_.stopping()) throw;
    } catch (const std::exception& e) {  // a body that could not be made, once its head was out
        log::error("a response broke off", "target", request_.path(), "failure", e.what());
    }
}

// One request and its response. False: it was the last.
awaitable<bool> server_connection::serve_next()
{
    int refused = 0;
    std::string why;
    try {
        const bool read = co_await read_head();
        if (!read) co_return false;
        const body_plan plan = plan_request(head_);
        keep_alive_ = plan.reusable && !server_.stopping();
        co_await read_body(plan);
    } catch (const problem& e) {
        refused = e.status();
        why = e.what();
    } catch (const limit_error& e) {
        refused = status::content_too_large;
        why = e.what();
    } catch (const incomplete_body&) {
        co_return false;
    } catch (const protocol_error& e) {
        refused = status::bad_request;
        why = e.what();
    } catch (const timeout_error&) {
        if (stream_.buffered().empty() && idle_) co_return false;
        refused = status::request_timeout;
    }
    if (refused != 0) {
        co_await refuse(refused, why);
        co_return false;
    }
    response r = co_await server_.respond(request_);
    co_await answer(std::move(r));
    co_return keep_alive_;
}

awaitable<bool> server_connection::read_head()
{
    idle_ = true;
    head_reader reader(limits_);
    bool timing_head = false;
    stream_.set_timeout(0ms, server_.limits().body_time());
    for (;;) {
        const std::string_view buffered = stream_.buffered_text();
        const std::size_t used = buffered.empty() ? 0 : reader.request(buffered, head_);
        if (used > 0) {
            stream_.consume(used);
            break;
        }
        if (server_.stopping() && buffered.empty()) co_return false;
        if (!buffered.empty() && !timing_head) {
            timing_head = true;
            idle_ = false;
            stream_.expires_after(server_.limits().head_time());
        } else if (buffered.empty()) {
            stream_.expires_after(server_.limits().idle_time());
        }
        const std::size_t n = co_await stream_.fill();
        if (n == 0) co_return false;
    }
    idle_ = false;
    stream_.expires_after(0ms);
    stream_.set_timeout(server_.limits().body_time(), server_.limits().body_time());
    request_access::fill(request_, head_, peer_);
    co_return true;
}

awaitable<void> server_connection::read_body(const body_plan& plan)
{
    if (plan.kind == framing::none) co_return;
    const std::size_t limit = server_.limits().body_bytes();
    if (plan.length > limit) throw problem(status::content_too_large, "the body is too long");
    if (head_.facts.expects_continue && head_.minor >= 1 && stream_.buffered().empty()) {
        co_await stream_.write(std::string("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    body_reader reader(stream_, plan, side::request, limits_);
    ferry::bytes data(static_cast<std::size_t>(plan.length));
    std::size_t size = 0;
    while (!reader.done()) {
        if (size == data.size()) {
            // One byte more than allowed tells a body that ends at the limit from one that does
            // not.
            data.resize(std::min(std::max<std::size_t>(size * 2, 4096), limit + 1));
        }
        const auto room = std::span(data).subspan(size);
        size += co_await reader.read_some(room);
        if (size > limit) throw problem(status::content_too_large, "the body is too long");
    }
    data.resize(size);
    request_.content = std::move(data);
}

awaitable<void> server_connection::answer(response r)
{
    if (same(r.headers.get("Connection").value_or(""), "close")) keep_alive_ = false;
    if (server_.stopping()) keep_alive_ = false;
    const auto& source = r.content.source();
    const auto length =
        source ? source->length() : std::optional<std::uint64_t>(r.content.data().size());
    const bool chunked = !length && head_.minor >= 1;
    if (!length && !chunked) keep_alive_ = false;
    write_head(r, chunked, length);
    const bool has_body = head_.method != "HEAD" && !is_bodiless(r.status);
    if (source && has_body) {
        co_await write_body(r, chunked);
        co_return;
    }
    const std::array<std::span<const std::byte>, 2> pieces = {as_bytes(out_),
                                                              r.content.data().span()};
    const std::size_t count = has_body && !r.content.data().empty() ? 2 : 1;
    co_await stream_.write(std::span(pieces).first(count));
}

void server_connection::write_head(const response& r, bool chunked,
                                   std::optional<std::uint64_t> length)
{
    out_.clear();
    out_.append("HTTP/1.1 ").append(fmt::format_int(r.status).c_str()).append(" ");
    const bool own_reason = !r.reason.empty() && is_field_value(r.reason);
    out_.append(own_reason ? std::string_view(r.reason) : reason_of(r.status));
    out_.append("\r\n").append(date_field());
    bool has_type = false;
    for (const auto [name, value] : r.headers) {
        // Framing is the server's own business.
        if (same(name, "Content-Length") || same(name, "Transfer-Encoding") ||
            same(name, "Connection")) {
            continue;
        }
        has_type = has_type || same(name, "Content-Type");
        append_field(out_, name, value);
    }
    if (!has_type && !r.content.content_type().empty()) {
        append_field(out_, "Content-Type", r.content.content_type());
    }
    if (!is_bodiless(r.status)) {
        if (chunked) append_field(out_, "Transfer-Encoding", "chunked");
        if (length) append_field(out_, "Content-Length", fmt::format_int(*length).c_str());
    }
    if (!keep_alive_) {
        append_field(out_, "Connection", "close");
    } else if (head_.minor == 0) {
        append_field(out_, "Connection", "keep-alive");
    }
    out_.append("\r\n");
}

// Once the head is out, a failure can only be shown by ending the connection.
awaitable<void> server_connection::write_body(response& r, bool chunked)
{
    const auto* const file = dynamic_cast<const file_body*>(r.content.source().get());
    if (file == nullptr) {
        co_await stream_.write(out_);
        co_await write_source(*r.content.source(), chunked);
        co_return;
    }
    for (const file_body::part& p : file->parts()) {
        out_ += p.before;
        co_await stream_.write(std::exchange(out_, std::string()));
        co_await stream_.send_file(file->file().descriptor(), p.offset, p.size);
    }
    if (!file->after().empty()) co_await stream_.write(file->after());
}

awaitable<void> server_connection::write_source(body_source& source, bool chunked)
{
    const auto length = source.length();
    std::uint64_t sent = 0;
    for (;;) {
        const buffer part = co_await source.next();
        if (part.empty()) break;
        sent += part.size();
        if (length && sent > *length) {
            throw error(ferry::errc::invalid_state, "a response's body is longer than it said");
        }
        const std::string size = fmt::format("{:x}\r\n", part.size());
        const std::array<std::span<const std::byte>, 3> pieces = {as_bytes(size), part.span(),
                                                                  as_bytes("\r\n")};
        const auto all = std::span(pieces);
        if (chunked) {
            co_await stream_.write(all);
        } else {
            co_await stream_.write(all.subspan(1, 1));
        }
    }
    if (length && sent < *length) {
        throw error(ferry::errc::invalid_state, "a response's body is shorter than it said");
    }
    if (chunked) co_await stream_.write(std::string("0\r\n\r\n"));
}

awaitable<void> server_connection::refuse(int status, std::string detail)
{
    keep_alive_ = false;
    stream_.expires_after(server_.limits().body_time());
    head_.method.clear();
    head_.minor = 1;
    co_await answer(problem_response(status, detail));
    co_await linger();
}

// What the client still sends would reset the connection, and with it the response on its way.
awaitable<void> server_connection::linger()
{
    stream_.expires_after(lingering_time);
    co_await stream_.shutdown_write();
    std::size_t dropped = 0;
    for (;;) {
        const std::size_t there = stream_.buffered().size();
        dropped += there;
        stream_.consume(there);
        if (dropped > lingering_bytes) break;
        const std::size_t n = co_await stream_.fill();
        if (n == 0) break;
    }
}

}  // namespace ferry::http::detail
