#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/tasks/message.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::tasks {

class result_store;

/// What context::retry throws: the task ends here, and a copy of its message is sent again. No
/// std::exception, so that a task that catches its own errors does not swallow it.
class retry_requested final : public interrupt {
public:
    retry_requested(std::chrono::milliseconds wait, std::optional<std::int64_t> max_retries,
                    std::exception_ptr cause)
        : countdown_{wait}, max_retries_{max_retries}, cause_{std::move(cause)}
    {
    }
    const char* what() const noexcept override { return "the task asked to be retried"; }
    std::chrono::milliseconds countdown() const noexcept { return countdown_; }
    const std::optional<std::int64_t>& max_retries() const noexcept { return max_retries_; }
    /// What the task had caught when it asked; null: nothing.
    const std::exception_ptr& cause() const noexcept { return cause_; }

private:
    std::chrono::milliseconds countdown_;
    std::optional<std::int64_t> max_retries_;
    std::exception_ptr cause_;
};

/// What context::ignore throws: the task ends here, and nothing is told of it.
class ignore_requested final : public interrupt {
public:
    const char* what() const noexcept override { return "the task asked to be ignored"; }
};

/// What context::reject throws: the task ends here, and its message is rejected.
class reject_requested final : public interrupt {
public:
    explicit reject_requested(bool requeue) noexcept : requeue_{requeue} {}
    const char* what() const noexcept override { return "the task asked to be rejected"; }
    bool requeue() const noexcept { return requeue_; }

private:
    bool requeue_;
};

/// What context::replace throws: the task ends here, and another call takes its place.
class replace_requested final : public interrupt {
public:
    explicit replace_requested(value with) noexcept : with_{std::move(with)} {}
    const char* what() const noexcept override { return "the task asked to be replaced"; }
    /// In Celery's own form.
    const value& with() const noexcept { return with_; }

private:
    value with_;
};

/// The call that a task serves. A task that wants it takes it as its first parameter, by value, as
/// Celery's bound tasks take `self`:
///
///     app.task("shop.fetch", [](tasks::context self, std::string url) { ... self.retry(10s); });
///
/// Cheap to copy.
class context {
public:
    /// \param soft_limit  seconds from now on; none: no limit.
    context(std::shared_ptr<const message> request, std::shared_ptr<result_store> results,
            std::optional<double> soft_limit = std::nullopt)
        : request_{std::move(request)}, results_{std::move(results)}
    {
        using std::chrono::steady_clock;
        if (soft_limit) {
            stop_at_ = steady_clock::now() + std::chrono::duration_cast<steady_clock::duration>(
                                                 std::chrono::duration<double>(*soft_limit));
        }
    }

    const std::string& id() const noexcept { return request_->id; }
    const std::string& task() const noexcept { return request_->task; }
    /// How many tries went before this one.
    std::int64_t retries() const noexcept { return request_->retries; }
    /// The message as it came. As Celery's `self.request`.
    const message& request() const noexcept { return *request_; }
    /// The same worker and store, for another call.
    context for_call(message other) const
    {
        context c = *this;
        c.request_ = std::make_shared<const message>(std::move(other));
        return c;
    }
    /// A header of the sender's own; null if there is none.
    const value* header(std::string_view name) const noexcept
    {
        return request_->headers.get_if(name);
    }

    /// Ends the task and lets it be called again later; the id stays, and who waits for the result
    /// waits on. When the tries are used up the task fails with the exception that is being
    /// handled, or with MaxRetriesExceededError. As Celery's `self.retry`.
    /// \param max_retries  none: no limit.
    /// \throws retry_requested  always.
    [[noreturn]] void retry(std::chrono::milliseconds wait = std::chrono::minutes{3},
                            std::optional<std::int64_t> max_retries = 3) const
    {
        throw retry_requested{wait, max_retries, std::current_exception()};
    }

    /// Ends the task without a result, without events and without what would follow it: what is
    /// known of it stays as update_state() has left it. As raising Celery's `Ignore`.
    /// \throws ignore_requested  always.
    [[noreturn]] void ignore() const { throw ignore_requested(); }

    /// The same of a task that acks late, whose message is not acked but rejected: it goes to the
    /// queue's dead-letter exchange, if it has one, or back to its queue. As raising Celery's
    /// `Reject`.
    /// \throws reject_requested  always.
    [[noreturn]] void reject(bool requeue = false) const { throw reject_requested(requeue); }

    /// Ends the task and lets another call take its place: that gets its id, so who waits for the
    /// result waits on, its callbacks, its place in a group or a chord, and what follows in a
    /// chain. A group is one result, the list of its members'. As Celery's `self.replace`.
    /// \param with  a signature or a workflow.
    /// \throws replace_requested  always.
    template <class S>
    [[noreturn]] void replace(const S& with) const
    {
        throw replace_requested(with.dictionary());
    }

    /// Sends a call that is one more part of the chord which this task is a part of: the body waits
    /// for it, too, and gets its result behind the task's own. As Celery's `self.add_to_chord`.
    /// \param call  a signature, or a workflow that ends in one task.
    /// \return its async_result.
    /// \throws task_error  ValueError: the task is no part of a chord.
    /// \throws error       unsupported: the result store cannot count, as all but Redis and the
    ///                     embedded one; or as delay().
    template <class S>
    auto add_to_chord(const S& call) const;

    /// Whether the soft time limit is over: a function should come to its end then. A coroutine is
    /// cancelled, and need not ask.
    bool stop_requested() const noexcept
    {
        return stop_at_ && std::chrono::steady_clock::now() >= *stop_at_;
    }

    /// Shows a state of the task's own making to those who ask: `update_state("PROGRESS", meta)`.
    awaitable<void> update_state(std::string status, value meta) const;

private:
    std::shared_ptr<const message> request_;
    std::shared_ptr<result_store> results_;
    std::optional<std::chrono::steady_clock::time_point> stop_at_;
};

/// All arguments of a call as they came, for a task that takes any: as Python's *args, **kwargs.
struct arguments {
    arguments() = default;

    value args = value::array();
    value kwargs = value::object();
};

}  // namespace ferry::tasks
