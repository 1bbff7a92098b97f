#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/tasks/result.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace ferry::tasks {

namespace detail {

class app_core;

awaitable<result_document> wait_for_result(std::shared_ptr<app_core> app, std::string id);
/// A success that returned nothing.
awaitable<result_document> ignored_result(std::string id);
awaitable<result_document> find_result(std::shared_ptr<app_core> app, std::string id);
awaitable<void> forget_result(std::shared_ptr<app_core> app, std::string id);
/// \param ids  of one or, as a list, of several.
/// \param signal  for who runs it already; empty: let it run.
awaitable<void> revoke_task(std::shared_ptr<app_core> app, value ids, std::string signal);
/// The ids of the tasks in a document's children, those of groups one by one.
std::vector<std::string> ids_of_children(const value& children);

}  // namespace detail

/// The outcome of a call, here or on another machine, now or later. A handle: cheap to copy, may be
/// used from any loop. As Celery's AsyncResult.
template <class T>
class async_result {
public:
    async_result() = default;
    /// \param ignored  nobody stores what the task returns.
    async_result(std::string id, std::shared_ptr<detail::app_core> app, bool ignored = false)
        : id_{std::move(id)}, app_{std::move(app)}, ignored_{ignored}
    {
    }
    /// The same outcome as another type: `async_result<int>(part).get()`.
    template <class Other>
        requires(!std::is_same_v<T, Other>)
    explicit async_result(const async_result<Other>& other)
        : async_result(other.id_, other.app_, other.ignored_)
    {
    }

    const std::string& id() const noexcept { return id_; }

    /// Waits for what the task returns. Woken by the result, not polling; tries that fail and are
    /// retried are waited through. Cancelling leaves the task alone. A call that was sent with
    /// ignore_result() gives null, and does so at once, as in Celery.
    /// \throws task_error     the task failed or was revoked.
    /// \throws timeout_error  the time was over.
    /// \throws type_error     the result is no T.
    awaitable<T> get(std::chrono::milliseconds limit) const
    {
        return take(timeout(limit, outcome(), "task " + id_));
    }
    /// The same without a time limit.
    awaitable<T> get() const { return take(outcome()); }

    /// Waits as get() does, for a failure as for a success: the end of the task, whatever it is,
    /// with its status and its result. Of one that went wrong `task_error(document)` says what. As
    /// Celery's `get(propagate=False)`.
    /// \throws timeout_error  the time was over.
    awaitable<result_document> outcome(std::chrono::milliseconds limit) const
    {
        return timeout(limit, outcome(), "task " + id_);
    }
    awaitable<result_document> outcome() const
    {
        return ignored_ ? detail::ignored_result(id_) : detail::wait_for_result(app_, id_);
    }

    /// PENDING (also if nothing is known of the task), STARTED, RETRY, SUCCESS, FAILURE, REVOKED,
    /// or one of the task's own making.
    awaitable<std::string> state() const { return state_of(detail::find_result(app_, id_)); }

    /// All that the result store knows.
    awaitable<result_document> document() const { return detail::find_result(app_, id_); }

    /// Lets the result store forget the result.
    awaitable<void> forget() const { return detail::forget_result(app_, id_); }

    /// Tells all workers not to begin the task. One that runs goes on.
    /// \throws error  unsupported: the broker has no remote control.
    awaitable<void> revoke() const { return detail::revoke_task(app_, id_, {}); }

    /// Tells all workers not to begin the task, and sends the signal to the pool process that runs
    /// it. As Celery's `revoke(terminate=True)`.
    /// \throws error  unsupported: the broker has no remote control.
    awaitable<void> terminate(std::string signal = "SIGTERM") const
    {
        return detail::revoke_task(app_, id_, std::move(signal));
    }

    /// The calls that the task has made, such as the next step of its chain; those of a group one
    /// by one. Empty until it has ended.
    awaitable<std::vector<async_result<value>>> children() const
    {
        return children_of(detail::find_result(app_, id_), app_);
    }

    /// The task that has made this call, such as the step before it in a chain; null if there is
    /// none, until this one has ended, and if it was tried again: the try before it has made the
    /// call then, as Celery sees it, and who made that one is not known any more.
    awaitable<std::optional<async_result<value>>> parent() const
    {
        return parent_of(detail::find_result(app_, id_), app_);
    }

private:
    template <class Other>
    friend class async_result;
    friend class group_result;

    static awaitable<T> take(awaitable<result_document> wait)
    {
        const result_document d = co_await std::move(wait);
        if (d.status != tasks::state::success) throw task_error{d};
        if constexpr (!std::is_void_v<T>) co_return from_value<T>(d.result);
    }

    static awaitable<std::string> state_of(awaitable<result_document> find)
    {
        const result_document d = co_await std::move(find);
        co_return d.status;
    }

    static awaitable<std::vector<async_result<value>>> children_of(
        awaitable<result_document> find, std::shared_ptr<detail::app_core> app)
    {
        const result_document d = co_await std::move(find);
        std::vector<async_result<value>> all;
        for (std::string& id : detail::ids_of_children(d.children)) {
            all.emplace_back(std::move(id), app);
        }
        co_return all;
    }

    static awaitable<std::optional<async_result<value>>> parent_of(
        awaitable<result_document> find, std::shared_ptr<detail::app_core> app)
    {
        const result_document d = co_await std::move(find);
        std::optional<async_result<value>> found;
        if (!d.parent_id.empty() && d.parent_id != d.task_id)
            found.emplace(d.parent_id, std::move(app));
        co_return found;
    }

    std::string id_;
    std::shared_ptr<detail::app_core> app_;
    bool ignored_ = false;
};

}  // namespace ferry::tasks
