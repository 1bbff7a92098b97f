#pragma once

#include "ferry/async/activity.hpp"
#include "ferry/async/awaitable.hpp"
#include "ferry/async/prompt.hpp"

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ferry {

/// The event loop of one thread. A handle: cheap to copy, and safe to keep after the thread's end.
///
/// Each thread has a loop of its own, made on first use and gone with the thread; what is made on
/// it belongs to it. Other threads may only post() to it and submit() to it.
class loop {
public:
    /// The calling thread's loop.
    static loop current();

    /// Runs `f` on the loop's thread, in a later turn. Thread-safe. An exception that leaves `f` is
    /// reported and ends nothing. After the thread's end `f` is dropped.
    /// As asyncio's call_soon_threadsafe.
    template <class F>
    void post(F f) const
    {
        enqueue(std::make_unique<detail::job_of<F>>(std::move(f)));
    }

    /// Runs an operation on the loop and hands its outcome to another thread. Thread-safe.
    /// If the thread ends first the operation is cancelled, and the future throws `cancelled`; it
    /// is broken if the thread had ended before. As asyncio's run_coroutine_threadsafe.
    template <class T>
    std::future<T> submit(awaitable<T> operation) const;
    template <prompt Op>
    auto submit(Op operation) const
    {
        return submit(detail::whole(std::move(operation)));
    }

    /// What is told about failures that nobody took, of posted functions and dropped tasks. The
    /// default logs an error. Call on the loop's own thread.
    void on_error(std::function<void(const std::exception_ptr&, std::string_view where)> f) const;

    /// While one of these lives the loop waits for posts from other threads even if nothing else
    /// could wake it, where run() would otherwise throw would_deadlock.
    std::shared_ptr<void> hold() const;

    friend bool operator==(const loop&, const loop&) = default;

private:
    explicit loop(std::shared_ptr<detail::loop_core> core) : core_{std::move(core)} {}
    void enqueue(std::unique_ptr<detail::job> work) const;
    void start(awaitable<void> operation) const;

    std::shared_ptr<detail::loop_core> core_;
};

template <class T>
std::future<T> loop::submit(awaitable<T> operation) const
{
    std::promise<T> promise;
    auto future = promise.get_future();
    auto fulfil = [](awaitable<T> op, std::promise<T> outcome) -> awaitable<void> {
        try {
            if constexpr (std::is_void_v<T>) {
                co_await std::move(op);
                outcome.set_value();
            } else {
                outcome.set_value(co_await std::move(op));
            }
        } catch (...) {
            outcome.set_exception(std::current_exception());
        }
    };
    start(fulfil(std::move(operation), std::move(promise)));
    return future;
}

}  // namespace ferry
