#include "ferry/tasks/detail/feed.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iterator>

namespace ferry::tasks::detail {
namespace {

constexpr std::size_t most_waiting = 10'000;

// Hours west of Greenwich, as Python's `time.timezone // 3600`.
int utc_offset()
{
    const std::time_t clock = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&clock, &local);
    return static_cast<int>(-local.tm_gmtoff / 3600);
}

}  // namespace

value event_of(std::string_view type, value fields, const std::string& node, logical_clock& clock)
{
    value event = std::move(fields);
    event.insert("hostname", node);
    event.insert("utcoffset", utc_offset());
    event.insert("pid", ::getpid());
    event.insert("timestamp", unix_time());
    event.insert("type", type);
    event.insert("clock", clock.tick());
    return event;
}

envelope event_envelope(const std::string& node, const value& body)
{
    envelope e;
    e.headers = value::object("hostname", node);
    e.delivery_mode = 1;
    e.body = dump_wire(body);
    return e;
}

value sent_event(const outgoing& call)
{
    const value& headers = call.content.headers;
    const auto header = [&headers](std::string_view name) {
        const value* const found = headers.get_if(name);
        return found == nullptr ? value() : *found;
    };
    return value::object("uuid", header("id"), "root_id", header("root_id"), "parent_id",
                         header("parent_id"), "name", header("task"), "args", header("argsrepr"),
                         "kwargs", header("kwargsrepr"), "retries", header("retries"), "eta",
                         header("eta"), "expires", header("expires"), "queue",
                         call.content.exchange.empty() ? value(call.queue) : value(), "exchange",
                         call.content.exchange, "routing_key", call.queue);
}

double unix_time()
{
    return static_cast<double>(now().time_since_epoch().count()) / 1e6;
}

void feed::put(std::string_view type, value fields)
{
    if (!broker_->has_buses()) return;
    const bool of_task = type.starts_with("task-");
    if (of_task && !tasks_wanted) return;
    add(type, std::move(fields), node_);
}

void feed::put_sent(const std::vector<outgoing>& calls)
{
    if (!broker_->has_buses()) return;
    for (const outgoing& call : calls) add("task-sent", sent_event(call), origin());
}

void feed::add(std::string_view type, value fields, const std::string& from)
{
    {
        // Under the lock, so that they go out as their clocks say.
        const std::lock_guard lock{mutex_};
        value event = event_of(type, std::move(fields), from, *clock_);
        if (waiting_.size() >= most_waiting) waiting_.erase(waiting_.begin());
        waiting_.push_back(std::move(event));
    }
    news_->open();
}

awaitable<void> feed::flush(std::shared_ptr<feed> self)
{
    std::vector<value> all;
    {
        const std::lock_guard lock{self->mutex_};
        all.swap(self->waiting_);
    }
    std::size_t sent = 0;
    try {
        while (sent < all.size()) {
            // Events of tasks go in lists, all others alone.
            const auto is_task = [](const value& v) {
                return v["type"].as<std::string_view>().starts_with("task-");
            };
            value body;
            std::string key;
            std::size_t count = 1;
            if (is_task(all[sent])) {
                body = value::array();
                for (count = 0; sent + count < all.size() && is_task(all[sent + count]); ++count) {
                    body.push_back(all[sent + count]);
                }
                key = "task.multi";
            } else {
                body = all[sent];
                key = body["type"].as<std::string>();
                std::ranges::replace(key, '-', '.');
            }
            auto sending = self->broker_->announce(bus::events, std::move(key),
                                                   event_envelope(self->node_, body));
            co_await std::move(sending);
            sent += count;
        }
    } catch (const error&) {
        const std::lock_guard lock{self->mutex_};
        self->waiting_.insert(
            self->waiting_.begin(),
            std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(sent)),
            std::make_move_iterator(all.end()));
        throw;
    }
}

awaitable<void> feed::run(std::shared_ptr<feed> self)
{
    while (true) {
        auto waiting = gate::wait(self->news_);
        co_await std::move(waiting);
        bool failed = false;
        try {
            auto flushing = flush(self);
            co_await std::move(flushing);
        } catch (const error& e) {
            log::warning("events are not sent", "reason", e.what());
            failed = true;
        }
        if (failed) {
            co_await sleep(std::chrono::seconds(1));
            self->news_->open();
        }
    }
}

}  // namespace ferry::tasks::detail
