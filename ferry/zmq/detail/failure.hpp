#pragma once

#include <string_view>

namespace ferry::zmq::detail {

/// Throws what an error number of libzmq means. \param doing  `send on PUSH`.
[[noreturn]] void throw_failure(int number, std::string_view doing);

/// The error number of the last call of libzmq on this thread.
int last_failure() noexcept;

/// Throws if a call of libzmq failed.
inline void check(int result, std::string_view doing)
{
    if (result < 0) throw_failure(last_failure(), doing);
}

}  // namespace ferry::zmq::detail
