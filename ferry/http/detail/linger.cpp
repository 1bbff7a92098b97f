#include "ferry/http/detail/linger.hpp"

#include <chrono>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t lingering_bytes = 256 * 1024;
constexpr auto lingering_time = 1000ms;

}  // namespace

awaitable<void> linger(net::stream& on)
{
    on.expires_after(lingering_time);
    co_await on.shutdown_write();
    std::size_t dropped = 0;
    for (;;) {
        const std::size_t there = on.buffered().size();
        dropped += there;
        on.consume(there);
        if (dropped > lingering_bytes) break;
        const std::size_t n = co_await on.fill();
        if (n == 0) break;
    }
}

}  // namespace ferry::http::detail
