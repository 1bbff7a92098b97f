#pragma once

#include "ferry/redis/command_options.hpp"
#include "ferry/redis/reply.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ferry::redis {

/// What XPENDING tells of a group: see commands::xpending().
class pending_summary {
public:
    static pending_summary from_reply(reply r);

    std::int64_t count() const noexcept { return count_; }
    /// The ids of the first and the last; empty if there are none.
    const std::string& first() const noexcept { return first_; }
    const std::string& last() const noexcept { return last_; }
    /// Members, and how many entries each has.
    const std::vector<std::pair<std::string, std::int64_t>>& consumers() const noexcept
    {
        return consumers_;
    }

private:
    std::int64_t count_ = 0;
    std::string first_;
    std::string last_;
    std::vector<std::pair<std::string, std::int64_t>> consumers_;
};

/// An entry that a member has got and not acknowledged.
class pending_entry {
public:
    static pending_entry from_reply(reply r);

    const std::string& id() const noexcept { return id_; }
    const std::string& consumer() const noexcept { return consumer_; }
    /// Since it was delivered last.
    std::chrono::milliseconds idle() const noexcept { return idle_; }
    std::int64_t deliveries() const noexcept { return deliveries_; }

private:
    std::string id_;
    std::string consumer_;
    std::chrono::milliseconds idle_{0};
    std::int64_t deliveries_ = 0;
};

/// What XAUTOCLAIM took over.
class claimed_entries {
public:
    static claimed_entries from_reply(reply r);

    /// Where to look on; `0-0` when everything was looked at.
    const std::string& next() const noexcept { return next_; }
    const std::vector<stream_entry>& entries() const& noexcept { return entries_; }
    std::vector<stream_entry> entries() && noexcept { return std::move(entries_); }

private:
    std::string next_;
    std::vector<stream_entry> entries_;
};

}  // namespace ferry::redis
