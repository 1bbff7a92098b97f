#include "ferry/http/detail/governor.hpp"

#include "ferry/core/time.hpp"
#include "ferry/http/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferry::http::detail {

governor::host& governor::host_of(const url& to, clock::time_point now)
{
    const std::string_view key = to.host();
    if (const auto at = hosts_.find(key); at != hosts_.end()) return at->second;
    if (hosts_.size() >= max_hosts) {
        std::erase_if(hosts_, [&](const auto& h) {
            return h.second.next <= now && h.second.paused_until <= now && h.second.failures == 0;
        });
        if (hosts_.size() >= max_hosts) hosts_.erase(hosts_.begin());
    }
    return hosts_.emplace(key, host()).first->second;
}

// The generic cell rate algorithm: `next` is when the turn would come without bursts.
governor::clock::duration governor::take_turn(const rate_limit::rate& at, clock::time_point& next,
                                              clock::time_point now) noexcept
{
    if (!at) return clock::duration(0);
    next = std::max(next, now);
    const clock::duration wait = next - at.slack() - now;
    next += at.interval();
    return std::max(wait, clock::duration(0));
}

void governor::check_fuse(const url& to, host& h, clock::time_point now) const
{
    if (!fuse_ || h.failures < fuse_->failures()) return;
    if (now >= h.open_until && !h.probing) {
        h.probing = true;
        return;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(h.open_until - now, clock::duration(0)));
    throw error(errc::circuit_open,
                fmt::format("{} failed {} times in a row: not asked for another {}", to.host(),
                            h.failures, format_duration(left)));
}

governor::clock::duration governor::admit(const url& to, clock::time_point now)
{
    const std::lock_guard guard(mutex_);
    host& h = host_of(to, now);
    check_fuse(to, h, now);
    const auto of_host = take_turn(limits_.host(), h.next, now);
    const auto of_all = take_turn(limits_.all(), next_, now);
    return std::max({of_host, of_all, h.paused_until - now});
}

governor::clock::duration governor::paused(const url& to, clock::time_point now)
{
    const std::lock_guard guard(mutex_);
    const auto at = hosts_.find(to.host());
    if (at == hosts_.end()) return clock::duration(0);
    return std::max(at->second.paused_until - now, clock::duration(0));
}

void governor::pause(const url& to, clock::time_point until)
{
    const std::lock_guard guard(mutex_);
    host& h = host_of(to, clock::now());
    h.paused_until = std::max(h.paused_until, until);
    busy_.store(true, std::memory_order_relaxed);
}

void governor::report(const url& to, result r, clock::time_point now)
{
    if (!fuse_) return;
    const std::lock_guard guard(mutex_);
    host& h = host_of(to, now);
    h.probing = false;
    if (r == result::good) h.failures = 0;
    if (r != result::bad) return;
    ++h.failures;
    if (h.failures >= fuse_->failures()) h.open_until = now + fuse_->pause();
}

}  // namespace ferry::http::detail
