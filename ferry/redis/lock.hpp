#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/redis/client.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace ferry::redis {

/// Mutual exclusion between programs, for as long as one server lives. As redis.lock.Lock, with
/// which it shares keys.
///
///     redis::named_lock door(r, "report", 30s);
///     if (co_await door.acquire(5s)) {                         // named first in g++ 12
///         ...
///         co_await door.release();
///     }
///
/// Who does not release it loses it when its life is over, and then may not be alone any more.
class named_lock {
public:
    /// \param life  after which the server frees the lock.
    named_lock(client over, std::string name, std::chrono::milliseconds life);

    /// Tries until it has the lock or `wait` is over, every 100 ms. \return whether it has it.
    awaitable<bool> acquire(std::chrono::milliseconds wait = std::chrono::milliseconds(0));

    /// \throws error(errc::lock_lost)  it was not held, or its life was over.
    awaitable<void> release();

    /// Gives it a whole life again. \throws error(errc::lock_lost)
    awaitable<void> extend();

    /// Whether the server says that this lock is held here.
    awaitable<bool> owned() const;

private:
    client client_;
    std::string name_;
    std::chrono::milliseconds life_;
    std::string token_;
};

}  // namespace ferry::redis
