#pragma once

#include "ferry/async/awaitable.hpp"

namespace ferry {

/// For modules that give Asio objects to the loop: what they need, and no more.
class loop_access {
public:
    /// The executor of the calling thread's loop.
    static const boost::asio::any_io_executor& executor();
};

}  // namespace ferry
