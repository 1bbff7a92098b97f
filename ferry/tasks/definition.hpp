#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/tasks/context.hpp"
#include "ferry/tasks/options.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace ferry::tasks {

/// A registered task: how to treat it, and how to run it. Made by app::task. One of the two
/// functions is set.
struct definition {
    definition() = default;

    std::string name;
    task_settings settings;
    /// Runs a plain function to its end.
    std::function<value(const definition&, const context&)> call;
    /// Makes the operation of a coroutine.
    std::function<awaitable<value>(const definition&, const context&)> start;
    bool returns_value = false;  ///< a `value`, not a C++ type that says what becomes of it
    bool in_worker = false;      ///< runs in the worker itself, also if that has processes
};

namespace detail {

/// Finds the argument for each parameter, by position and then by name.
/// \param optional  parameters that may be missing, and are null then.
/// \throws task_error  TypeError, in Python's words: they do not fit.
std::vector<const value*> match_arguments(const definition& task, const message& call,
                                          std::span<const bool> optional);

/// \throws task_error  TypeError: the argument has the wrong type.
[[noreturn]] void refuse_argument(const definition& task, std::size_t index, const error& why);

template <class T>
T argument(const definition& task, const std::vector<const value*>& found, std::size_t index)
{
    try {
        return found[index] == nullptr ? from_value<T>(value()) : from_value<T>(*found[index]);
    } catch (const error& e) {
        refuse_argument(task, index, e);
    }
}

template <class... A>
struct parameter_list {
    static std::tuple<A...> bind(const definition& task, const context& c)
    {
        static constexpr std::array<bool, sizeof...(A)> optional = {
            ferry::detail::may_be_missing<A>...};
        const std::vector<const value*> found = match_arguments(task, c.request(), optional);
        return bind_each(task, found, std::index_sequence_for<A...>());
    }

    template <std::size_t... I>
    static std::tuple<A...> bind_each(const definition& task,
                                      const std::vector<const value*>& found,
                                      std::index_sequence<I...>)
    {
        return std::tuple<A...>{argument<A>(task, found, I)...};
    }

    static value pack(const A&... args) { return value::array(to_value(args)...); }
};

template <>
struct parameter_list<arguments> {
    static std::tuple<arguments> bind(const definition&, const context& c)
    {
        arguments all;
        all.args = c.request().args;
        all.kwargs = c.request().kwargs;
        return {std::move(all)};
    }
};

/// Taken apart: what a task returns, what its callers give, whether it wants its context.
template <class R, class... A>
struct shape {
    using result = typename ferry::detail::awaited<R>::type;
    using list = parameter_list<std::remove_cvref_t<A>...>;
    using type = result(std::remove_cvref_t<A>...);
    static constexpr bool waits = ferry::detail::is_awaitable<R>::value;
    static constexpr bool bound = false;
};
template <class R, class... A>
struct shape<R, context, A...> : shape<R, A...> {
    static constexpr bool bound = true;
};

template <class F>
struct shape_of;
template <class R, class... A>
struct shape_of<std::function<R(A...)>> {
    using type = shape<R, A...>;
};
template <class F>
using shape_of_t = typename shape_of<decltype(std::function{std::declval<F>()})>::type;

template <class Shape, class F, class Args>
decltype(auto) invoke(const F& f, const context& c, Args& args)
{
    return std::apply(
        [&](auto&... a) -> decltype(auto) {
            if constexpr (Shape::bound) {
                return f(c, std::move(a)...);
            } else {
                return f(std::move(a)...);
            }
        },
        args);
}

/// Owns function and arguments as long as the operation runs: a lambda coroutine needs its closure.
template <class Shape, class F, class Args>
awaitable<value> run_operation(std::shared_ptr<const F> f, context c, Args args)
{
    auto operation = invoke<Shape>(*f, c, args);
    if constexpr (std::is_void_v<typename Shape::result>) {
        co_await std::move(operation);
        co_return value();
    } else {
        const typename Shape::result made = co_await std::move(operation);
        co_return to_value(made);
    }
}

template <class F>
definition define(std::string name, F f, task_settings settings)
{
    using shape = shape_of_t<F>;
    definition d;
    d.name = std::move(name);
    d.settings = std::move(settings);
    d.returns_value = std::is_same_v<typename shape::result, value>;
    if constexpr (shape::waits) {
        d.start = [f = std::make_shared<const F>(std::move(f))](const definition& self,
                                                                const context& c) {
            return run_operation<shape>(f, c, shape::list::bind(self, c));
        };
    } else {
        d.call = [f = std::move(f)](const definition& self, const context& c) {
            auto args = shape::list::bind(self, c);
            if constexpr (std::is_void_v<typename shape::result>) {
                invoke<shape>(f, c, args);
                return value();
            } else {
                return to_value(typename shape::result(invoke<shape>(f, c, args)));
            }
        };
    }
    return d;
}

}  // namespace detail
}  // namespace ferry::tasks
