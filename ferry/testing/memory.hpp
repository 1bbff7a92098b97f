#pragma once

#include <cstddef>

namespace ferry::testing {

/// Bytes that the program has allocated and not freed, by all threads. Under the sanitizers too,
/// which keep what is freed for a while, so that the resident size says nothing there.
std::size_t allocated_bytes();

}  // namespace ferry::testing
