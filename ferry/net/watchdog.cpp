#include "ferry/net/detail/stream_state.hpp"

#include <algorithm>

namespace ferry::net {

void watchdog::set_limit(direction d, std::chrono::milliseconds limit) noexcept
{
    sides_[static_cast<int>(d)].limit = limit;
}

void watchdog::set_overall(std::chrono::milliseconds limit) noexcept
{
    overall_limit_ = limit;
    overall_ = limit.count() == 0 ? clock::time_point::max() : after(limit);
    for (side& s : sides_) {
        // An operation that waits already is bound too.
        if (!s.active || overall_ >= s.deadline) continue;
        s.deadline = overall_;
        s.applied = limit;
        if (!running() || when() > overall_) start(overall_);
    }
}

watchdog::side& watchdog::begin(direction d)
{
    side& s = sides_[static_cast<int>(d)];
    s.active = true;
    s.bitten = false;
    s.deadline = overall_;
    s.applied = overall_limit_;
    if (s.limit.count() > 0) {
        const auto own = clock::now() + s.limit;
        if (own < s.deadline) {
            s.deadline = own;
            s.applied = s.limit;
        }
    }
    if (s.deadline != clock::time_point::max() && (!running() || when() > s.deadline)) {
        start(s.deadline);
    }
    return s;
}

void watchdog::expired() noexcept
{
    const auto now = clock::now();
    auto next = clock::time_point::max();
    for (const direction d : {direction::reading, direction::writing}) {
        side& s = sides_[static_cast<int>(d)];
        if (!s.active) continue;
        if (s.deadline > now) {
            next = std::min(next, s.deadline);
        } else if (!s.bitten) {
            s.bitten = true;
            over_.interrupt(d);
        }
    }
    if (next != clock::time_point::max()) start(next);
}

}  // namespace ferry::net
