#include "ferry/testing/memory.hpp"

#include <malloc.h>

// The sanitizers' own count. A program without them has no such function.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace ferry::testing {

std::size_t allocated_bytes()
{
    if (__sanitizer_get_current_allocated_bytes != nullptr)
        return __sanitizer_get_current_allocated_bytes();
    const auto now = ::mallinfo2();
    return now.uordblks + now.hblkhd;
}

}  // namespace ferry::testing
