#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/value.hpp"
#include "ferry/tasks/broker.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ferry::tasks {

/// Hands every event that workers and clients tell of to `each`, one after the other, until it is
/// cancelled; an event is an object with `type`, `hostname`, `timestamp` and what its type has
/// beside these. At the beginning every worker is asked to tell that it lives. What is told while
/// the connection is lost is missed. As Celery's `app.events.Receiver`.
/// \param each  called on the calling loop; an exception that leaves it ends the watch.
/// \throws error  unsupported: the broker has no events.
awaitable<void> watch_events(std::shared_ptr<message_broker> over,
                             std::function<void(const value&)> each);

/// One line for an event, as `celery events --dump` writes them.
class event_lines {
public:
    std::string line(const value& event);

private:
    static constexpr std::size_t most = 4096;

    std::unordered_map<std::string, std::string> tasks_;  ///< what to call a task, by its id
    std::deque<std::string> order_;
};

/// What events tell of workers and tasks, put together. As Celery's `app.events.State`.
class cluster_state {
public:
    struct worker {
        worker() = default;

        std::string hostname;
        timestamp heard{};  ///< when it was heard of last
        std::chrono::milliseconds freq = std::chrono::seconds{2};
        bool offline = false;  ///< it said so
        std::int64_t pid = 0;
        std::int64_t active = 0;
        std::int64_t processed = 0;
        std::vector<double> loadavg;
        std::string software;

        /// Not said to be gone, and not silent for twice its heartbeat.
        bool alive(timestamp at) const { return !offline && at - heard <= 2 * freq; }
    };

    struct task {
        task() = default;

        std::string uuid;
        std::string name;
        std::string state;  ///< PENDING (sent), RECEIVED, STARTED, SUCCESS...
        std::string args;
        std::string kwargs;
        std::string worker;
        std::string result;  ///< or the exception
        std::int64_t retries = 0;
        double runtime = 0;  ///< seconds
        timestamp changed{};
    };

    /// \param most_tasks  the tasks that were not heard of for longest are forgotten.
    explicit cluster_state(std::size_t most_tasks = 10'000) : most_tasks_{most_tasks} {}

    /// Takes what it understands, and ignores all else. What comes late does not undo what is
    /// known: the logical clock of the events decides.
    void apply(const value& event);

    const std::map<std::string, worker>& workers() const noexcept { return workers_; }
    /// Up to `count` tasks, those that were heard of last first.
    std::vector<const task*> latest(std::size_t count) const;
    std::size_t task_count() const noexcept { return tasks_.size(); }

private:
    struct entry {
        tasks::cluster_state::task what;
        std::int64_t clock = -1;
        std::uint64_t touched = 0;
    };

    void apply_to_worker(const std::string& type, const value& event);
    void apply_to_task(const std::string& type, const value& event);

    std::size_t most_tasks_;
    std::map<std::string, worker> workers_;
    std::unordered_map<std::string, entry> tasks_;
    std::map<std::uint64_t, std::string> order_;  ///< ids by when they were touched
    std::uint64_t touches_ = 0;
};

}  // namespace ferry::tasks
