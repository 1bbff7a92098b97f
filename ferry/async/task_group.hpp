#pragma once

#include "ferry/async/scope.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/error.hpp"

#include <string>
#include <utility>

namespace ferry {

/// Tasks that end together: join() waits for all of them, and the first that fails cancels the
/// rest. Tasks may be added at any time, also by tasks of the group.
///
///     task_group group;
///     for (const auto& url : urls) group.spawn(fetch(url));
///     co_await group.join();
///
/// The destructor cancels what was not joined and leaves its end to the loop. As asyncio.TaskGroup,
/// whose exception group it does not make: the first failure is thrown.
class task_group {
public:
    /// Starts a task from the loop's next turn on. Its failure is the group's concern; cancelling
    /// the single task concerns nobody else.
    template <class T>
    task<T> spawn(awaitable<T> operation, std::string name = {})
    {
        using state_type = detail::task_state<T>;
        auto state = std::make_shared<state_type>();
        auto body = state_type::keep(state.get(), std::move(operation));
        state->start(std::move(body), std::move(name), &children_);
        return task<T>(std::move(state));
    }
    template <prompt Op>
    auto spawn(Op operation, std::string name = {})
    {
        return spawn(ferry::detail::whole(std::move(operation)), std::move(name));
    }

    /// The same for a function that makes the operation and is kept until it has ended.
    template <class F>
        requires detail::is_awaitable<std::invoke_result_t<F&>>::value
    auto spawn(F f, std::string name = {})
    {
        using value_type = typename detail::is_awaitable<std::invoke_result_t<F&>>::value_type;
        using state_type = detail::task_state<value_type>;
        auto state = std::make_shared<state_type>();
        auto body = state_type::keep_call(state.get(), std::move(f));
        state->start(std::move(body), std::move(name), &children_);
        return task<value_type>(std::move(state));
    }

    /// Waits until no task is left; the group can be used again then. Cancelling it cancels all.
    /// \throws the first failure, or `cancelled` if join() itself was; after every task has ended.
    awaitable<void> join()
    {
        co_await children_.join();
        if (children_.cancelled_from_outside()) throw cancelled();
    }

    /// Interrupts every task; join() then waits for their end, and does not throw for it.
    void cancel() noexcept { children_.cancel(); }

    bool empty() const noexcept { return children_.empty(); }

private:
    scope children_;
};

}  // namespace ferry
