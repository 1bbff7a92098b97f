#pragma once

#include "ferry/async/activity.hpp"

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace ferry {

namespace detail {

/// Runs `work` on a thread of the pool and waits for its end. The state that `work` shares with the
/// caller must be owned by both.
awaitable<void> run_in_pool(std::unique_ptr<job> work);

}  // namespace detail

/// Runs `f` on a thread of the process's pool and waits for what it returns or throws: the way to
/// call what blocks (SQLite, bcrypt, files, the resolver of libc) without stopping the loop.
///
///     auto text = co_await run_blocking(read);        // g++ 12: name a lambda with captures first
///
/// The pool has twice as many threads as there are cores, from 4 to 32; further calls wait in line.
/// Cancelling abandons the wait at once, never the thread: `f` runs to its end and its result is
/// destroyed on its thread, so it must own what it uses. As asyncio.to_thread.
template <class F>
auto run_blocking(F f) -> awaitable<std::invoke_result_t<F&>>
{
    using result = std::invoke_result_t<F&>;
    if constexpr (std::is_void_v<result>) {
        auto work = detail::run_in_pool(std::make_unique<detail::job_of<F>>(std::move(f)));
        co_await std::move(work);
    } else {
        auto value = std::make_shared<std::optional<result>>();
        auto call = [value, f = std::move(f)]() mutable { value->emplace(f()); };
        auto work =
            detail::run_in_pool(std::make_unique<detail::job_of<decltype(call)>>(std::move(call)));
        co_await std::move(work);
        co_return std::move(**value);
    }
}

}  // namespace ferry
