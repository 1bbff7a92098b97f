#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>

namespace ferry {

/// How long it pays to wait for more, where many at a time cost little more than one, such as what
/// comes from a socket or goes to another thread. Not at all for single ones; and while they
/// stream, not so long that the wait itself would hold them up.
///
/// A stream is where they are 250 us apart at most, looked at every 4 ms. The wait is until the
/// clock's next tick, so that all who wait on a thread wake it once: that a timer rings costs more
/// than many messages. Ticks are 2 ms apart. It is shorter where a quarter of those that may be
/// under way takes less; and there is none if less than 4 would come meanwhile.
///
/// Questions that each wait for an answer come as fast as a stream, and end when they are waited
/// for. Each time that this happens it is longer until the next try, at most 64 looks.
class patience {
public:
    using clock = std::chrono::steady_clock;

    /// More than zero.
    static clock::duration until_tick(clock::time_point now) noexcept
    {
        return longest - now.time_since_epoch() % longest;
    }

    /// So many have come, of which no more than `limit` may be under way.
    void count(std::size_t more, std::size_t limit) noexcept
    {
        count_ += more;
        limit_ = std::min(limit_, limit);
    }

    /// From `now` on, which must not go back.
    clock::duration at(clock::time_point now) noexcept
    {
        using namespace std::chrono_literals;
        const auto passed = std::min<clock::duration>(now - since_, 1s);
        if (passed >= window) {
            since_ = now;
            look_at(passed);
        }
        return wait_ == longest ? until_tick(now) : wait_;
    }

private:
    void look_at(clock::duration passed) noexcept
    {
        const bool waited = wait_ != clock::duration::zero();
        const auto came = static_cast<long>(std::min(std::exchange(count_, 0), most));
        const auto part = static_cast<long>(std::exchange(limit_, most) / 4);
        wait_ = std::min(longest, passed * part / std::max(came, 1L));
        const bool streams = came * gap >= passed;
        if (waited) doubt_ = streams ? 0 : std::min(2 * doubt_ + 1, most_doubt);
        if (waited && !streams) without_ = doubt_;
        const bool doubted = without_ > 0;
        if (doubted) --without_;
        if (doubted || !streams || came * wait_ < worth * passed) {
            wait_ = clock::duration::zero();
        }
    }

    static constexpr clock::duration window = std::chrono::milliseconds{4};
    static constexpr clock::duration gap = std::chrono::microseconds{250};
    static constexpr clock::duration longest = std::chrono::milliseconds{2};
    static constexpr long worth = 4;
    static constexpr int most_doubt = 63;
    static constexpr std::size_t most = 1'000'000;  ///< so that nothing overflows

    clock::time_point since_;
    std::size_t count_ = 0;
    std::size_t limit_ = most;
    clock::duration wait_{0};
    int doubt_ = 0;    ///< grows each time that those which are waited for do not come
    int without_ = 0;  ///< so many looks are left before the next try
};

}  // namespace ferry
