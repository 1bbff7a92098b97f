#include "ferry/http/detail/client_exchange.hpp"

#include "ferry/http/detail/response_access.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace ferry::http::detail {
namespace {

constexpr std::uint64_t default_max_body = 256ULL * 1024 * 1024;
constexpr std::uint64_t max_redirect_body = 256 * 1024;
constexpr std::chrono::nanoseconds discard_time = std::chrono::seconds(1);
constexpr std::size_t piece_bytes = 64 * 1024;
constexpr int default_max_redirects = 30;

}  // namespace

client_exchange::client_exchange(std::shared_ptr<session_core> session, call_ptr what)
    : session_(std::move(session)),
      request_(session_, std::move(what)),
      limits_(request_.options().timeouts, session_->options().defaults.timeouts),
      until_(limits_.total),
      context_{&limits_, &until_, &reached_, option(&request_options::lenient, false), nullptr},
      opener_(session_)
{
    set_policies();
    if (session_->options().cache) cache_.emplace(session_);
}

client_exchange::~client_exchange() = default;

awaitable<void> client_exchange::run()
{
    for (;;) {
        const bool simple = !has_policy();
        if (simple) {
            co_await send();
        } else {
            co_await send_by_policy();
        }
        auto step = next_step();
        if (!step) break;
        if (!chain_) {
            chain_.emplace(option(&request_options::max_redirects, default_max_redirects));
            chain_->visit(request_.method(), request_.url());
        }
        chain_->visit(step->method, step->to);
        if (has_hooks_) co_await before_redirect(&*step);
        co_await discard_body();
        if (cache_) co_await cache_->keep();
        history_.push_back(std::move(response_));
        response_ = http::response();
        request_.follow(std::move(*step));
    }
    response_.history = std::move(history_);
}

// Sends the request once and reads the answer's head.
awaitable<void> client_exchange::send()
{
    ++attempts_;
    reached_.restart();
    decoder_.reset();
    body_begun_ = false;
    if (has_hooks_) co_await before_send();
    bool answered = false;
    if (cache_) {
        answered = co_await answer_from_cache();
    } else {
        co_await send_over_wire();
    }
    // What came from the cache has set its cookies when it came.
    if (!answered) store_cookies();
    response_.timings = timings();
    response_access::fill(response_, head_, request_.method(), request_.shared_url(),
                          response_.timings.total);
    if (answered) response_access::set_from_cache(response_);
    response_access::set_sent(response_, sent_head());
    response_access::set_tls(response_, attempt_->tls());
    if (has_hooks_) co_await after_head();
}

// True: the answer is the cache's, be it validated or stale.
awaitable<bool> client_exchange::answer_from_cache()
{
    attempt* const stored = co_await cache_->begin(&request_, &head_);
    if (stored == nullptr) {
        co_await send_past_cache();
    } else {
        end_attempt();
        attempt_ = stored;
    }
    co_return cache_->answered();
}

awaitable<void> client_exchange::send_past_cache()
{
    std::exception_ptr failure;
    try {
        co_await send_over_wire();
    } catch (const connection_error&) {
        failure = std::current_exception();
    } catch (const timeout_error&) {
        failure = std::current_exception();
    }
    if (failure) {
        attempt* const stale = cache_->stand_in(&head_);
        if (stale == nullptr) std::rethrow_exception(failure);
        end_attempt();
        attempt_ = stale;
        co_return;
    }
    if (!cache_->replaces(head_)) {
        attempt_ = co_await cache_->take(attempt_, &request_, &head_);
        co_return;
    }
    store_cookies();
    co_await discard_body();
    end_attempt();
    attempt_ = co_await cache_->replacement(&request_, &head_);
    if (attempt_ != nullptr) co_return;
    co_await send_over_wire();
    attempt_ = co_await cache_->take(attempt_, &request_, &head_);
}

// Sends it to the server; twice if a kept connection was dead.
awaitable<void> client_exchange::send_over_wire()
{
    for (bool first = true;; first = false) {
        attempt_ = opener_.try_open(request_, context_, first);
        if (attempt_ == nullptr) attempt_ = co_await opener_.open(&request_, context_, first);
        if (!request_.rewind()) {
            throw error(errc::unrewindable_body, "a streamed body cannot be sent a second time");
        }
        const auto got = co_await attempt_->exchange(&request_, &head_);
        if (got == attempt::outcome::stale) continue;
        if (head_.status < status::proxy_authentication_required || !mend()) break;
        co_await discard_body();
    }
}

