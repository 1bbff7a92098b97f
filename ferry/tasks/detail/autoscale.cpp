#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/worker_core.hpp"

#include <algorithm>

namespace ferry::tasks::detail {
namespace {

using steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_each{1000};
constexpr std::size_t most_ever = 4096;

}  // namespace

void worker_core::set_scale(std::size_t most, std::size_t least)
{
    scaling wanted = scaled;
    if (most > 0) wanted.most = std::min(most, most_ever);
    if (least > 0) wanted.least = least;
    if (wanted.least > wanted.most) {
        throw error{ferry::errc::out_of_range, "autoscale: the least is more than the most"};
    }
    scaled = wanted;
}

void worker_core::adjust_pool()
{
    const std::size_t there = running->threads();
    const std::size_t wanted = std::clamp(at_hand(), scaled.least, scaled.most);
    const steady::time_point clock_now = steady::now();
    if (wanted >= there) scaled.last_needed = clock_now;
    const bool shrinks =
        there > scaled.most ||
        (wanted < there && clock_now - scaled.last_needed >= settings.autoscale_keepalive);
    if (wanted == there || (wanted < there && !shrinks)) return;
    log::info("pool scaled", "from", there, "to", wanted);
    running->resize(static_cast<int>(wanted) - static_cast<int>(there));
}

awaitable<void> worker_core::scale(worker_core* self)
{
    const auto pause = std::min(look_each, self->settings.autoscale_keepalive);
    while (self->scaled.most > 0) {
        self->adjust_pool();
        co_await sleep(pause);
    }
}

}  // namespace ferry::tasks::detail
