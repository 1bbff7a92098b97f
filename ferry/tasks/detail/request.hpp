#pragma once

#include "ferry/core/time.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/definition.hpp"
#include "ferry/tasks/message.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace ferry::tasks::detail {

/// A task message that this worker has received, until it is settled. What changes while it runs
/// may be read on any thread.
class request : public std::enable_shared_from_this<request> {
public:
    /// Its call is still to be filled in.
    request(std::string from_queue, std::uint64_t delivery_tag, bool came_before)
        : queue{std::move(from_queue)}, tag{delivery_tag}, redelivered{came_before}
    {
    }
    request(message m, std::string from_queue, std::uint64_t delivery_tag, bool came_before)
        : request{std::move(from_queue), delivery_tag, came_before}
    {
        call = std::move(m);
    }

    message call;
    std::unique_ptr<const envelope> content;  ///< as it came, if another process is to run it
    const std::string queue;
    std::string exchange;     ///< through which it came; empty: straight to the queue
    std::string routing_key;  ///< at that exchange
    const std::uint64_t tag;
    const bool redelivered;
    std::shared_ptr<const definition> task;

    /// Guarded by the roster that it is in.
    enum class stage : unsigned char { unlisted, reserved, active };
    stage where = stage::unlisted;
    std::size_t place = 0;

    /// Whether its end will be told to somebody who wants its result as text.
    bool watched() const noexcept { return watchers != nullptr && *watchers; }
    const std::atomic<bool>* watchers = nullptr;  ///< null: nobody

    bool hard_limit_elsewhere = false;  ///< whoever has started this process sees to it

    std::atomic<bool> acknowledged = false;
    std::atomic<std::int64_t> started_at = 0;  ///< microseconds since 1970; 0: not yet
    std::atomic<int> process = 0;              ///< that runs it
    std::atomic<bool> holds_place = false;     ///< counted in the prefetch beyond the usual

    /// What interrupts the task while it runs: by a signal, or as if by one.
    void set_interrupt(std::function<void(int signal)> f)
    {
        const std::lock_guard lock{mutex_};
        interrupt_ = std::move(f);
        if (!interrupt_ || asked_for_ == 0) return;
        terminated_by_ = asked_for_;
        interrupt_(asked_for_);
    }
    /// Of one that is only about to run, as soon as it does.
    /// \return false: it does not run yet, or what runs it cannot be interrupted.
    bool interrupt(int signal)
    {
        const std::lock_guard lock{mutex_};
        asked_for_ = signal;
        if (!interrupt_) return false;
        terminated_by_ = signal;
        interrupt_(signal);
        return true;
    }
    /// The signal of interrupt(); 0: none.
    int terminated_by() const noexcept { return terminated_by_; }

    /// What to call it in events and replies.
    const std::string& shown_name() const noexcept
    {
        return call.shadow.empty() ? call.task : call.shadow;
    }

    std::optional<double> hard_limit() const
    {
        if (hard_limit_elsewhere) return std::nullopt;
        return limit(call.hard_time_limit, true);
    }
    std::optional<double> soft_limit() const { return limit(call.soft_time_limit, false); }

private:
    std::optional<double> limit(const std::optional<double>& own, bool hard) const
    {
        if (own || !task) return own;
        return hard ? task->settings.hard_time_limit : task->settings.soft_time_limit;
    }

    std::mutex mutex_;
    std::function<void(int)> interrupt_;  ///< guarded
    int asked_for_ = 0;                   ///< the signal of the last interrupt(); guarded
    std::atomic<int> terminated_by_ = 0;
};

/// What a result tells of its call where tasks::result_extended is on.
inline result_document::origin origin_of(const request& r, const std::string& node)
{
    result_document::origin o;
    o.task = r.call.task;
    o.args = r.call.args;
    o.kwargs = r.call.kwargs;
    o.worker = node;
    o.retries = r.call.retries;
    o.queue = r.queue;
    return o;
}

}  // namespace ferry::tasks::detail
