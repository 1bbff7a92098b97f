#pragma once

#include "ferry/async/activity.hpp"

#include <boost/context/fiber.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

namespace ferry::green::detail {

/// Stacks with a guard page, kept for reuse by their thread.
class stack_pool {
public:
    /// How many unused stacks a thread keeps.
    static constexpr std::size_t most_kept = 256;

    stack_pool() = default;
    ~stack_pool();
    stack_pool(const stack_pool&) = delete;
    stack_pool& operator=(const stack_pool&) = delete;

    static stack_pool& current();
    boost::context::stack_context take();
    void give_back(const boost::context::stack_context& stack) noexcept;

private:
    std::vector<void*> unused_;
};

/// A function on a stack of its own, which a coroutine drives: whenever the function waits, the
/// coroutine awaits the operation in its place. So cancellation, and everything else that concerns
/// a coroutine, concerns green threads too.
class fiber {
public:
    explicit fiber(std::unique_ptr<ferry::detail::job> body);
    ~fiber();
    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;

    /// The one that runs on this thread now, or null.
    static fiber*& running() noexcept;

    /// Runs the function until it waits or ends.
    void resume();
    bool ended() const noexcept { return ended_; }

    /// In the function: stops until the coroutine has awaited `operation`; throws its failure.
    void wait(awaitable<void> operation);

    awaitable<void> wanted;      ///< what the function waits for
    std::exception_ptr failure;  ///< of that, or, at the end, of the function

private:
    class switching;

    std::unique_ptr<ferry::detail::job> body_;
    boost::context::stack_context stack_;
    boost::context::fiber function_;
    boost::context::fiber driver_;
    bool ended_ = false;
    bool unwinding_ = false;

    // What the C++ runtime and the address sanitizer keep for each stack.
    struct exception_globals {
        void* caught = nullptr;
        unsigned int uncaught = 0;
    };
    exception_globals globals_;
    void* fake_stack_ = nullptr;
    void* driver_fake_stack_ = nullptr;
    const void* driver_bottom_ = nullptr;
    std::size_t driver_size_ = 0;
};

}  // namespace ferry::green::detail
