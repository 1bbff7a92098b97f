#include "ferry/http/sse.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/http/detail/sse_parser.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace ferry::http {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds max_delay{60'000};
constexpr int max_doublings = 10;

}  // namespace

/// The machine and its driver: everything here happens in next().
class event_stream::impl {
public:
    impl(session& s, std::string u, request_options w)
        : over(&s), url(std::move(u)), with(std::move(w))
    {
    }

    awaitable<std::optional<sse_event>> next()
    {
        while (!over_for_good) {
            if (!stream) {
                if (delay.count() > 0) co_await sleep(std::exchange(delay, milliseconds(0)));
                co_await connect();
                continue;
            }
            if (auto event = parser->next()) {
                failures = 0;
                last_id = parser->last_id();
                co_return event;
            }
            co_await receive();
        }
        co_return std::nullopt;
    }

    session* over;
    std::string url;
    request_options with;
    milliseconds retry{3000};
    int max_failures = 10;
    std::size_t max_event_bytes = 16 * 1024 * 1024;
    std::string last_id;

private:
    awaitable<void> connect()
    {
        request_options asked = with;
        if (!asked.headers.contains("Accept")) asked.headers.set("Accept", "text/event-stream");
        if (!asked.headers.contains("Cache-Control")) {
            asked.headers.set("Cache-Control", "no-store");
        }
        if (!last_id.empty()) asked.headers.set("Last-Event-ID", last_id);
        std::exception_ptr lost;
        try {
            auto opening = over->stream("GET", url, asked);
            response_stream opened = co_await std::move(opening);
            stream.emplace(std::move(opened));
        } catch (const connection_error&) {
            lost = std::current_exception();
        } catch (const timeout_error&) {
            lost = std::current_exception();
        }
        if (lost) {
            failed(lost);
            co_return;
        }
        check_answer();
        parser.emplace(max_event_bytes, last_id);
    }

    void check_answer()
    {
        const response& head = stream->head();
        const int code = head.status;
        const std::string type = head.headers.content_type().essence();
        if (code == status::ok && type == "text/event-stream") return;
        const std::string from = head.url().redacted();
        const std::string reason = head.reason;
        stream.reset();
        if (code == status::no_content) {
            over_for_good = true;
        } else if (code != status::ok) {
            throw status_error(code, reason.empty() ? reason_of(code) : std::string_view(reason),
                               from, {});
        } else {
            throw protocol_error(errc::bad_message,
                                 fmt::format("{}: {} is no text/event-stream", from,
                                             type.empty() ? "nothing" : type));
        }
    }

    awaitable<void> receive()
    {
        std::exception_ptr lost;
        std::optional<buffer> part;
        try {
            part = co_await stream->next();
        } catch (const connection_error&) {
            lost = std::current_exception();
        } catch (const timeout_error&) {
            lost = std::current_exception();
        } catch (...) {
            leave();
            throw;
        }
        if (part) {
            parser->feed(part->text());
            co_return;
        }
        leave();
        failed(lost);
    }

    void leave()
    {
        last_id = parser->last_id();
        retry = parser->retry().value_or(retry);
        stream.reset();
    }

    // A connection ended, in order (no `why`) or not.
    void failed(const std::exception_ptr& why)
    {
        if (max_failures == 0 && !why) {
            over_for_good = true;
            return;
        }
        if (why && ++failures > max_failures) {
            failures = 0;
            std::rethrow_exception(why);
        }
        const int doublings = std::clamp(failures - 1, 0, max_doublings);
        delay = std::min(std::max(retry, milliseconds(1)) * (1 << doublings), max_delay);
    }

    std::optional<response_stream> stream;
    std::optional<detail::sse_parser> parser;
    milliseconds delay{0};
    int failures = 0;
    bool over_for_good = false;
};

event_stream::event_stream(session& over, std::string url, request_options with)
    : impl_(std::make_unique<impl>(over, std::move(url), std::move(with)))
{
}
event_stream::event_stream(event_stream&&) noexcept = default;
event_stream& event_stream::operator=(event_stream&&) noexcept = default;
event_stream::~event_stream() = default;

event_stream&& event_stream::last_event_id(std::string id) &&
{
    impl_->last_id = std::move(id);
    return std::move(*this);
}

event_stream&& event_stream::reconnect_after(std::chrono::milliseconds delay) &&
{
    impl_->retry = delay;
    return std::move(*this);
}

event_stream&& event_stream::max_failures(int count) &&
{
    impl_->max_failures = count;
    return std::move(*this);
}

event_stream&& event_stream::max_event_bytes(std::size_t bytes) &&
{
    impl_->max_event_bytes = bytes;
    return std::move(*this);
}

awaitable<std::optional<sse_event>> event_stream::next()
{
    return impl_->next();
}

const std::string& event_stream::last_event_id() const& noexcept
{
    return impl_->last_id;
}

}  // namespace ferry::http
