#pragma once

#include <cstddef>
#include <span>

namespace ferry {

/// Fills `into` with unpredictable bytes from the operating system, fit for keys and tokens.
/// \throws error  the system has no random numbers (never seen on Linux once it has started).
/// Cost: one system call. As `os.urandom`.
void fill_random(std::span<std::byte> into);

}  // namespace ferry