// Whether sending the request once more, in another way, may be answered better.
bool client_exchange::mend()
{
    if (head_.status == status::expectation_failed && request_.expects_continue()) {
        request_.send_unasked();
        return true;
    }
    const proxy_server* const via = opener_.reader();
    if (head_.status != status::proxy_authentication_required || via == nullptr) return false;
    if (std::exchange(answered_proxy_, true) || !request_.can_rewind()) return false;
    return session_->connections().take_challenge(*via, head_.headers);
}

std::string client_exchange::sent_head() const
{
    std::string head(attempt_->sent_head());
    if (head.empty()) request_.write_http1(head);
    return head;
}

http::timings client_exchange::timings() const
{
    // From one phase to the next; nothing for what was done before this request.
    const auto between = [this](phase from, phase to) -> std::optional<std::chrono::nanoseconds> {
        const auto begin = reached_.since(from);
        const auto end = reached_.since(to);
        if (!begin || !end || *begin < until_.started()) return std::nullopt;
        return std::max<std::chrono::nanoseconds>(*end - *begin, {});
    };
    const bool secured = reached_.since(phase::tls).has_value();
    http::timings all;
    all.connect = between(phase::connect, secured ? phase::tls : phase::send);
    if (all.connect && reached_.resolved_at()) {
        all.dns = *reached_.resolved_at() - *reached_.since(phase::connect);
        all.connect = *all.connect - *all.dns;
    }
    all.tls = between(phase::tls, phase::send);
    all.send = between(phase::send, phase::head).value_or(std::chrono::nanoseconds(0));
    all.first_byte = between(phase::head, phase::body).value_or(std::chrono::nanoseconds(0));
    all.total = until_.elapsed();
    return all;
}

std::optional<redirect_step> client_exchange::next_step() const
{
    const bool follows = option(&request_options::max_redirects, default_max_redirects) > 0;
    if (!follows || !is_redirect(response_.status)) return std::nullopt;
    return plan_redirect(response_.status, response_.headers, request_.url(), request_.method(),
                         option(&request_options::allow_downgrade, false));
}

void client_exchange::store_cookies()
{
    if (!session_->options().keeps_cookies) return;
    for (const auto [name, value] : head_.headers) {
        if (same(name, "Set-Cookie")) session_->cookies().store(request_.url(), value);
    }
}

// The body of a redirect or a refusal is of no interest, but reading it saves a new connection:
// if it comes soon, and is short.
awaitable<void> client_exchange::discard_body()
{
    const auto patience = std::min(limits_.read, discard_time);
    const auto late = deadline::clock::now() + patience;
    std::array<std::byte, 4096> scratch;
    std::uint64_t dropped = 0;
    attempt_->limit_reads(patience);
    try {
        while (!attempt_->done() && dropped < max_redirect_body && deadline::clock::now() < late) {
            dropped += co_await attempt_->read_some(scratch);
        }
    } catch (const connection_error&) {
        dropped = max_redirect_body;
    } catch (const timeout_error&) {
        dropped = max_redirect_body;
    }
    attempt_->finish();
}

// Before the body is read.
void client_exchange::begin_body(const compress::limits& bounds)
{
    if (body_begun_) return;
    body_begun_ = true;
    if (request_.meter() != nullptr) {
        const bool known = attempt_->kind() == framing::length;
        request_.meter()->start_receiving(known ? std::optional(attempt_->length_left())
                                                : std::nullopt);
    }
    if (attempt_->kind() == framing::none) return;
    if (option(&request_options::decode, true)) {
        decoder_ = content_decoder::for_headers(response_.headers, bounds);
    }
}

awaitable<std::size_t> client_exchange::receive(std::span<std::byte> into)
{
    return is_paced_ ? receive_paced(into) : attempt_->read_some(into);
}

