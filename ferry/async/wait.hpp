#pragma once

#include "ferry/async/queue.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ferry {

/// When wait() returns. As asyncio's constants of the same names.
enum class wait_mode : unsigned char { all_completed, first_completed, first_exception };

/// The tasks in their order, sorted by whether they had ended.
template <class T>
class wait_result {
public:
    std::vector<task<T>> done;
    std::vector<task<T>> pending;

    wait_result() = default;
};

/// The tasks in the order in which they end: `co_await each.next()`, none after the last. As
/// asyncio.as_completed.
template <class T>
class as_completed {
public:
    explicit as_completed(const std::vector<task<T>>& tasks)
        : ended_{std::make_shared<queue<task<T>>>(tasks.size())}, left_{tasks.size()}
    {
        for (const auto& t : tasks) {
            t.on_done([ended = ended_, t] { ended->put_nowait(task<T>(t)); });
        }
    }

    /// Safe to cancel: the next task is not lost.
    awaitable<std::optional<task<T>>> next()
    {
        if (left_ == 0) co_return std::nullopt;
        std::optional<task<T>> t = co_await ended_->next();
        --left_;
        co_return t;
    }

private:
    std::shared_ptr<queue<task<T>>> ended_;
    std::size_t left_;
};

/// Waits for tasks; leaves them running and throws for none of them. As asyncio.wait.
/// \param limit  none: no limit.
/// \throws error(errc::out_of_range)  there is no task to wait for.
template <class T>
awaitable<wait_result<T>> wait(std::vector<task<T>> tasks,
                               wait_mode mode = wait_mode::all_completed,
                               std::optional<std::chrono::nanoseconds> limit = std::nullopt)
{
    if (tasks.empty()) throw error(errc::out_of_range, "wait: there is no task");
    auto enough = [](as_completed<T> each, wait_mode m) -> awaitable<void> {
        for (;;) {
            std::optional<task<T>> t = co_await each.next();
            if (!t || m == wait_mode::first_completed) co_return;
            if (m == wait_mode::first_exception && t->failed() && !t->cancelled()) co_return;
        }
    };
    auto waiting = enough(as_completed<T>(tasks), mode);
    if (limit) waiting = timeout(*limit, std::move(waiting), "wait");
    try {
        co_await std::move(waiting);
    } catch (const timeout_error&) {
        // The result says what is pending.
    }
    wait_result<T> result;
    for (auto& t : tasks) (t.done() ? result.done : result.pending).push_back(std::move(t));
    co_return result;
}

/// Protects an operation from the cancellation of the one who waits: it runs on as a task of its
/// own. As asyncio.shield.
template <class T>
awaitable<T> shield(awaitable<T> operation)
{
    return spawn(std::move(operation)).join();
}
template <prompt Op>
auto shield(Op operation)
{
    return shield(detail::whole(std::move(operation)));
}

}  // namespace ferry
