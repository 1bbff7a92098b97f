#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/request.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace ferry::tasks::detail {

/// Requests on their way from the coroutine that receives them to the threads that run them.
class job_queue {
public:
    /// How many of those who wait are woken: one for each job, or one for all, which will soon be
    /// done.
    enum class hands : bool { many, one };
    /// \return whether jobs are left to the one that was woken, though others wait: if it does not
    /// get on with them, the caller should wake_all().
    bool push(std::vector<std::shared_ptr<request>> jobs, hands wanted = hands::many);

    /// Wakes as many as there are jobs.
    void wake_all();

    /// No more jobs: those that are not begun stay with the broker.
    void close();

    /// So many of those who wait for jobs, or will, are told that there are none any more.
    void retire(std::size_t count);

    /// A job that is there already; null if pop() has to be asked.
    std::shared_ptr<request> try_pop();

    /// Waits for a job on the calling loop; none once the queue is closed, or for who retires.
    static awaitable<std::shared_ptr<request>> pop(std::shared_ptr<job_queue> self,
                                                   std::shared_ptr<gate> mine);

private:
    using gates = std::vector<std::shared_ptr<gate>>;
    gates take_idle(std::size_t most);

    std::mutex mutex_;
    std::deque<std::shared_ptr<request>> jobs_;  ///< guarded
    gates idle_;                                 ///< guarded
    bool closed_ = false;                        ///< guarded
    std::size_t retiring_ = 0;                   ///< guarded
};

}  // namespace ferry::tasks::detail
