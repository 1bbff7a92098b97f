#pragma once

#include "ferry/core/url.hpp"
#include "ferry/http/retry.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// Says when a session may send to a host: rate limits, pauses that servers asked for, the circuit
/// breaker. Thread-safe; never waits itself, and is told the time.
class governor {
public:
    using clock = std::chrono::steady_clock;

    /// At most so many hosts are remembered; the least busy are forgotten.
    static constexpr std::size_t max_hosts = 10'000;

    governor(const rate_limit& limits, const std::optional<breaker>& fuse)
        : limits_(limits), fuse_(fuse), busy_(limits.host() || limits.all() || fuse)
    {
    }

    /// Whether nothing holds anybody back, which is the rule: costs nothing.
    bool is_idle() const noexcept { return !busy_.load(std::memory_order_relaxed); }

    /// Takes a turn. \return how long to wait for it.
    /// \throws error with errc::circuit_open
    clock::duration admit(const url& to, clock::time_point now);

    /// How long the host's pause still lasts.
    clock::duration paused(const url& to, clock::time_point now);

    void pause(const url& to, clock::time_point until);

    /// How a request that was admitted went; `abandoned`: nobody knows.
    enum class result { good, bad, abandoned };
    void report(const url& to, result r, clock::time_point now);

private:
    struct host {
        clock::time_point next;  ///< when the next turn would be, at the average rate
        clock::time_point paused_until;
        clock::time_point open_until;
        int failures = 0;
        bool probing = false;
    };

    host& host_of(const url& to, clock::time_point now);
    void check_fuse(const url& to, host& h, clock::time_point now) const;
    static clock::duration take_turn(const rate_limit::rate& at, clock::time_point& next,
                                     clock::time_point now) noexcept;

    rate_limit limits_;
    std::optional<breaker> fuse_;
    std::atomic<bool> busy_;
    std::mutex mutex_;
    std::map<std::string, host, std::less<>> hosts_;
    clock::time_point next_;  ///< of all hosts together
};

}  // namespace ferry::http::detail
