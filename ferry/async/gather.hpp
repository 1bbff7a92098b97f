#pragma once

#include "ferry/async/prompt.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/async/task.hpp"

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ferry {

namespace detail {

/// Runs the operation and puts its value where gather collects it.
template <class T>
awaitable<void> collect(awaitable<T> operation, std::optional<storable<T>>* into)
{
    if constexpr (std::is_void_v<T>) {
        co_await std::move(operation);
        into->emplace();
    } else {
        into->emplace(co_await std::move(operation));
    }
}

}  // namespace detail

/// Runs the operations side by side and waits for all of them.
///
///     auto [page, count] = co_await gather(fetch(url), count_rows(table));
///
/// The first failure cancels the others, waits for their end, and is thrown: nothing is left
/// running, unlike asyncio.gather. Cancelling it cancels all. void counts as std::monostate.
template <class... T>
awaitable<std::tuple<detail::storable<T>...>> gather(awaitable<T>... operations)
{
    std::tuple<std::optional<detail::storable<T>>...> values;
    scope children;
    std::apply(
        [&](auto&... into) {
            (children.start(detail::collect(std::move(operations), &into)), ...);
        },
        values);
    co_await children.join();
    co_return std::apply(
        [](auto&... value) { return std::tuple<detail::storable<T>...>(std::move(*value)...); },
        values);
}

template <class... Ops>
    requires(prompt<Ops> || ...)
auto gather(Ops... operations)
{
    return gather(detail::whole(std::move(operations))...);
}

/// The same for any number of operations of one kind; the values come in the same order.
template <class T>
    requires(!std::is_void_v<T>)
awaitable<std::vector<T>> gather(std::vector<awaitable<T>> operations)
{
    std::vector<std::optional<T>> values(operations.size());
    scope children;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        children.start(detail::collect(std::move(operations[i]), &values[i]));
    }
    co_await children.join();
    std::vector<T> result;
    result.reserve(values.size());
    for (auto& value : values) result.push_back(std::move(*value));
    co_return result;
}

awaitable<void> gather(std::vector<awaitable<void>> operations);

}  // namespace ferry
