#pragma once

#include "ferry/async/waiter.hpp"

namespace ferry {

/// Operations that run side by side inside one coroutine, which waits for all of them: what gather,
/// timeout and task_group are made of. Cancelling the coroutine while it joins cancels them all.
class scope {
public:
    scope() noexcept = default;
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

    /// Cancels what is still running and leaves it to the loop to see its end.
    ~scope();

    /// Starts an operation at once, up to its first wait. Its failure cancels the others.
    void start(awaitable<void> operation);

    /// Waits until none is left.
    /// \throws the first failure; `cancelled` if an operation ended that way.
    awaitable<void> join();

    void cancel() noexcept;

    /// Whether all that was started has ended.
    bool empty() const noexcept { return children_.empty(); }

    /// Whether the joining coroutine itself was cancelled.
    bool cancelled_from_outside() const noexcept { return joining_.cancelled; }

    /// For activities that live elsewhere: one joins, one has ended. `expected` failures, such as
    /// the cancellation of one task, concern nobody else.
    void adopt(detail::activity& child) noexcept;
    void left(detail::activity& child, const std::exception_ptr& failure, bool expected) noexcept;

private:
    class child;

    class join_waiter final : public waiter {
    public:
        explicit join_waiter(scope& owner) noexcept : owner_{owner} {}
        using waiter::reset;
        bool cancelled = false;

    private:
        void cancel_requested() noexcept override;
        scope& owner_;
    };

    detail::activity_list children_;
    std::exception_ptr failure_;
    bool cancelling_ = false;
    join_waiter joining_{*this};
};

}  // namespace ferry
