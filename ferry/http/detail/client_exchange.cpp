#include "ferry/http/detail/client_exchange.hpp"

#include "ferry/core/percent.hpp"
#include "ferry/http/detail/response_access.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace ferry::http::detail {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::uint64_t default_max_body = 256ULL * 1024 * 1024;
constexpr std::uint64_t max_redirect_body = 256 * 1024;
constexpr std::size_t piece_bytes = 64 * 1024;
constexpr int max_informational = 16;
constexpr int default_max_redirects = 30;

std::chrono::milliseconds in_ms(std::chrono::nanoseconds d) noexcept
{
    return std::chrono::ceil<std::chrono::milliseconds>(d);
}

}  // namespace

client_exchange::client_exchange(std::shared_ptr<session_core> session, std::string method,
                                 std::string target, request_options with)
    : session_(std::move(session)),
      method_(std::move(method)),
      url_(session_->parse(target)),
      with_(std::move(with)),
      limits_(with_.timeouts, session_->options().defaults.timeouts),
      started_(clock::now())
{
    if (!is_token(method_)) {
        throw error(errc::bad_header, fmt::format("{} is no method", quoted(method_)));
    }
    const request_options& defaults = session_->options().defaults;
    if (!defaults.query.empty() || !with_.query.empty()) {
        url changed = *url_;
        std::string query(changed.query());
        for (const std::string& more : {defaults.query, with_.query}) {
            if (!query.empty() && !more.empty()) query += '&';
            query += more;
        }
        changed.set_query(query);
        url_ = std::make_shared<const url>(std::move(changed));
    }
    for (const auto [name, value] : with_.headers) {
        if (same(name, "Content-Length") || same(name, "Transfer-Encoding")) {
            throw error(errc::bad_header, fmt::format("{} is set by the body alone", name));
        }
    }
    if (with_.auth.kind() == auth_option::scheme::none) with_.auth = defaults.auth;
    if (!defaults.cookies.empty()) {
        with_.cookies =
            with_.cookies.empty() ? defaults.cookies : defaults.cookies + "; " + with_.cookies;
    }
    take_credentials();
}

// User and password of a URL become an Authorization, and leave the URL before anybody prints it.
void client_exchange::take_credentials()
{
    if (!url_->has_credentials()) return;
    url_authorization_ =
        basic_auth(percent::decode(url_->username()), percent::decode(url_->password())).value();
    url bare = *url_;
    bare.set_credentials({}, {});
    url_ = std::make_shared<const url>(std::move(bare));
}

void client_exchange::describe(error& e) const
{
    e.add_context(method_ + " " + url_->redacted());
}

