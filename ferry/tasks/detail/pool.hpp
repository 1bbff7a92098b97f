#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/children.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/job_queue.hpp"
#include "ferry/tasks/detail/perform.hpp"
#include "ferry/tasks/detail/request.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ferry::tasks::detail {

/// Whoever has to know of what a pool does. Called on the pool's threads.
class witness {
public:
    virtual ~witness() = default;

    /// A task is about to begin. \return how it ended instead, if it must not run; null if it is
    /// nobody's concern any more.
    virtual std::optional<std::unique_ptr<performed>> begins(request& what) = 0;
    virtual void ended(const std::shared_ptr<request>& what, const performed& how,
                       double seconds) = 0;
};

/// The threads of a worker, which run tasks themselves or have a process each for that. Its maker
/// starts it, feeds jobs(), and ends it with close() or abort() and ended(); the destructor aborts
/// and waits.
class pool {
public:
    struct settings {
        std::size_t threads = 1;
        std::size_t coroutines = 1;
        std::size_t max_tasks_per_child = 0;  ///< 0: any number
        std::size_t max_kib_per_child = 0;    ///< 0: any
        std::string node;                     ///< shown by STARTED
    };

    /// \param receiver   settles what the jobs leave; must outlive the pool, as `seen_by`.
    /// \param processes  null: the threads run the tasks.
    pool(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results, consumer& receiver,
         witness& seen_by, settings with, std::shared_ptr<nursery> processes);
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;
    ~pool();

    job_queue& jobs() const noexcept { return *jobs_; }

    /// Lets the running jobs finish, and begins no others.
    void close() { jobs_->close(); }

    /// Cancels the running jobs, too. Thread-safe.
    void abort();

    /// By so many threads; one remains. \return how many there are then. Thread-safe.
    std::size_t resize(int by);
    std::size_t threads() const noexcept { return wanted_; }

    /// Replaces every process, once its task has ended. Thread-safe.
    void restart();

    /// Opens when every thread has nothing left to do.
    const std::shared_ptr<gate>& ended() const noexcept { return ended_; }

private:
    struct lane;

    void add_lane();
    void serve(const std::shared_ptr<lane>& mine);
    awaitable<void> run_lane(std::shared_ptr<lane> mine);
    awaitable<void> run_slot(std::shared_ptr<lane> mine);
    bool run_at_once(lane& mine, const std::shared_ptr<request>& job);
    awaitable<void> end_later(lane* mine, std::shared_ptr<request> job, performed p,
                              std::chrono::steady_clock::time_point begin);
    awaitable<void> run_job(std::shared_ptr<lane> mine, std::shared_ptr<request> job);
    void start(lane& mine, request& job);
    void end(lane& mine, const std::shared_ptr<request>& job, performed p,
             std::chrono::steady_clock::time_point begin);
    awaitable<performed> run_task(std::shared_ptr<lane> mine, std::shared_ptr<request> job);
    void tell_origin(settlement& s, const request& job) const;
    void settle(lane& mine, request& job, settlement s);
    void settle_later(lane& mine, settlement s);

    std::shared_ptr<app_core> app_;
    std::shared_ptr<result_store> results_;
    consumer& receiver_;
    witness& witness_;
    settings with_;
    std::shared_ptr<nursery> nursery_;
    const int process_;
    std::shared_ptr<job_queue> jobs_ = std::make_shared<job_queue>();
    std::shared_ptr<gate> ended_ = std::make_shared<gate>();
    std::atomic<std::size_t> running_ = 0;
    std::atomic<std::size_t> wanted_ = 0;
    std::atomic<std::uint64_t> count_ = 0;
    std::atomic<bool> aborting_ = false;
    std::mutex mutex_;
    std::vector<std::shared_ptr<lane>> lanes_;  ///< guarded
    std::vector<std::thread> threads_;          ///< guarded
};

}  // namespace ferry::tasks::detail
