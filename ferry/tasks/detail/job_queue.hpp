#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/gate.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace ferry::tasks::detail {

/// Deliveries on their way from the coroutine that receives them to the threads that run them.
class job_queue {
public:
    void push(std::vector<delivery> jobs);

    /// No more jobs: those that are not begun stay with the broker.
    void close();

    /// Waits for a job on the calling loop; none once the queue is closed.
    static awaitable<std::optional<delivery>> pop(std::shared_ptr<job_queue> self,
                                                  std::shared_ptr<gate> mine);

private:
    std::mutex mutex_;
    std::deque<delivery> jobs_;                ///< guarded
    std::vector<std::shared_ptr<gate>> idle_;  ///< guarded
    bool closed_ = false;                      ///< guarded
};

}  // namespace ferry::tasks::detail
