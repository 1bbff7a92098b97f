#include "ferry/http/server_events.hpp"

#include "ferry/async/queue.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/detail/codec.hpp"

#include <algorithm>
#include <deque>
#include <vector>

namespace ferry::http {
namespace {

std::string one_line(std::string_view text)
{
    if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) {
        throw error(ferry::errc::malformed, "a server event's type and id are one line");
    }
    return std::string(text);
}

using event_function = std::function<awaitable<std::optional<server_event>>()>;

class event_source_body final : public body_source {
public:
    event_source_body(event_function next, std::chrono::milliseconds keep_alive)
        : next_(std::make_shared<event_function>(std::move(next))), keep_alive_(keep_alive)
    {
    }
    ~event_source_body() override
    {
        if (waiting_) waiting_->cancel();
    }

    awaitable<buffer> next() override
    {
        if (!waiting_) waiting_ = spawn(call(next_));
        bool silent = false;
        try {
            co_await ferry::timeout(keep_alive_, waiting_->wait(), "an event");
        } catch (const timeout_error&) {
            silent = true;
        }
        if (silent) co_return buffer::copy(":\n\n");
        const auto e = co_await waiting_->join();
        waiting_.reset();
        if (!e) co_return buffer();
        co_return buffer(e->text());
    }
    std::optional<std::uint64_t> length() const override { return std::nullopt; }
    bool rewind() override { return false; }

private:
    static awaitable<std::optional<server_event>> call(std::shared_ptr<event_function> f)
    {
        auto called = (*f)();
        co_return co_await std::move(called);
    }

    std::shared_ptr<event_function> next_;
    std::chrono::milliseconds keep_alive_;
    std::optional<task<std::optional<server_event>>> waiting_;
};

}  // namespace

server_event& server_event::type(std::string_view name)
{
    type_ = one_line(name);
    return *this;
}

server_event& server_event::id(std::string_view value)
{
    id_ = one_line(value);
    return *this;
}

std::string server_event::text() const
{
    std::string out;
    if (!type_.empty()) out += "event: " + type_ + "\n";
    if (!id_.empty()) out += "id: " + id_ + "\n";
    if (retry_) out += "retry: " + std::to_string(retry_->count()) + "\n";
    // CR, LF and CRLF all end a line there.
    std::string_view rest = data_;
    for (;;) {
        const std::size_t end = std::min(rest.find_first_of("\r\n"), rest.size());
        out.append("data: ").append(rest.substr(0, end)).append("\n");
        if (end == rest.size()) break;
        rest.remove_prefix(rest.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    }
    return out + "\n";
}

response events(event_function next, std::chrono::milliseconds keep_alive)
{
    response r(body(std::make_shared<event_source_body>(std::move(next), keep_alive),
                    "text/event-stream"));
    r.headers.add("Cache-Control", "no-cache");
    r.headers.add("X-Accel-Buffering", "no");
    return r;
}

class event_feed::state {
public:
    explicit state(std::size_t kept) : history(std::max<std::size_t>(kept, 1)) {}

    using inbox = ferry::queue<server_event>;

    std::size_t history;
    std::uint64_t last = 0;
    std::deque<server_event> recent;  ///< the last one has number `last`
    std::vector<std::weak_ptr<inbox>> clients;
};

event_feed::event_feed(std::size_t history) : state_(std::make_shared<state>(history)) {}

void event_feed::publish(server_event e)
{
    e.id(std::to_string(++state_->last));
    std::erase_if(state_->clients, [&](const auto& client) {
        const auto inbox = client.lock();
        if (!inbox || inbox->closed()) return true;
        if (inbox->put_nowait(server_event(e))) return false;
        inbox->close();
        return true;
    });
    state_->recent.push_back(std::move(e));
    if (state_->recent.size() > state_->history) state_->recent.pop_front();
}

awaitable<response> event_feed::subscribe(request& q) const
{
    const auto start = [](std::shared_ptr<state> feed, request* asked) -> awaitable<response> {
        const auto inbox = std::make_shared<state::inbox>(feed->history);
        if (const auto seen = asked->headers.get("Last-Event-ID")) {
            const std::uint64_t known = detail::parse_decimal(*seen).value_or(feed->last);
            const std::uint64_t missed = feed->last > known ? feed->last - known : 0;
            const auto count = std::min<std::uint64_t>(missed, feed->recent.size());
            for (auto at = feed->recent.end() - static_cast<std::ptrdiff_t>(count);
                 at != feed->recent.end(); ++at) {
                inbox->put_nowait(server_event(*at));
            }
        }
        feed->clients.push_back(inbox);
        co_return events([inbox] { return inbox->next(); });
    };
    return start(state_, &q);
}

void event_feed::close()
{
    for (const auto& client : std::exchange(state_->clients, {})) {
        if (const auto inbox = client.lock()) inbox->close();
    }
}

std::size_t event_feed::subscribers() const noexcept
{
    return static_cast<std::size_t>(
        std::ranges::count_if(state_->clients, [](const auto& c) { return !c.expired(); }));
}

}  // namespace ferry::http
