#include "ferry/http/detail/server_connection.hpp"

#include "ferry/core/log.hpp"
#include "ferry/core/time.hpp"
#include "ferry/http/detail/file_body.hpp"
#include "ferry/http/detail/linger.hpp"
#include "ferry/http/detail/request_access.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;

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
    if (upgraded_) {
        upgraded_->stop();
    } else if (idle_) {
        stream_.abort();
    }
}

awaitable<void> server_connection::run()
{
    try {
        co_await serve_all();
    } catch (const connection_error&) {  // the client has gone
    } catch (const timeout_error&) {     // or does not take its response
    } catch (const cancelled&) {
        if (!server_.stopping()) throw;
    } catch (const std::exception& e) {  // a body that could not be made, once its head was out
        log::error("a response broke off", "peer", peer_, "failure", e.what());
    }
}

awaitable<void> server_connection::serve_all()
{
    for (bool again = true; again;) {
        again = co_await wait_for_request();
        if (again) again = co_await serve_next();
    }
    if (upgraded_) co_return;
    if (close_politely_ || !stream_.buffered().empty()) {
        co_await linger(stream_);
    } else {
        co_await stream_.close();
    }
}

// Until the first byte of a request is there. False: there will be none.
awaitable<bool> server_connection::wait_for_request()
{
    idle_ = true;
    if (!stream_.buffered().empty()) co_return true;
    if (server_.stopping()) co_return false;
    pipelined_ = 0;
    now_.reset();
    stream_.set_timeout(server_.limits().idle_time(), server_.limits().body_time());
    try {
        co_await stream_.wait_readable();
        const std::size_t n = co_await stream_.fill();
        co_return n > 0;
    } catch (const timeout_error&) {
        co_return false;
    }
}

void server_connection::begin_exchange()
{
    if (!now_) now_ = std::make_unique<exchange>();
    now_->body.reset();
}

// A client that sends ahead and never looks would keep this connection busy at its own pace.
bool server_connection::has_pipelined_too_much() noexcept
{
    return ++pipelined_ >= server_.limits().pipelined_requests() && !stream_.buffered().empty();
}

// One request and its response. False: it was the last.
awaitable<bool> server_connection::serve_next()
{
    begin_exchange();
    int refused = 0;
    std::string why;
    try {
        const bool read = co_await read_head();
        if (!read) co_return false;
        const body_plan plan = plan_request(now_->head);
        if (now_->head.facts.expects_more && now_->head.minor >= 1) {
            throw problem(status::expectation_failed, "the only expectation known is 100-continue");
        }
        keep_alive_ = plan.reusable && !server_.stopping();
        if (plan.kind != framing::none) {
            const message_facts& facts = now_->head.facts;
            const bool waits = facts.expects_continue && now_->head.minor >= 1;
            now_->body = std::make_shared<request_body>(stream_, plan, limits_, server_.limits(),
                                                        waits && stream_.buffered().empty());
        } else if (has_pipelined_too_much()) {
            keep_alive_ = false;
        }
    } catch (const problem& e) {
        refused = e.status();
        why = e.what();
    } catch (const protocol_error& e) {
        refused = status::bad_request;
        why = e.what();
    } catch (const timeout_error&) {
        refused = status::request_timeout;
    }
    if (refused != 0) {
        co_await refuse(refused, std::move(why));
        co_return false;
    }
    request_access::set_body(now_->request, now_->body);
    request_access::set_tls(now_->request, stream_.tls());
    auto responding = server_.respond(now_->request);
    response r = co_await std::move(responding);
    co_await answer(std::move(r));
    if (upgraded_) co_return false;
    if (keep_alive_ && now_->body) co_await read_rest_of_body();
    co_return keep_alive_;
}

awaitable<bool> server_connection::read_head()
{
    idle_ = false;
    head_reader reader(limits_);
    bool timing = false;
    for (;;) {
        const std::size_t used = reader.request(stream_.buffered_text(), now_->head);
        if (used > 0) {
            stream_.consume(used);
            break;
        }
        if (!timing) {
            timing = true;
            stream_.expires_after(server_.limits().head_time());
        }
        const std::size_t n = co_await stream_.fill();
        if (n == 0) co_return false;
    }
    if (timing) stream_.expires_after(0ms);
    stream_.set_timeout(server_.limits().body_time(), server_.limits().body_time());
    request_access::fill(now_->request, now_->head, peer_);
    co_return true;
}

bool server_connection::is_upgrade(const response& r) const noexcept
{
    // Behind an unread body the connection would begin with what its sender calls data.
    return r.status == status::switching_protocols && now_->head.minor >= 1 && !now_->body &&
           dynamic_cast<const upgrade*>(r.content.source().get()) != nullptr;
}

awaitable<void> server_connection::answer(response r)
{
    if (same(r.headers.get("Connection").value_or(""), "close")) keep_alive_ = false;
    if (server_.stopping()) keep_alive_ = false;
    if (now_->body && !now_->body->done() && !now_->body->is_nearly_done()) {
        keep_alive_ = false;
        close_politely_ = true;
    }
    if (r.status == status::switching_protocols && !is_upgrade(r)) {
        r = problem_response(status::bad_request, "this request cannot change the protocol");
    }
    const auto& source = r.content.source();
    if (is_upgrade(r)) {
        write_head(r, false, std::nullopt);
        co_await stream_.write(as_bytes(out_));
        co_await hand_over(source);
        co_return;
    }
    const auto length =
        source ? source->length() : std::optional<std::uint64_t>(r.content.data().size());
    const bool chunked = !length && now_->head.minor >= 1;
    if (!length && !chunked) keep_alive_ = false;
    write_head(r, chunked, length);
    const bool has_body = now_->head.method != "HEAD" && !is_bodiless(r.status);
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
    if (r.status == status::switching_protocols) {
        append_field(out_, "Connection", "Upgrade");
    } else if (!keep_alive_) {
        append_field(out_, "Connection", "close");
    } else if (now_->head.minor == 0) {
        append_field(out_, "Connection", "keep-alive");
    }
    out_.append("\r\n");
}

// Once the head is out, a failure can only be shown by ending the connection.
awaitable<void> server_connection::write_body(response& r, bool chunked)
{
    const auto* const file = dynamic_cast<const file_body*>(r.content.source().get());
    if (file == nullptr) {
        co_await stream_.write(as_bytes(out_));
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

awaitable<void> server_connection::hand_over(std::shared_ptr<body_source> to)
{
    upgraded_ = std::static_pointer_cast<upgrade>(std::move(to));
    out_ = std::string();
    if (server_.stopping()) upgraded_->stop();
    auto taken = upgraded_->take_over(std::move(stream_));
    co_await std::move(taken);
}

// A handler has answered without reading all; what is left is little, and nobody else's.
awaitable<void> server_connection::read_rest_of_body()
{
    try {
        while (!now_->body->done()) {
            const buffer dropped = co_await now_->body->next();
        }
    } catch (const problem&) {
        keep_alive_ = false;
    }
}

awaitable<void> server_connection::refuse(int status, std::string detail)
{
    keep_alive_ = false;
    close_politely_ = true;
    stream_.expires_after(server_.limits().body_time());
    now_->head.method.clear();
    now_->head.minor = 1;
    now_->body.reset();
    co_await answer(problem_response(status, detail));
}

}  // namespace ferry::http::detail
