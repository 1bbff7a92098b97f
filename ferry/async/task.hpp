#pragma once

#include "ferry/async/prompt.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/core/error.hpp"

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ferry {

template <class T>
class task;

namespace detail {

template <class T>
struct is_awaitable : std::false_type {};
template <class T>
struct is_awaitable<awaitable<T>> : std::true_type {
    using value_type = T;
};
template <prompt Op>
struct is_awaitable<Op> : std::true_type {
    using value_type = typename Op::value_type;
};

/// void as a value.
template <class T>
using storable = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// The state of a task, without its value.
class task_core : public activity, public std::enable_shared_from_this<task_core> {
public:
    ~task_core() override;

    /// Runs `body` from the loop's next turn on. With an owner, a failure is the owner's concern.
    void start(awaitable<void> body, std::string name, scope* owner = nullptr);

    bool done() const noexcept { return done_; }
    bool was_cancelled() const noexcept { return interrupted_; }
    bool failed() const noexcept { return failure_ != nullptr; }
    const std::string& name() const noexcept { return name_; }

    /// Waits for the end, and throws nothing for it.
    static awaitable<void> wait(std::shared_ptr<task_core> self);
    void rethrow();
    const std::exception_ptr& failure() noexcept;

    /// Calls `f` once, on the loop, when the task is done; at once if it is.
    void on_done(std::unique_ptr<job> f);

private:
    void finished(std::exception_ptr failure, bool interrupted) noexcept override;
    void orphan() noexcept override;

    std::string name_;
    awaitable<void> body_;
    scope* owner_ = nullptr;
    std::shared_ptr<task_core> self_;  ///< while it runs
    std::exception_ptr failure_;
    waiter_list waiting_;
    std::vector<std::unique_ptr<job>> callbacks_;
    bool done_ = false;
    bool interrupted_ = false;
    bool taken_ = false;  ///< somebody has seen the failure
};

template <class T>
class task_state final : public task_core {
public:
    std::optional<storable<T>> value;

    /// The body of a task: runs the operation and keeps its value.
    static awaitable<void> keep(task_state* self, awaitable<T> operation)
    {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(operation);
            self->value.emplace();
        } else {
            self->value.emplace(co_await std::move(operation));
        }
    }

    /// The same for a callable that makes the operation; it lives as long as that.
    template <class F>
    static awaitable<void> keep_call(task_state* self, F f)
    {
        auto operation = f();
        auto kept = keep(self, std::move(operation));
        co_await std::move(kept);
    }
};

}  // namespace detail

/// The handle of an operation that runs by itself: a spawned coroutine or a green thread.
///
/// Copies refer to the same task. Dropping every handle neither ends nor cancels it; a failure that
/// nobody took is then reported once (loop::on_error). Belongs to its loop.
/// As asyncio.Task, gevent.Greenlet and, with then() and otherwise(), Twisted's Deferred.
template <class T>
class task {
public:
    using value_type = T;

    /// A handle of nothing; only assignment and destruction are allowed.
    task() = default;
    explicit task(std::shared_ptr<detail::task_state<T>> state) noexcept : state_{std::move(state)}
    {
    }

    bool done() const noexcept { return state_->done(); }

    /// Interrupts the task where it waits; it unwinds by itself. No effect once it is done.
    void cancel() const noexcept
    {
        if (!state_->done()) state_->cancel();
    }
    bool cancelled() const noexcept { return state_->was_cancelled(); }

    bool failed() const noexcept { return state_->failed(); }

    const std::string& name() const noexcept { return state_->name(); }

    /// Waits for the task: its value (a copy if T can be copied, else moved out) or its failure.
    /// Any number may wait. Cancelling the one who waits leaves the task running.
    awaitable<T> join() const { return wait_for(state_); }

    /// Waits for the end, whatever it is; throws nothing but the `cancelled` of who waits.
    awaitable<void> wait() const { return detail::task_core::wait(state_); }

    /// The value, or none while the task runs, or if it failed. As Greenlet.value.
    std::optional<T> value() const
        requires(!std::is_void_v<T>)
    {
        return state_->value;
    }

    /// Why the task failed; null if it did not, or runs. Counts as taken. As Task.exception.
    std::exception_ptr failure() const noexcept { return state_->failure(); }

