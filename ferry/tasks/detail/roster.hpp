#pragma once

#include "ferry/tasks/detail/request.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ferry::tasks::detail {

/// Who waits and who runs in this worker, and what was counted. Thread-safe.
class roster {
public:
    void add(const std::shared_ptr<request>& r);
    /// Held back until its time; not `reserved` then.
    void hold(const std::shared_ptr<request>& r);
    void let_go(const std::shared_ptr<request>& r);
    /// \return false if it was taken out meanwhile.
    void start(const std::shared_ptr<request>& r);
    void end(const std::shared_ptr<request>& r, bool counts);
    void clear();

    using list = std::vector<std::shared_ptr<request>>;
    list active() const { return in(state::active); }
    list reserved() const { return in(state::reserved); }
    list scheduled() const { return in(state::scheduled); }
    list with_id(std::string_view task_id) const;
    std::size_t active_count() const;

    /// How many tasks of each name have ended here.
    std::map<std::string, std::uint64_t> totals() const;

private:
    enum class state : unsigned char { scheduled, reserved, active };
    struct entry {
        std::shared_ptr<request> what;
        state where;
    };
    list in(state s) const;
    void set(const std::shared_ptr<request>& r, state s);

    mutable std::mutex mutex_;
    std::map<const request*, entry> all_;  ///< guarded
    std::size_t active_ = 0;               ///< guarded
    std::map<std::string, std::uint64_t> totals_;
};

/// The ids that must not run: the latest 50000, for 3 h. Thread-safe.
class revocations {
public:
    static constexpr std::size_t most = 50'000;
    static constexpr std::chrono::hours kept{3};

    void add(const std::string& id);
    bool contains(const std::string& id) const;
    std::vector<std::string> ids() const;

private:
    using clock = std::chrono::steady_clock;
    void expire(clock::time_point now);

    mutable std::mutex mutex_;
    std::unordered_map<std::string, clock::time_point> when_;
    std::deque<std::string> order_;
};

}  // namespace ferry::tasks::detail
