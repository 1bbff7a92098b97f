#pragma once

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// Green threads, gevent's way: functions with a stack of their own on the loop of their thread,
/// which wait without blocking it. Their handles are tasks like any other.
///
///     auto job = green::spawn([url] { return green::wait(length_of(url)); });
namespace ferry::green {

/// The stack of a green thread: address space, of which only what is touched takes memory. A guard
/// page lies below.
inline constexpr std::size_t stack_bytes = 256 * 1024;

namespace detail {

/// Runs `body` on a stack of its own, as an operation.
awaitable<void> run_on_stack(std::unique_ptr<ferry::detail::job> body);

/// Hands an operation to the loop and lets the calling green thread wait for it.
void wait(awaitable<void> operation);

/// Waits in a green thread; runs the loop elsewhere.
void wait_or_run(awaitable<void> operation);

template <class T, class F>
awaitable<T> call_on_stack(F f)
{
    std::optional<ferry::detail::storable<T>> value;
    auto body = [&value, &f] {
        if constexpr (std::is_void_v<T>) {
            f();
            value.emplace();
        } else {
            value.emplace(f());
        }
    };
    auto running = run_on_stack(std::make_unique<ferry::detail::job_of<decltype(body)>>(body));
    co_await std::move(running);
    if constexpr (!std::is_void_v<T>) co_return std::move(*value);
}

}  // namespace detail

/// Whether the caller runs in a green thread.
bool in_green_thread() noexcept;

/// Waits for an operation in a green thread; the loop goes on meanwhile.
/// \throws error(errc::invalid_state)  called elsewhere. As gevent's implicit switch.
template <class T>
T wait(awaitable<T> operation)
{
    if constexpr (std::is_void_v<T>) {
        detail::wait(std::move(operation));
    } else {
        std::optional<T> value;
        auto into = [](awaitable<T> op, std::optional<T>* out) -> awaitable<void> {
            out->emplace(co_await std::move(op));
        };
        detail::wait(into(std::move(operation), &value));
        return std::move(*value);
    }
}
template <prompt Op>
auto wait(Op operation)
{
    return wait(ferry::detail::whole(std::move(operation)));
}

/// Starts `f(args...)` as a green thread, from the loop's next turn on; the arguments are copied.
/// Cancelling the task throws `cancelled` where the green thread waits. As gevent.spawn.
template <class F, class... Args>
auto spawn(F f, Args... args)
{
    using value_type = std::invoke_result_t<F&, Args...>;
    auto call = [f = std::move(f), bound = std::make_tuple(std::move(args)...)]() mutable {
        return std::apply(f, std::move(bound));
    };
    return ferry::spawn(detail::call_on_stack<value_type, decltype(call)>(std::move(call)));
}

/// One green thread for each element, which is copied.
template <std::ranges::input_range Range, class F>
auto spawn_each(const Range& elements, F f)
{
    using element = std::ranges::range_value_t<Range>;
    std::vector<decltype(green::spawn(f, std::declval<element>()))> jobs;
    for (const auto& e : elements) jobs.push_back(green::spawn(f, element(e)));
    return jobs;
}

/// Waits until all jobs are done, or the time is over; throws for neither, nor for failed jobs: ask
/// each for its value() or failure(). What is not done runs on. In a green thread the loop goes
/// on meanwhile; in plain code the thread's loop is run. \throws error(errc::would_deadlock)  in a
/// coroutine. As gevent.joinall.
template <class T>
void join_all(const std::vector<task<T>>& jobs,
              std::optional<std::chrono::nanoseconds> limit = std::nullopt)
{
    auto all = [](std::vector<task<T>> js) -> awaitable<void> {
        for (const auto& j : js) co_await j.wait();
    };
    auto waiting = all(jobs);
    if (limit) waiting = timeout(*limit, std::move(waiting), "join_all");
    try {
        detail::wait_or_run(std::move(waiting));
    } catch (const timeout_error&) {
        // The caller sees which are done.
    }
}

/// Runs `f(args...)` as a green thread on the thread's loop and blocks until it is done.
template <class F, class... Args>
auto run(F f, Args... args)
{
    using value_type = std::invoke_result_t<F&, Args...>;
    auto call = [&] { return f(args...); };
    return ferry::run(detail::call_on_stack<value_type, decltype(call)>(call));
}

}  // namespace ferry::green
