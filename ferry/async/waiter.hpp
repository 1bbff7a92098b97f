#pragma once

#include "ferry/async/activity.hpp"
#include "ferry/async/prompt.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace ferry {

class parking;
class waiter_list;

/// The building block of every ferry primitive that waits: one coroutine, parked until somebody
/// wakes it. Lives in the coroutine that waits.
///
/// Woken and cancelled in the same turn, it counts as woken: what it was given is never lost, and
/// the coroutine meets the cancellation at its next wait. Single-loop: only the loop's own thread
/// may wake it.
class waiter : private detail::ready_entry {
public:
    waiter() noexcept = default;
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    virtual ~waiter();

    /// Waits until wake() has been called, which may have happened before.
    /// \throws cancelled  the coroutine was cancelled first; the waiter has left its list.
    parking park() noexcept;

    /// Waits for the loop's next turn, behind everything that is ready already.
    parking pass() noexcept;

    /// Lets park() return in a later turn of the loop. Has no effect after the first time.
    void wake() noexcept;

    bool woken() const noexcept { return state_ == state::woken; }

protected:
    /// The waiting coroutine was cancelled. By default it stops waiting.
    virtual void cancel_requested() noexcept { abort(); }

    void abort() noexcept;
    void reset() noexcept { state_ = state::idle; }

private:
    friend class parking;
    friend class waiter_list;
    struct on_cancel;
    using coroutine =
        boost::asio::detail::awaitable_async_op_handler<void(), boost::asio::any_io_executor>;

    enum class state : unsigned char { idle, woken, aborted };

    void make_ready() noexcept;
    static void resume(ready_entry& self) noexcept;

    state state_ = state::idle;
    detail::loop_core* loop_ = nullptr;
    std::optional<coroutine> parked_;
    waiter_list* list_ = nullptr;
    waiter* previous_ = nullptr;
    waiter* next_ = nullptr;
};

/// As awaitable<void>, but awaited it needs no coroutine of its own: the waiter keeps the one that
/// awaits it. See waiter::park() and waiter::pass().
class parking final : public prompt_base<parking, void> {
public:
    bool attempt();
    void result() const noexcept {}
    awaitable<void> later() &&;

    /// Whether there is nothing to wait for. \param late  the coroutine has been cancelled.
    bool is_over(bool late) const noexcept
    {
        if (late && waiter_->state_ == waiter::state::idle) waiter_->cancel_requested();
        return waiter_->state_ != waiter::state::idle;
    }
    void suspend(waiter::coroutine&& from) const;
    void resume() const
    {
        if (waiter_->state_ == waiter::state::aborted) interrupt();
    }

private:
    friend class waiter;
    parking(waiter& by, bool at_once) noexcept : waiter_{&by}, at_once_{at_once} {}
    [[noreturn]] static void interrupt();
    static awaitable<void> wait(parking self);

    waiter* waiter_;
    bool at_once_;
};

inline parking waiter::park() noexcept
{
    return {*this, false};
}

inline parking waiter::pass() noexcept
{
    return {*this, true};
}

/// Waiters in the order in which they came.
class waiter_list {
public:
    waiter_list() noexcept = default;
    waiter_list(const waiter_list&) = delete;
    waiter_list& operator=(const waiter_list&) = delete;

    /// Whoever still waits gets `cancelled`.
    ~waiter_list();

    bool empty() const noexcept { return first_ == nullptr; }
    waiter* front() const noexcept { return first_; }
    void push_back(waiter& w) noexcept;
    void remove(waiter& w) noexcept;

    /// Takes the first out of the list and wakes it. \return it, or null if the list was empty.
    waiter* wake_one() noexcept;
    void wake_all() noexcept;

private:
    waiter* first_ = nullptr;
    waiter* last_ = nullptr;
};

/// A moment of the steady clock at which the loop calls expired(). Lives in whatever waits for it;
/// starting and stopping cost the logarithm of the number of timers, and no system call unless it
/// is the earliest of all.
class timer {
public:
    using clock = std::chrono::steady_clock;

    timer() noexcept = default;
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;
    virtual ~timer() { stop(); }

    /// (Re)starts it on the calling thread's loop.
    void start(clock::time_point when);
    void start_after(clock::duration d);
    void stop() noexcept;

    bool running() const noexcept { return loop_ != nullptr; }
    clock::time_point when() const noexcept { return when_; }

private:
    friend class detail::loop_core;
    virtual void expired() noexcept = 0;

    clock::time_point when_;
    std::size_t index_ = 0;
    detail::loop_core* loop_ = nullptr;
};

/// The point `d` from now, or the end of time if that is further away than the clock can say.
timer::clock::time_point after(timer::clock::duration d) noexcept;

}  // namespace ferry

// How Asio's coroutines await it.
template <class Executor>
class boost::asio::detail::awaitable_async_op<void(), ferry::parking, Executor> {
public:
    awaitable_async_op(const ferry::parking& at, awaitable_frame_base<Executor>* frame) noexcept
        : at_{at}, frame_{frame}
    {
    }

    bool await_ready() const
    {
        const auto state = frame_->await_transform(this_coro::cancellation_state).await_resume();
        return at_.is_over(state.cancelled() != cancellation_type::none);
    }

    void await_suspend(coroutine_handle<void>)
    {
        const auto suspended = [](void* self) {
            auto& op = *static_cast<awaitable_async_op*>(self);
            op.at_.suspend(handler(op.frame_->detach_thread(), op.nothing_));
        };
        frame_->after_suspend(suspended, this);
    }

    void await_resume() const { at_.resume(); }

private:
    using handler = awaitable_async_op_handler<void(), Executor>;

    ferry::parking at_;
    awaitable_frame_base<Executor>* frame_;
    [[no_unique_address]] typename handler::result_type nothing_;
};
