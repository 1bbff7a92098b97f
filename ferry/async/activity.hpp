#pragma once

#include "ferry/async/awaitable.hpp"

#include <cstddef>
#include <exception>
#include <optional>

namespace ferry {

class loop;
class waiter;

namespace detail {

class loop_core;

/// An entry of the loop's ready list; `turn` is called once, in a later turn of the loop.
struct ready_entry {
    void (*turn)(ready_entry&) noexcept = nullptr;
    ready_entry* next_ready = nullptr;
};

/// A move-only function without arguments.
class job {
public:
    job() = default;
    job(const job&) = delete;
    job& operator=(const job&) = delete;
    virtual ~job() = default;
    virtual void operator()() = 0;
};

template <class F>
class job_of final : public job {
public:
    explicit job_of(F f) : f_{std::move(f)} {}
    void operator()() override { f_(); }

private:
    F f_;
};

/// One running coroutine with a cancellation of its own: what a task, a child of gather and the
/// operation under timeout() have in common. Belongs to the loop of the thread that launched it.
class activity : public ready_entry {
public:
    activity() = default;
    activity(const activity&) = delete;
    activity& operator=(const activity&) = delete;
    virtual ~activity() = default;

    /// Starts `operation` at once; returns when it first waits, or is done.
    void launch(awaitable<void> operation);

    /// Interrupts the operation at the point where it waits, and at every later one.
    void cancel() noexcept;

    bool cancel_requested() const noexcept { return cancel_requested_; }

    /// The operation is over. `failure` is null for success, `interrupted` says that it is a
    /// `cancelled`. The last thing that happens to the activity, which may delete itself here.
    virtual void finished(std::exception_ptr failure, bool interrupted) noexcept = 0;

    /// The owner is gone; finished() must not tell it.
    virtual void orphan() noexcept {}

    activity* previous = nullptr;  ///< in the list of the owner, a scope or the loop
    activity* following = nullptr;

private:
    boost::asio::cancellation_signal signal_;
    bool cancel_requested_ = false;
};

/// The activities of one owner.
class activity_list {
public:
    void add(activity& a) noexcept;
    void remove(activity& a) noexcept;
    bool empty() const noexcept { return first_ == nullptr; }
    activity* first() const noexcept { return first_; }

    /// Cancels each of them. A list may shrink, but not grow, meanwhile.
    void cancel_all() noexcept;

private:
    activity* first_ = nullptr;
};

/// Tells the loop's error handler, or the log, about a failure that nobody took.
void report_failure(const std::exception_ptr& failure, const char* where) noexcept;

}  // namespace detail
}  // namespace ferry
