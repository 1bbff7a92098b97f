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
    void push(std::vector<std::shared_ptr<request>> jobs);

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
    std::mutex mutex_;
    std::deque<std::shared_ptr<request>> jobs_;  ///< guarded
    std::vector<std::shared_ptr<gate>> idle_;    ///< guarded
    bool closed_ = false;                        ///< guarded
    std::size_t retiring_ = 0;                   ///< guarded
};

}  // namespace ferry::tasks::detail
