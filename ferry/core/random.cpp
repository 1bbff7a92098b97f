#include "ferry/core/random.hpp"

#include "ferry/core/error.hpp"

#include <sys/random.h>

#include <cerrno>

namespace ferry {

void fill_random(std::span<std::byte> into)
{
    while (!into.empty()) {
        const ssize_t n = ::getrandom(into.data(), into.size(), 0);
        if (n < 0) {
            if (errno == EINTR) continue;
            throw system_failure(errno, "getrandom");
        }
        into = into.subspan(static_cast<std::size_t>(n));
    }
}

}  // namespace ferry