// Makes room for a body of known length and takes what has arrived of it, all of a small one:
// reading that needs no waiting.
std::size_t client_exchange::take_small_body(std::uint64_t limit, ferry::bytes& into)
{
    if (attempt_->kind() != framing::length) return 0;
    const std::uint64_t length = attempt_->length_left();
    if (length > limit) throw limit_error("max_body_bytes", limit);
    into.resize(static_cast<std::size_t>(length));
    const std::size_t n = attempt_->read_buffered(into);
    count(n);
    return n;
}

void client_exchange::count(std::size_t received)
{
    reached_.bytes_received += received;
    if (request_.meter() != nullptr && received > 0) request_.meter()->received(received);
}

void client_exchange::end_body()
{
    attempt_->finish();
    if (request_.meter() != nullptr) request_.meter()->end_receiving();
}

awaitable<void> client_exchange::read_rest(ferry::bytes* into, std::size_t size,
                                           std::uint64_t limit)
{
    ferry::bytes& data = *into;
    while (!attempt_->done()) {
        if (size == data.size()) {
            // One byte more than allowed tells a body that ends at the limit from one that does
            // not.
            const std::uint64_t room = std::max<std::uint64_t>(size, piece_bytes / 4);
            data.resize(static_cast<std::size_t>(std::min(size + room, limit + 1)));
        }
        const auto room = std::span(data).subspan(size);
        std::size_t n = attempt_->read_buffered(room);
        if (n == 0) n = co_await receive(room);
        size += n;
        count(n);
        if (size > limit) throw limit_error("max_body_bytes", limit);
    }
    data.resize(size);
}

awaitable<ferry::bytes> client_exchange::read_decoded(std::uint64_t limit)
{
    ferry::bytes data;
    try {
        for (;;) {
            const buffer part = co_await next_part();
            if (part.empty()) break;
            append(data, part.span());
        }
    } catch (const limit_error& e) {
        if (e.name() == "max_output_bytes") throw limit_error("max_body_bytes", limit);
        throw;
    }
    co_return data;
}

bool client_exchange::read_arrived()
{
    const std::uint64_t limit = option(&request_options::max_body_bytes, default_max_body);
    begin_body(compress::limits().max_output_bytes(limit));
    body_.clear();
    if (decoder_ && decoder_->changes()) return false;
    arrived_ = take_small_body(limit, body_);
    if (!attempt_->done() || cache_ || has_hooks_) return false;
    take_body(std::move(body_));
    end_body();
    log_end({});
    return true;
}

awaitable<void> client_exchange::read()
{
    const std::uint64_t limit = option(&request_options::max_body_bytes, default_max_body);
    if (decoder_ && decoder_->changes()) {
        body_ = co_await read_decoded(limit);
    } else if (!attempt_->done()) {
        co_await read_rest(&body_, arrived_, limit);
    }
    take_body(std::move(body_));
    if (cache_) co_await cache_->keep();
    end_body();
    if (has_hooks_) co_await after_body();
    log_end({});
}

void client_exchange::take_body(ferry::bytes data)
{
    if (decoder_) response_access::set_undecoded(response_, decoder_->undecoded());
    response_.timings.total = until_.elapsed();
    response_access::set_body(response_, std::move(data), std::move(attempt_->trailers()));
}

awaitable<buffer> client_exchange::next()
{
    buffer part = co_await next_part();
    if (!part.empty() || ended_) co_return part;
    ended_ = true;
    if (cache_) co_await cache_->keep();
    end_body();
    if (has_hooks_) co_await after_body();
    log_end({});
    co_return part;
}

awaitable<buffer> client_exchange::next_part()
{
    begin_body(compress::limits::none());
    const bool coded = decoder_ && decoder_->changes();
    for (;;) {
        if (coded) {
            buffer decoded = decoder_->take();
            if (!decoded.empty()) co_return decoded;
        }
        if (attempt_->done()) break;
        ferry::bytes part(piece_bytes);
        const std::size_t n = co_await receive(part);
        count(n);
        if (!coded && n > 0 && n < piece_bytes / 4)
            co_return buffer::copy(std::span(part).first(n));
        part.resize(n);
        if (!coded && n > 0) co_return buffer(std::move(part));
        if (n > 0) decoder_->feed(std::move(part));
    }
    if (coded) decoder_->finish();
    co_return buffer();
}

}  // namespace ferry::http::detail