    /// Calls `f` with the value once it is there; `f` may be a coroutine. A failure passes by to
    /// the task that then() returns. As Deferred.addCallback.
    template <class F>
    auto then(F f) const;

    /// Calls `f` with the failure, as `const error&` or as `std::exception_ptr`; other failures and
    /// the value pass by. What `f` returns stands for the value. As Deferred.addErrback.
    template <class F>
    task<T> otherwise(F f) const;

    /// Calls `f` once, on the loop, when the task is done. As Task.add_done_callback.
    template <class F>
    void on_done(F f) const
    {
        state_->on_done(std::make_unique<detail::job_of<F>>(std::move(f)));
    }

    friend bool operator==(const task&, const task&) = default;

private:
    static awaitable<T> wait_for(std::shared_ptr<detail::task_state<T>> state)
    {
        co_await detail::task_core::wait(state);
        state->rethrow();
        if constexpr (std::copy_constructible<T>) {
            co_return *state->value;
        } else if constexpr (!std::is_void_v<T>) {
            co_return std::move(*state->value);
        }
    }

    std::shared_ptr<detail::task_state<T>> state_;
};

/// Lets an operation run by itself, from the loop's next turn on: at once inside a running loop,
/// else when the thread calls run(). \param name  for error messages. As asyncio.create_task.
template <class T>
task<T> spawn(awaitable<T> operation, std::string name = {})
{
    auto state = std::make_shared<detail::task_state<T>>();
    state->start(detail::task_state<T>::keep(state.get(), std::move(operation)), std::move(name));
    return task<T>(std::move(state));
}
template <prompt Op>
auto spawn(Op operation, std::string name = {})
{
    return spawn(detail::whole(std::move(operation)), std::move(name));
}

/// The same for a function that makes the operation, such as a lambda coroutine with captures; the
/// task keeps it until the operation has ended.
template <class F>
    requires detail::is_awaitable<std::invoke_result_t<F&>>::value
auto spawn(F f, std::string name = {})
{
    using value_type = typename detail::is_awaitable<std::invoke_result_t<F&>>::value_type;
    auto state = std::make_shared<detail::task_state<value_type>>();
    state->start(detail::task_state<value_type>::keep_call(state.get(), std::move(f)),
                 std::move(name));
    return task<value_type>(std::move(state));
}

namespace detail {

template <class F, class T>
struct call_result {
    using type = std::invoke_result_t<F&, T>;
};
template <class F>
struct call_result<F, void> {
    using type = std::invoke_result_t<F&>;
};

template <class R>
struct awaited {
    using type = R;
};
template <class T>
struct awaited<awaitable<T>> {
    using type = T;
};
template <prompt Op>
struct awaited<Op> {
    using type = typename Op::value_type;
};

/// Calls `f` with the value of `from`, and awaits what it returns if that is an operation.
template <class U, class T, class F>
awaitable<U> call_with_value(task<T> from, F f)
{
    auto joined = from.join();
    if constexpr (std::is_void_v<T>) {
        co_await std::move(joined);
        if constexpr (is_awaitable<std::invoke_result_t<F&>>::value) {
            auto next = f();
            co_return co_await std::move(next);
        } else {
            co_return f();
        }
    } else {
        T value = co_await std::move(joined);
        if constexpr (is_awaitable<std::invoke_result_t<F&, T>>::value) {
            auto next = f(std::move(value));
            co_return co_await std::move(next);
        } else {
            co_return f(std::move(value));
        }
    }
}

template <class T, class F>
awaitable<T> call_with_failure(task<T> from, F f)
{
    auto joined = from.join();
    if constexpr (std::is_invocable_v<F&, const error&>) {
        try {
            co_return co_await std::move(joined);
        } catch (const error& e) {
            co_return static_cast<T>(f(e));
        }
    } else {
        try {
            co_return co_await std::move(joined);
        } catch (...) {
            co_return static_cast<T>(f(std::current_exception()));
        }
    }
}

}  // namespace detail

template <class T>
template <class F>
auto task<T>::then(F f) const
{
    using result = typename detail::call_result<F, T>::type;
    using next = typename detail::awaited<result>::type;
    return spawn(detail::call_with_value<next, T, F>(*this, std::move(f)));
}

template <class T>
template <class F>
task<T> task<T>::otherwise(F f) const
{
    return spawn(detail::call_with_failure<T, F>(*this, std::move(f)));
}

}  // namespace ferry
