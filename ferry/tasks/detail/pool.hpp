#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/context.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/job_queue.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace ferry::tasks::detail {

/// The threads of a worker. Its maker starts it, feeds jobs(), and ends it with close() or abort()
/// and ended(); the destructor aborts and waits.
class pool {
public:
    /// \param receiver  settles what the jobs leave; must outlive the pool.
    pool(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results, consumer& receiver,
         std::size_t threads, std::size_t coroutines,
         std::shared_ptr<std::atomic<std::uint64_t>> count);
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;
    ~pool();

    job_queue& jobs() const noexcept { return *jobs_; }

    /// Lets the running jobs finish, and begins no others.
    void close() { jobs_->close(); }

    /// Cancels the running jobs, too. Thread-safe.
    void abort();

    /// Opens when every thread has nothing left to do.
    const std::shared_ptr<gate>& ended() const noexcept { return ended_; }

private:
    struct lane;

    void serve(const std::shared_ptr<lane>& mine);
    awaitable<void> run_lane(std::shared_ptr<lane> mine);
    awaitable<void> run_slot(std::shared_ptr<lane> mine);
    awaitable<void> run_job(std::shared_ptr<lane> mine, delivery job);
    awaitable<value> run_task(std::shared_ptr<const definition> task, context c);
    awaitable<void> settle(settlement s);

    std::shared_ptr<app_core> app_;
    std::shared_ptr<result_store> results_;
    consumer& receiver_;
    std::size_t coroutines_;
    std::shared_ptr<std::atomic<std::uint64_t>> count_;
    std::shared_ptr<job_queue> jobs_ = std::make_shared<job_queue>();
    std::shared_ptr<gate> ended_ = std::make_shared<gate>();
    std::atomic<std::size_t> running_;
    std::atomic<bool> aborting_ = false;
    std::vector<std::shared_ptr<lane>> lanes_;
    std::vector<std::thread> threads_;
};

}  // namespace ferry::tasks::detail
