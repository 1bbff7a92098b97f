#pragma once

#include "ferry/harvest/detail/state.hpp"
#include "ferry/harvest/recipe.hpp"
#include "ferry/harvest/robots.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <vector>

namespace ferry::harvest::detail {

/// Which URL may be fetched when: a window of the waiting URLs in memory, host by host, and each
/// host's manners. A machine: it has no clock and does no I/O. Hosts take turns; within a host the
/// order is that of discovery, which is breadth first.
class frontier {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// URLs of one host in memory; the others wait in the state.
    static constexpr std::size_t window = 512;
    /// Errors in a row after which a host is given up.
    static constexpr std::uint32_t max_errors_in_a_row = 20;

    explicit frontier(const politeness& manners, std::uint64_t seed = 0);

    /// Makes the host known. \param on_disk  whether the state may have URLs waiting for it.
    void add_host(std::uint32_t host, bool on_disk);
    /// A URL that was just committed.
    void add(waiting_url u);
    /// A URL that failed and may try again.
    void add_again(waiting_url u, time_point when);

    /// A host whose robots.txt is wanted, each once.
    std::optional<std::uint32_t> wants_robots();
    void set_robots(std::uint32_t host, robots r);

    /// What the state should be asked for, each once until refilled.
    struct refill {
        std::uint32_t host = 0;
        std::int64_t after = 0;
    };
    std::vector<refill> wants_refill();
    /// \param urls  fewer than `window`: there are no more.
    void refilled(const refill& what, std::vector<waiting_url> urls);

    /// URLs of one host that may start now, one after another, and hold one of the host's slots.
    struct grant {
        std::uint32_t host = 0;
        std::vector<waiting_url> urls;
        std::vector<waiting_url> denied;  ///< by robots.txt; may come alone
    };
    /// \param most  URLs in one grant; a host with a delay gets one at a time whatever it says.
    std::optional<grant> next(time_point now, std::size_t most);
    /// When next() may have something that it has not now, if nothing else happens.
    std::optional<time_point> due() const;

    /// A grant's slot is free again.
    void release(std::uint32_t host);
    /// What one URL of a grant gave. \returns false  the host is given up from now on.
    bool observe(std::uint32_t host, const page_outcome& got, time_point now);
    /// The waiting URLs of a host that is given up are forgotten here.
    void give_up(std::uint32_t host);

    /// Nothing is in memory, on its way from the disk, or wanted from it.
    bool exhausted() const noexcept;
    /// Nothing in memory could start even if every slot were free.
    bool starved() const noexcept { return queued_ == 0; }
    std::uint64_t queued() const noexcept { return queued_; }

private:
    struct host_state {
        std::deque<waiting_url> queue;
        std::multimap<time_point, waiting_url> again;
        std::int64_t last_id = 0;
        bool all_loaded = true;
        bool loading = false;
        bool robots_known = false;
        bool scheduled = false;
        bool given_up = false;
        std::uint32_t running = 0;
        std::uint32_t errors = 0;
        time_point next_start{};
        std::chrono::milliseconds delay{0};
        std::chrono::milliseconds least_delay{0};
        robots rules;
    };
    struct turn {
        time_point when;
        std::uint64_t order;
        std::uint32_t host;
        bool operator<(const turn& other) const
        {
            return when != other.when ? when > other.when : order > other.order;
        }
    };
    void schedule(std::uint32_t host);

    politeness manners_;
    std::minstd_rand random_;
    std::vector<host_state> hosts_;
    std::deque<std::uint32_t> want_robots_;
    std::priority_queue<turn> turns_;
    std::uint64_t next_turn_ = 0;
    std::uint64_t queued_ = 0;
    std::uint32_t unloaded_ = 0;  ///< hosts with URLs on the disk alone
};

}  // namespace ferry::harvest::detail
