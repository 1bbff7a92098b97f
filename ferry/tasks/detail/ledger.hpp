#pragma once

#include "ferry/tasks/detail/task_table.hpp"
#include "ferry/tasks/detail/wake_file.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace ferry::tasks::detail {

/// The one place of a process that touches a database of tasks and results: a thread that takes
/// what others submit and commits everything that has gathered meanwhile in one transaction, acks
/// of the last batch and claims of the next together. Processes beside it are woken by a touched
/// file, so nobody polls.
///
/// Every function may be called from any thread; every callback runs on the ledger's own thread,
/// after the commit, and must be quick.
class ledger {
public:
    struct settings {
        sqlite::durability durable = sqlite::durability::normal;
        std::chrono::milliseconds lease = std::chrono::seconds{60};
        std::int64_t max_pages = 0;
    };

    using work = std::function<void(task_table&)>;
    using completion = std::function<void(std::exception_ptr)>;
    using delivery = std::function<void(std::vector<claimed_task>)>;
    using answer = std::function<void(std::exception_ptr, std::optional<result_row>)>;

    /// Whether a piece of work leaves something that others may be waiting for.
    enum class leaves { nothing, news };

    /// Opens or makes the file, and `<path>-wake` and `<path>-owners` beside it.
    ledger(const std::string& path, const settings& with);
    ledger(const ledger&) = delete;
    ledger& operator=(const ledger&) = delete;

    /// Commits what was submitted, gives claimed tasks back, and ends the thread.
    ~ledger();

    const std::string& path() const noexcept { return path_; }

    /// Runs `act` inside a transaction, all of it or nothing, in the order of submission. It may
    /// run twice, if a neighbour in its batch fails.
    /// \param frees  a consumer that is allowed one more task by this.
    void submit(leaves what, work act, completion done, std::uint64_t frees = 0);

    /// Runs `look` outside of transactions; it only reads.
    void read(work look, completion done);

    /// Begins to claim tasks of the queues as they come, as far as want() allows.
    std::uint64_t open_consumer(std::vector<std::string> queues, delivery deliver);
    /// Allows so many tasks more, or fewer.
    void want(std::uint64_t consumer, std::int64_t more);
    /// No delivery follows; `done` is called then.
    void close_consumer(std::uint64_t consumer, completion done);

    /// Answers once, with the result when it is ready, however far away that is.
    std::uint64_t watch(std::string task_id, answer done);
    void unwatch(std::uint64_t watched);

private:
    struct entry {
        leaves what;
        work act;
        completion done;
        std::uint64_t frees;
    };
    struct consumer {
        std::vector<std::string> queues;
        delivery deliver;
        std::int64_t wanted = 0;
    };
    struct claimed_batch {
        std::uint64_t to;
        std::vector<claimed_task> tasks;
    };
    struct watcher {
        std::uint64_t number;
        answer done;
    };

    void enqueue(std::function<void()> chore);
    void wake_up_locked();
    void run();
    bool collect(std::vector<entry>& batch);
    void turn(std::vector<entry> batch);
    template <class F>
    void guarded(F act) noexcept;
    void commit(const std::vector<entry*>& batch, bool claim);
    bool anything_to_claim();
    void allow(std::uint64_t consumer, std::int64_t more);
    void claim_wanted(std::vector<claimed_batch>& into);
    void ensure_owner();
    void keep_house();
    void restore_lost();
    void look_for_results();
    void answer_watchers(const std::string& task_id, const result_row& row);
    int patience();
    void wait(int milliseconds);

    std::string path_;
    settings settings_;
    sqlite::database db_;
    task_table table_{db_};
    wake_file wake_;
    owner_locks locks_;
    int event_;

    std::mutex mutex_;
    std::vector<entry> submitted_;               ///< guarded
    std::vector<std::function<void()>> chores_;  ///< guarded
    bool asleep_ = false;                        ///< guarded
    bool stopping_ = false;                      ///< guarded
    std::atomic<std::uint64_t> next_number_ = 1;

    // The rest belongs to the thread.
    std::map<std::uint64_t, consumer> consumers_;
    std::uint64_t last_served_ = 0;
    std::unordered_map<std::string, std::vector<watcher>> watchers_;
    std::unordered_map<std::uint64_t, std::string> watched_;
    std::int64_t owner_ = 0;
    std::int64_t seen_result_ = 0;
    bool results_may_have_come_ = false;
    std::chrono::steady_clock::time_point renewal_due_{};
    std::chrono::steady_clock::time_point sweep_due_{};
    std::chrono::steady_clock::time_point cleaning_due_{};
    bool in_trouble_ = false;

    std::thread thread_;
};

/// Now, as the file counts.
stored_time stored_now() noexcept;

}  // namespace ferry::tasks::detail
