#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/gate.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::tasks::detail {

/// Lamport's clock, by which observers put the events of several workers in order. Thread-safe.
class logical_clock {
public:
    std::int64_t tick() noexcept { return ++now_; }
    void saw(std::int64_t other) noexcept
    {
        std::int64_t mine = now_;
        while (mine <= other && !now_.compare_exchange_weak(mine, other + 1)) {
        }
        if (mine > other) ++now_;
    }
    std::int64_t now() const noexcept { return now_; }

private:
    std::atomic<std::int64_t> now_ = 0;
};

/// An event with the fields that all have. \param node  who tells it.
value event_of(std::string_view type, value fields, const std::string& node, logical_clock& clock);

/// What carries an event, or a list of them.
envelope event_envelope(const std::string& node, const value& body);

/// A worker's events on their way to whoever watches. put() may be called on any thread; those that
/// wait go out together.
class feed {
public:
    feed(std::shared_ptr<message_broker> over, std::shared_ptr<logical_clock> clock,
         std::string node)
        : broker_{std::move(over)}, clock_{std::move(clock)}, node_{std::move(node)}
    {
    }

    /// Whether events of tasks are sent; those of workers always are.
    std::atomic<bool> tasks_wanted = false;

    /// \param fields  what this type of event has beside the common fields.
    void put(std::string_view type, value fields);

    /// Tells of calls that the worker sends: retries, and what follows a task. As a client that
    /// tells of its calls, whether events of tasks are wanted or not.
    void put_sent(const std::vector<outgoing>& calls);

    /// Sends until it is cancelled. What cannot be sent waits for the broker, as far as there is
    /// room.
    static awaitable<void> run(std::shared_ptr<feed> self);

    /// Sends what waits.
    static awaitable<void> flush(std::shared_ptr<feed> self);

private:
    void add(std::string_view type, value fields, const std::string& from);

    std::shared_ptr<message_broker> broker_;
    std::shared_ptr<logical_clock> clock_;
    std::string node_;
    std::shared_ptr<gate> news_ = std::make_shared<gate>();
    std::mutex mutex_;
    std::vector<value> waiting_;  ///< guarded
};

/// What the event `task-sent` has beside the common fields.
value sent_event(const outgoing& call);

/// Seconds since 1970, as events and requests tell times.
double unix_time();

}  // namespace ferry::tasks::detail
