#include "ferry/http/detail/transport_attempt.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/http/detail/outgoing_request.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/status.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ferry::http::detail {

prepared_request describe_request(const outgoing_request& what)
{
    prepared_request made;
    made.method = what.method();
    made.url = what.url();
    made.url.set_fragment(std::nullopt);
    made.headers.add("Host", what.authority());
    what.each_field(
        [&](std::string_view name, std::string_view value) { made.headers.add(name, value); });
    made.content = what.body().data();
    made.streamed = what.body().source() != nullptr;
    return made;
}

awaitable<attempt::outcome> transport_attempt::exchange(const outgoing_request* what,
                                                        response_head* into)
{
    with_.reached->enter(phase::send);
    prepared_request request = describe_request(*what);
    if (const auto& source = what->body().source()) {
        ferry::bytes all;
        for (;;) {
            const buffer part = co_await source->next();
            if (part.empty()) break;
            append(all, part.span());
            if (all.size() > max_recorded_body)
                throw limit_error("max_recorded_body", max_recorded_body);
        }
        request.content = std::move(all);
        request.streamed = false;
    }
    with_.reached->bytes_sent += request.content.size();
    with_.reached->enter(phase::head);
    auto limited = ferry::timeout(with_.until->cut(with_.limits->read),
                                  transport_->send(std::move(request)), "the transport's answer");
    response answer = co_await std::move(limited);
    *into = response_head();
    into->status = answer.status;
    into->reason = answer.reason.empty() ? std::string(reason_of(answer.status)) : answer.reason;
    into->headers = std::move(answer.headers);
    const std::string& type = answer.content.content_type();
    if (!type.empty() && !into->headers.contains("Content-Type")) {
        into->headers.add("Content-Type", type);
    }
    if (what->method() != "HEAD" && !is_bodiless(answer.status)) {
        source_ = answer.content.source();
        part_ = answer.content.data();
        if (source_ || !part_.empty()) kind_ = source_ ? framing::until_close : framing::length;
    }
    with_.reached->enter(phase::body);
    co_return outcome::answered;
}

std::size_t transport_attempt::read_buffered(std::span<std::byte> into)
{
    const std::size_t n = std::min(into.size(), part_.size());
    if (n > 0) std::memcpy(into.data(), part_.data(), n);
    part_ = part_.slice(n);
    return n;
}

awaitable<std::size_t> transport_attempt::read_some(std::span<std::byte> into)
{
    if (part_.empty() && source_) {
        part_ = co_await source_->next();
        if (part_.empty()) source_.reset();
    }
    co_return read_buffered(into);
}

}  // namespace ferry::http::detail
