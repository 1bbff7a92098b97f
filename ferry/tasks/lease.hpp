#pragma once

#include "ferry/async/awaitable.hpp"

#include <chrono>
#include <string>

namespace ferry::tasks {

/// What one of several programs holds at a time, in the broker that they share, with a note that
/// each holder leaves for the next. For one coroutine; destroyed, it is given up by and by.
class lease {
public:
    virtual ~lease() = default;

    /// Waits until nobody else holds it. \return the note that was left last; empty: there is none.
    /// A cancelled wait may have got it, and gives it up by and by.
    virtual awaitable<std::string> acquire() = 0;

    /// Leaves another note, and holds on: to be called before a third of the lease's length has
    /// passed. \return false: it was lost meanwhile, and the note is not left.
    virtual awaitable<bool> keep(std::string note) = 0;

    /// Lets somebody else have it.
    virtual awaitable<void> release() = 0;
};

}  // namespace ferry::tasks
