#pragma once

#include "ferry/async/awaitable.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace ferry {

/// An operation that is mostly done at once, such as sending a small message: awaited, it tries
/// first, and becomes a coroutine only if it has to wait, which is what costs. Otherwise it is as
/// an awaitable<value_type>: lazy, movable, awaited once; whatever takes that takes it too.
///
///     class next final : public prompt_base<next, int> {
///     public:
///         bool attempt();               // whether it is done; throws what the operation throws
///         int result();                 // its value, after that
///         awaitable<int> later() &&;    // all of it as a coroutine, whether attempted or not
///     };
template <class Op>
concept prompt = requires(Op& op) {
    typename Op::value_type;
    { op.attempt() } -> std::same_as<bool>;
    { op.result() } -> std::same_as<typename Op::value_type>;
    { std::move(op).later() } -> std::same_as<awaitable<typename Op::value_type>>;
};

/// What prompt operations have in common.
template <class Op, class T>
class prompt_base {
public:
    using value_type = T;

    operator awaitable<T>() && { return static_cast<Op&&>(*this).later(); }
};

namespace detail {

template <class T>
awaitable<T> whole(awaitable<T> operation)
{
    return operation;
}
template <prompt Op>
awaitable<typename Op::value_type> whole(Op operation)
{
    return std::move(operation).later();
}

}  // namespace detail
}  // namespace ferry

// How Asio's coroutines await it: asked whether it is ready, it is attempted; a coroutine that must
// wait is put on the waiting one's stack, as that of an awaitable is.

template <ferry::prompt Op>
struct boost::asio::is_async_operation<Op> : std::true_type {};

template <ferry::prompt Op>
struct boost::asio::completion_signature_of<Op> {
    using type = void();
};

template <ferry::prompt Op, class Executor>
class boost::asio::detail::awaitable_async_op<void(), Op, Executor> {
public:
    awaitable_async_op(Op&& op, awaitable_frame_base<Executor>* /*frame*/) noexcept : op_{op} {}

    bool await_ready() { return op_.attempt(); }

    template <class T>
    void await_suspend(coroutine_handle<awaitable_frame<T, Executor>> from)
    {
        later_ = std::move(op_).later();
        later_.await_suspend(from);
    }

    typename Op::value_type await_resume()
    {
        if (later_.valid()) return later_.await_resume();
        return op_.result();
    }

private:
    Op& op_;
    awaitable<typename Op::value_type, Executor> later_;
};