bool client_exchange::has_idempotent_method() const noexcept
{
    constexpr std::array methods =
        std::to_array<std::string_view>({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"});
    return std::ranges::find(methods, method_) != methods.end();
}

bool client_exchange::decodes() const noexcept
{
    return with_.decode.value_or(session_->options().defaults.decode.value_or(true));
}

std::uint64_t client_exchange::max_body() const noexcept
{
    return with_.max_body_bytes.value_or(
        session_->options().defaults.max_body_bytes.value_or(default_max_body));
}

void client_exchange::restrict_time()
{
    net::stream& s = lease_.connection()->stream;
    s.set_timeout(in_ms(limits_.read), in_ms(limits_.write));
    s.expires_after(limits_.total ? in_ms(time_left()) : std::chrono::milliseconds(0));
}

// Of the whole request's time. \throws timeout_error
std::chrono::nanoseconds client_exchange::time_left() const
{
    const auto left = *limits_.total - (clock::now() - started_);
    if (left <= std::chrono::nanoseconds(0)) {
        throw timeout_error("the whole request", in_ms(*limits_.total));
    }
    return left;
}

// Waits for a place in the pool, and connects; what lease_ has of it already is kept.
awaitable<void> client_exchange::get_connection(bool check)
{
    if (!lease_) {
        const auto wait = limits_.total ? std::min(time_left(), limits_.pool) : limits_.pool;
        lease_ = co_await pool_->acquire(*url_, check, wait);
    }
    if (lease_.connection() == nullptr) {
        time_limits limits = limits_;
        if (limits.total) limits.total = time_left();
        lease_.connected(co_await session_->connect(url_, limits));
    }
}

awaitable<void> client_exchange::run()
{
    pool_ = session_->pool_here();
    const int max = with_.max_redirects.value_or(
        session_->options().defaults.max_redirects.value_or(default_max_redirects));
    std::optional<redirect_chain> chain;
    for (;;) {
        co_await attempt();
        std::optional<redirect_step> step;
        if (max > 0 && is_redirect(head_.status)) {
            step = plan_redirect(head_.status, head_.headers, *url_, method_,
                                 with_.allow_downgrade.value_or(
                                     session_->options().defaults.allow_downgrade.value_or(false)));
        }
        store_cookies();
        response_access::fill(response_, head_, url_, clock::now() - started_);
        if (!step) break;
        if (!chain) {
            chain.emplace(max);
            chain->visit(method_, *url_);
        }
        chain->visit(step->method, step->to);
        co_await discard_body();
        history_.push_back(std::move(response_));
        response_ = http::response();
        follow(std::move(*step));
    }
    response_.history = std::move(history_);
}

// Sends the request and reads the answer's head; once more if a kept connection was dead.
awaitable<void> client_exchange::attempt()
{
    for (bool first = true;; first = false) {
        // A request that cannot be repeated should not meet a dead connection in the first place.
        const bool check = !first || !has_idempotent_method();
        lease_ = pool_->try_acquire(*url_, check);
        if (lease_.connection() == nullptr) co_await get_connection(check);
        const bool may_be_stale = first && lease_.reused();
        const outcome got = co_await send_and_read_head(may_be_stale);
        if (got == outcome::answered) co_return;
        lease_.drop();
    }
}

awaitable<client_exchange::outcome> client_exchange::send_and_read_head(bool may_be_stale)
{
    restrict_time();
    if (!body_can_repeat()) {
        throw error(errc::unrewindable_body, "a streamed body cannot be sent a second time");
    }
    bool sent = false;
    std::exception_ptr send_failure;
    try {
        sent = co_await send();
        const bool answered = co_await read_head();
        // What is left of a body that was not wanted would be taken for the next request.
        if (!sent) plan_.reusable = false;
        if (answered) co_return outcome::answered;
    } catch (const connection_error&) {
        send_failure = std::current_exception();
    }
    const bool untouched = lease_.connection()->stream.buffered().empty();
    // What was not sent whole cannot have been acted upon.
    const bool repeatable = (has_idempotent_method() || !sent) && body_can_repeat();
    if (may_be_stale && untouched && repeatable) co_return outcome::stale;
    if (send_failure) std::rethrow_exception(send_failure);
    throw connection_error(
        errc::closed_early,
        "read " + lease_.connection()->stream.remote_endpoint() + ": closed before the status line",
        lease_.connection()->stream.remote_endpoint());
}

// False if the peer stopped listening halfway: it may have answered already.
awaitable<bool> client_exchange::send()
{
    client_connection& c = *lease_.connection();
    write_head(c.head);
    const auto& source = with_.body.source();
    const std::array<std::span<const std::byte>, 2> pieces = {as_bytes(c.head),
                                                              with_.body.data().span()};
    const std::size_t count = with_.body.data().empty() ? 1 : 2;
    bool refused = false;
    try {
        co_await c.stream.write(std::span(pieces).first(count));
        if (source) co_await send_source(*source);
    } catch (const connection_error&) {
        if (!with_.body.present()) throw;
        refused = true;
    }
    co_return !refused;
}

awaitable<void> client_exchange::send_source(body_source& source)
{
    net::stream& to = lease_.connection()->stream;
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
            co_await to.write(all.subspan(1, 1));
        } else {
            co_await to.write(all);
        }
    }
    if (!length) co_await to.write(std::string("0\r\n\r\n"));
}

std::size_t client_exchange::parse_head(head_reader& reader, const net::stream& from)
{
    if (from.buffered().empty()) return 0;
    try {
        return reader.response(from.buffered_text(), head_);
    } catch (error& e) {
        e.add_context("read " + from.remote_endpoint());
        throw;
    }
}

// False if the connection ended before a byte came.
awaitable<bool> client_exchange::read_head()
{
    net::stream& from = lease_.connection()->stream;
    int informational = 0;
    head_reader reader;
    for (;;) {
        const std::size_t used = parse_head(reader, from);
        if (used == 0) {
            const std::size_t n = co_await from.fill();
            if (n > 0) continue;
            if (from.buffered().empty() && informational == 0) co_return false;
            throw protocol_error(errc::closed_early,
                                 "read " + from.remote_endpoint() + ": closed inside the head");
        }
        from.consume(used);
        if (!is_informational(head_.status)) break;
        if (head_.status == status::switching_protocols || ++informational > max_informational) {
            throw protocol_error(errc::bad_message,
                                 fmt::format("unexpected status {}", head_.status));
        }
    }
    const bool lenient =
        with_.lenient.value_or(session_->options().defaults.lenient.value_or(false));
    plan_ = plan_response(head_, method_ == "HEAD", lenient);
    reader_.emplace(from, plan_, side::response);
    decoder_.reset();
    co_return true;
}

bool client_exchange::body_can_repeat() const
{
    const auto& source = with_.body.source();
    return !source || source->rewind();
}

