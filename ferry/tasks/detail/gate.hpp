#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/waiter.hpp"

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace ferry::tasks::detail {

/// Lets one coroutine wait for what happens on other threads.
class gate : public std::enable_shared_from_this<gate> {
public:
    /// Lets wait() go on, now or when it comes. Thread-safe.
    void open();

    /// Waits until open() was called since the last wait. A cancelled wait takes nothing.
    static awaitable<void> wait(std::shared_ptr<gate> self);

private:
    class visit;

    std::mutex mutex_;
    bool open_ = false;         ///< guarded
    std::optional<loop> home_;  ///< guarded; of the coroutine that waits
    std::thread::id thread_;    ///< guarded; home's
    waiter* parked_ = nullptr;  ///< of the home loop's thread
};

/// The outcome of something that another thread does.
template <class T>
class outcome {
public:
    outcome() : shared_{std::make_shared<state>()} {}

    /// Once, on any thread.
    void set(std::exception_ptr failure, std::optional<T> value) const
    {
        shared_->failure = std::move(failure);
        shared_->value = std::move(value);
        shared_->gate->open();
    }

    /// Once. \throws the failure.
    static awaitable<T> get(outcome self)
    {
        auto opened = gate::wait(self.shared_->gate);
        co_await std::move(opened);
        if (self.shared_->failure) std::rethrow_exception(self.shared_->failure);
        co_return std::move(*self.shared_->value);
    }

private:
    struct state {
        std::exception_ptr failure;
        std::optional<T> value;
        std::shared_ptr<detail::gate> gate = std::make_shared<detail::gate>();
    };
    std::shared_ptr<state> shared_;
};

}  // namespace ferry::tasks::detail
