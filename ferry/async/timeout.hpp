#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/prompt.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace ferry {

namespace detail {

awaitable<void> timeout(std::chrono::nanoseconds limit, awaitable<void> operation,
                        std::string what);

}

/// Waits `d`, at least. As asyncio.sleep.
awaitable<void> sleep(std::chrono::nanoseconds d);

/// Lets everything that is ready run first. As asyncio.sleep(0).
awaitable<void> yield_now();

/// Gives an operation a time limit: cancels it when that is over, and waits for its end.
///
///     auto page = co_await timeout(2s, fetch(url));
///
/// An operation that completes in spite of the cancellation has its value returned. Cancelling
/// timeout() cancels the operation, and is thrown as `cancelled` even if the time is over too.
/// \param what  names the operation in the error's message.
/// \throws timeout_error  the time was over. As asyncio.wait_for.
template <class T>
awaitable<T> timeout(std::chrono::nanoseconds d, awaitable<T> operation,
                     std::string what = "operation")
{
    if constexpr (std::is_void_v<T>) {
        auto limited = detail::timeout(d, std::move(operation), std::move(what));
        co_await std::move(limited);
    } else {
        std::optional<T> value;
        auto into = [](awaitable<T> op, std::optional<T>* out) -> awaitable<void> {
            out->emplace(co_await std::move(op));
        };
        auto kept = into(std::move(operation), &value);
        auto limited = detail::timeout(d, std::move(kept), std::move(what));
        co_await std::move(limited);
        co_return std::move(*value);
    }
}
template <prompt Op>
auto timeout(std::chrono::nanoseconds d, Op operation, std::string what = "operation")
{
    return timeout(d, detail::whole(std::move(operation)), std::move(what));
}

}  // namespace ferry
