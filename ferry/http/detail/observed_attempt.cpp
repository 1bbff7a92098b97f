#include "ferry/http/detail/observed_attempt.hpp"

#include "ferry/core/log.hpp"
#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/detail/transport_attempt.hpp"

#include <utility>

namespace ferry::http::detail {

awaitable<attempt::outcome> observed_attempt::exchange(const outgoing_request* what,
                                                       response_head* into)
{
    seen_.request = describe_request(*what);
    seen_.started = recorded_exchange::clock::now();
    const outcome got = co_await inner_.exchange(what, into);
    if (got != outcome::answered) co_return got;
    answered_ = true;
    seen_.status = into->status;
    seen_.reason = into->reason;
    seen_.headers = into->headers;
    seen_.peer = inner_.peer();
    seen_.version = into->major == 2 ? "HTTP/2" : into->minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
    co_return got;
}

void observed_attempt::keep(std::span<const std::byte> part)
{
    too_long_ = too_long_ || seen_.body.size() + part.size() > max_recorded_body;
    if (!too_long_) append(seen_.body, part);
}

awaitable<std::size_t> observed_attempt::read_some(std::span<std::byte> into)
{
    const std::size_t n = co_await inner_.read_some(into);
    keep(into.first(n));
    co_return n;
}

std::size_t observed_attempt::read_buffered(std::span<std::byte> into)
{
    const std::size_t n = inner_.read_buffered(into);
    keep(into.first(n));
    return n;
}

void observed_attempt::finish()
{
    inner_.finish();
    tell();
}

void observed_attempt::note_times()
{
    const auto between = [&](phase from, phase to) {
        const auto begin = with_.reached->since(from);
        const auto end = with_.reached->since(to);
        return begin && end && *end >= *begin ? *end - *begin : recorded_exchange::duration(-1);
    };
    const bool secured = with_.reached->since(phase::tls).has_value();
    seen_.connect = between(phase::connect, secured ? phase::tls : phase::send);
    seen_.tls = between(phase::tls, phase::send);
    seen_.send = std::max(between(phase::send, phase::head), recorded_exchange::duration(0));
    seen_.wait = std::max(between(phase::head, phase::body), recorded_exchange::duration(0));
    if (const auto began = with_.reached->since(phase::body)) {
        seen_.receive = progress::clock::now() - *began;
    }
}

void observed_attempt::tell() noexcept
{
    if (!answered_ || std::exchange(told_, true)) return;
    seen_.complete = inner_.done() && !too_long_;
    try {
        note_times();
        for (const auto& o : observers_) o->finished(seen_);
    } catch (const std::exception& e) {
        log::error("an exchange was not recorded", "failure", e.what());
    }
}

}  // namespace ferry::http::detail
