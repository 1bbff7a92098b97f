#pragma once

#include "ferry/tasks/detail/request.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ferry::tasks::detail {

/// Who waits and who runs in this worker, and what was counted. Thread-safe.
class roster {
public:
    using list = std::vector<std::shared_ptr<request>>;

    void add(const list& all);
    void start(const std::shared_ptr<request>& r);
    void end(const std::shared_ptr<request>& r);
    void clear();

    list active() const { return in(request::stage::active); }
    list reserved() const { return in(request::stage::reserved); }
    list with_id(std::string_view task_id) const;
    std::size_t active_count() const;
    std::size_t count() const;
    /// `active`, `reserved`, or `ready` for one that has ended.
    std::string_view state_of(const request& r) const;

    /// Senders make up the names that are shown: beyond so many, or if it is longer, a task counts
    /// under its own name.
    static constexpr std::size_t most_names = 1000;
    static constexpr std::size_t longest_name = 256;

    /// How many tasks have begun here under each name that was shown, as Celery counts them.
    std::map<std::string, std::uint64_t> totals() const;
    /// Of all names.
    std::uint64_t total() const;

private:
    list in(request::stage s) const;
    void count_start(const request& r);

    mutable std::mutex mutex_;
    list all_;                                     ///< guarded; each knows its place
    std::size_t active_ = 0;                       ///< guarded
    std::map<std::string, std::uint64_t> totals_;  ///< guarded
};

/// The ids that must not run: the latest 50000, for 3 h. Thread-safe.
class revocations {
public:
    static constexpr std::size_t most = 50'000;
    static constexpr std::chrono::hours kept{3};

    /// \param age  how long ago it was revoked.
    void add(const std::string& id, std::chrono::seconds age = std::chrono::seconds{0});
    bool contains(const std::string& id) const;
    std::vector<std::string> ids() const;

    /// With how long ago that was, the oldest first.
    std::vector<std::pair<std::string, std::chrono::seconds>> ages() const;
    /// Grows with every id that is added.
    std::uint64_t changes() const;

private:
    using clock = std::chrono::steady_clock;
    void expire(clock::time_point now);

    mutable std::mutex mutex_;
    std::unordered_map<std::string, clock::time_point> when_;
    std::deque<std::string> order_;
    std::uint64_t changes_ = 0;
};

/// The stamps whose tasks must not run: by header, the latest 50000 values. Thread-safe.
class revoked_stamps {
public:
    static constexpr std::size_t most = revocations::most;

    /// \param stamps  one, or a list.
    void add(const std::string& header, const value& stamps);
    /// \param headers  of a message; it has `stamps` of its own, if any.
    bool contain(const value& headers) const;

    /// `{header: [stamps]}`.
    value all() const;
    std::uint64_t changes() const;

private:
    using stamp = std::pair<std::string, std::string>;  // header, text of the stamp

    mutable std::mutex mutex_;
    std::set<stamp> stamps_;
    std::deque<stamp> order_;
    std::uint64_t changes_ = 0;
};

}  // namespace ferry::tasks::detail
