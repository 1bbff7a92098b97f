#pragma once

#include "ferry/async/waiter.hpp"

#include <cstddef>
#include <utility>

namespace ferry {

/// A flag to wait for. As asyncio.Event. Belongs to one loop.
class event {
public:
    bool is_set() const noexcept { return set_; }

    /// Lets everybody who waits, and will wait, go on.
    void set() noexcept;
    void clear() noexcept { set_ = false; }

    /// Waits until the flag is set. A cancelled wait changes nothing.
    awaitable<void> wait();

private:
    bool set_ = false;
    waiter_list waiting_;
};

/// A number of permits, handed out in the order in which they were asked for. As
/// asyncio.Semaphore. Belongs to one loop.
class semaphore {
public:
    /// Gives the permit back at the end of its life; must not outlive the semaphore.
    class guard {
    public:
        guard() noexcept = default;
        guard(guard&& other) noexcept : owner_{std::exchange(other.owner_, nullptr)} {}
        guard& operator=(guard&& other) noexcept
        {
            std::swap(owner_, other.owner_);
            return *this;
        }
        ~guard() { release(); }

        /// Gives the permit back now.
        void release() noexcept
        {
            if (semaphore* const s = std::exchange(owner_, nullptr)) s->release();
        }
        explicit operator bool() const noexcept { return owner_ != nullptr; }

    private:
        friend class semaphore;
        explicit guard(semaphore* owner) noexcept : owner_{owner} {}
        semaphore* owner_ = nullptr;
    };

    explicit semaphore(std::size_t permits) noexcept : free_{permits} {}

    /// Waits for a permit: `auto permit = co_await limit.acquire();`. A cancelled wait takes none.
    awaitable<guard> acquire();

    /// A permit if one is free and nobody waits for it, else an empty guard.
    guard try_acquire() noexcept;

    /// Adds a permit, without a guard.
    void release() noexcept;

    std::size_t available() const noexcept { return free_; }

private:
    std::size_t free_;
    waiter_list waiting_;
};

/// Mutual exclusion across waits. As asyncio.Lock: `auto held = co_await door.acquire();`
class lock : public semaphore {
public:
    lock() noexcept : semaphore(1) {}
    bool locked() const noexcept { return available() == 0; }
};

}  // namespace ferry
