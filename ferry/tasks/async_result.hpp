#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/tasks/result.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace ferry::tasks {

namespace detail {

class app_core;

awaitable<result_document> wait_for_result(std::shared_ptr<app_core> app, std::string id);
awaitable<result_document> find_result(std::shared_ptr<app_core> app, std::string id);
awaitable<void> forget_result(std::shared_ptr<app_core> app, std::string id);

}  // namespace detail

/// The outcome of a call, here or on another machine, now or later. A handle: cheap to copy, may be
/// used from any loop. As Celery's AsyncResult.
template <class T>
class async_result {
public:
    async_result() = default;
    async_result(std::string id, std::shared_ptr<detail::app_core> app)
        : id_{std::move(id)}, app_{std::move(app)}
    {
    }

    const std::string& id() const noexcept { return id_; }

    /// Waits for what the task returns. Woken by the result, not polling; tries that fail and are
    /// retried are waited through. Cancelling leaves the task alone.
    /// \throws task_error     the task failed or was revoked.
    /// \throws timeout_error  the time was over.
    awaitable<T> get(std::chrono::milliseconds limit) const
    {
        return take(timeout(limit, detail::wait_for_result(app_, id_), "task " + id_));
    }
    /// The same without a time limit.
    awaitable<T> get() const { return take(detail::wait_for_result(app_, id_)); }

    /// PENDING (also if nothing is known of the task), STARTED, RETRY, SUCCESS, FAILURE, REVOKED,
    /// or one of the task's own making.
    awaitable<std::string> state() const { return state_of(detail::find_result(app_, id_)); }

    /// All that the result store knows.
    awaitable<result_document> document() const { return detail::find_result(app_, id_); }

    /// Lets the result store forget the result.
    awaitable<void> forget() const { return detail::forget_result(app_, id_); }

private:
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

    std::string id_;
    std::shared_ptr<detail::app_core> app_;
};

}  // namespace ferry::tasks