void client_exchange::store_cookies()
{
    if (!session_->options().keeps_cookies) return;
    for (const auto [name, value] : head_.headers) {
        if (same(name, "Set-Cookie")) session_->cookies().store(*url_, value);
    }
}

void client_exchange::follow(redirect_step step)
{
    if (!step.same_origin) {
        credentials_allowed_ = false;
        url_authorization_.clear();
    }
    method_ = std::move(step.method);
    if (!step.keeps_body) with_.body = http::body();
    url_ = std::make_shared<const url>(std::move(step.to));
    take_credentials();
}

void client_exchange::finish_connection()
{
    if (!lease_) return;
    const bool clean = plan_.reusable && reader_ && reader_->done() &&
                       lease_.connection()->stream.buffered().empty();
    if (clean) {
        lease_.keep();
    } else {
        lease_.drop();
    }
}

// A redirect's body is of no interest, but reading it saves a new connection.
awaitable<void> client_exchange::discard_body()
{
    std::array<std::byte, 4096> scratch;
    std::uint64_t dropped = 0;
    try {
        while (!reader_->done() && dropped < max_redirect_body) {
            dropped += co_await reader_->read_some(scratch);
        }
    } catch (const connection_error&) {
        dropped = max_redirect_body;
    }
    finish_connection();
}

// A body that came in one packet with its head needs no waiting.
bool client_exchange::take_small_body(std::uint64_t limit, ferry::bytes& into)
{
    const std::uint64_t length = reader_->length_left();
    const std::size_t there = lease_.connection()->stream.buffered().size();
    if (reader_->kind() != framing::length || length > there || length > limit) return false;
    into.resize(static_cast<std::size_t>(length));
    reader_->read_buffered(into);
    return true;
}

awaitable<ferry::bytes> client_exchange::read_body(std::uint64_t limit)
{
    ferry::bytes data;
    std::size_t size = 0;
    if (reader_->kind() == framing::length) {
        if (reader_->length_left() > limit) throw limit_error("max_body_bytes", limit);
        data.resize(static_cast<std::size_t>(reader_->length_left()));
    }
    while (!reader_->done()) {
        if (size == data.size()) {
            // One byte more than allowed tells a body that ends at the limit from one that does
            // not.
            const std::uint64_t room = std::max<std::uint64_t>(size, piece_bytes / 4);
            data.resize(static_cast<std::size_t>(std::min(size + room, limit + 1)));
        }
        const auto room = std::span(data).subspan(size);
        std::size_t n = reader_->read_buffered(room);
        if (n == 0) n = co_await reader_->read_some(room);
        size += n;
        if (size > limit) throw limit_error("max_body_bytes", limit);
    }
    data.resize(size);
    co_return data;
}

awaitable<ferry::bytes> client_exchange::read_decoded(std::uint64_t limit)
{
    ferry::bytes data;
    for (;;) {
        const buffer part = co_await next();
        if (part.empty()) break;
        if (data.size() + part.size() > limit) throw limit_error("max_body_bytes", limit);
        append(data, part.span());
    }
    co_return data;
}

awaitable<http::response> client_exchange::read()
{
    const std::uint64_t limit = max_body();
    if (!decoder_ && plan_.kind != framing::none && decodes()) {
        const auto bounds = compress::limits().max_output_bytes(limit);
        decoder_ = content_decoder::for_headers(response_.headers, bounds);
    }
    ferry::bytes data;
    if (decoder_ && decoder_->changes()) {
        data = co_await read_decoded(limit);
    } else if (plan_.kind != framing::none && !take_small_body(limit, data)) {
        data = co_await read_body(limit);
    }
    if (decoder_) response_access::set_undecoded(response_, decoder_->undecoded());
    response_access::set_body(response_, std::move(data), std::move(reader_->trailers()));
    finish_connection();
    co_return std::move(response_);
}

awaitable<buffer> client_exchange::next()
{
    if (!decoder_ && decodes()) {
        decoder_ = content_decoder::for_headers(response_.headers, compress::limits::none());
    }
    const bool coded = decoder_ && decoder_->changes() && plan_.kind != framing::none;
    for (;;) {
        if (coded) {
            buffer decoded = decoder_->take();
            if (!decoded.empty()) co_return decoded;
        }
        if (reader_->done()) break;
        ferry::bytes part(piece_bytes);
        const std::size_t n = co_await reader_->read_some(part);
        if (!coded && n > 0 && n < piece_bytes / 4)
            co_return buffer::copy(std::span(part).first(n));
        part.resize(n);
        if (!coded && n > 0) co_return buffer(std::move(part));
        if (n > 0) decoder_->feed(std::move(part));
    }
    if (coded) decoder_->finish();
    finish_connection();
    co_return buffer();
}

}  // namespace ferry::http::detail
