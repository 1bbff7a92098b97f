#pragma once

#include "ferry/tasks/detail/result_table.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ferry::tasks::detail {

/// The thread that talks to a database of results: it commits what has gathered meanwhile in one
/// transaction, and looks for the results that are waited for. Every function may be called from
/// any thread; callbacks run on its own, and must be quick.
class database_core {
public:
    using work = std::function<void(result_table&)>;
    using completion = std::function<void(std::exception_ptr)>;
    using answer = std::function<void(std::exception_ptr, std::optional<result_document>)>;

    explicit database_core(std::unique_ptr<result_table> table);
    database_core(const database_core&) = delete;
    database_core& operator=(const database_core&) = delete;
    /// Commits what was submitted.
    ~database_core();

    /// All of it or nothing, in the order of submission. It may run twice, if a neighbour in its
    /// transaction fails.
    void submit(work act, completion done);

    /// Answers once, when the result is ready, or cannot be read; errors of the database only make
    /// it wait.
    std::uint64_t watch(std::string task_id, answer done);
    void unwatch(std::uint64_t number);

private:
    using clock = std::chrono::steady_clock;
    struct entry {
        work act;
        completion done;
    };
    struct watcher {
        std::string task_id;
        answer done;
    };

    void run();
    void commit(const std::vector<entry*>& batch);
    void look();

    std::unique_ptr<result_table> table_;
    std::mutex mutex_;
    std::condition_variable news_;
    std::vector<entry> submitted_;              ///< guarded
    std::map<std::uint64_t, watcher> watched_;  ///< guarded
    std::uint64_t next_number_ = 1;             ///< guarded
    bool stopping_ = false;                     ///< guarded
    clock::time_point look_at_{};               ///< guarded
    clock::duration pause_{};                   ///< guarded
    std::thread thread_;
};

}  // namespace ferry::tasks::detail
