#pragma once

#include "ferry/async/loop.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/error.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace ferry {

namespace detail {

/// What an operation on another thread's loop and who waits for it here have in common. The
/// outcome is written there before `done` is set here.
template <class T>
class remote_state : public std::enable_shared_from_this<remote_state<T>> {
public:
    event done;
    std::optional<storable<T>> value;
    std::exception_ptr failure;
    std::optional<task<void>> job;  ///< there only, while it runs

    void tell()
    {
        home_.post([self = this->shared_from_this()] {
            self->held_.reset();
            self->done.set();
        });
    }

private:
    loop home_ = loop::current();
    std::shared_ptr<void> held_ = home_.hold();
};

/// The operation on its way; says so if it never gets there, because that thread has ended.
template <class T>
class remote_call {
public:
    remote_call(awaitable<T> operation, std::shared_ptr<remote_state<T>> state)
        : operation_{std::move(operation)}, state_{std::move(state)}
    {
    }
    remote_call(remote_call&&) noexcept = default;
    remote_call& operator=(remote_call&&) = delete;
    ~remote_call()
    {
        if (!state_) return;
        state_->failure = std::make_exception_ptr(
            error(errc::invalid_state, "run_on: the thread of that loop has ended"));
        state_->tell();
    }

    void operator()()
    {
        const auto state = std::exchange(state_, nullptr);
        state->job = spawn(carry_out(std::move(operation_), state));
    }

private:
    static awaitable<void> carry_out(awaitable<T> operation, std::shared_ptr<remote_state<T>> into)
    {
        try {
            if constexpr (std::is_void_v<T>) {
                co_await std::move(operation);
                into->value.emplace();
            } else {
                into->value.emplace(co_await std::move(operation));
            }
        } catch (...) {
            into->failure = std::current_exception();
        }
        into->job.reset();
        into->tell();
    }

    awaitable<T> operation_;
    std::shared_ptr<remote_state<T>> state_;
};

}  // namespace detail

/// Runs an operation on another thread's loop, where its objects live, and waits for its outcome
/// here. That thread must be running its loop meanwhile.
///
///     auto orders = co_await run_on(owner, count_orders(shop));
///
/// Cancelling asks the operation to end, and does not wait for that: what it uses must be its own.
/// \throws error(errc::invalid_state)  that thread has ended.
/// Cost: two posts between threads. As asyncio.wrap_future(run_coroutine_threadsafe(...)).
template <class T>
awaitable<T> run_on(loop where, awaitable<T> operation)
{
    auto state = std::make_shared<detail::remote_state<T>>();
    where.post(detail::remote_call<T>(std::move(operation), state));
    try {
        co_await state->done.wait();
    } catch (const cancelled&) {
        where.post([state] {
            if (state->job) state->job->cancel();
        });
        throw;
    }
    if (state->failure) std::rethrow_exception(state->failure);
    if constexpr (!std::is_void_v<T>) co_return std::move(*state->value);
}
template <prompt Op>
auto run_on(loop where, Op operation)
{
    return run_on(std::move(where), detail::whole(std::move(operation)));
}

}  // namespace ferry
