#include "ferry/tasks/detail/job_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::tasks::detail {

/// Those that came to wait last. With the lock held.
job_queue::gates job_queue::take_idle(std::size_t most)
{
    const std::size_t count = std::min(most, idle_.size());
    gates taken(std::make_move_iterator(idle_.end() - static_cast<std::ptrdiff_t>(count)),
                std::make_move_iterator(idle_.end()));
    idle_.resize(idle_.size() - count);
    return taken;
}

bool job_queue::push(std::vector<std::shared_ptr<request>> jobs, hands wanted)
{
    gates wake;
    bool left = false;
    {
        const std::lock_guard lock{mutex_};
        // Whoever is at work has more than it can do at once.
        const bool behind = !jobs_.empty();
        std::ranges::move(jobs, std::back_inserter(jobs_));
        const bool one = wanted == hands::one && !behind;
        wake = take_idle(one ? std::min<std::size_t>(1, jobs_.size()) : jobs_.size());
        left = one && jobs_.size() > 1 && !idle_.empty();
    }
    for (const auto& g : wake) g->open();
    return left;
}

void job_queue::wake_all()
{
    gates wake;
    {
        const std::lock_guard lock{mutex_};
        wake = take_idle(jobs_.size());
    }
    for (const auto& g : wake) g->open();
}

void job_queue::close()
{
    gates wake;
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
        jobs_.clear();
        wake.swap(idle_);
    }
    for (const auto& g : wake) g->open();
}

void job_queue::retire(std::size_t count)
{
    gates wake;
    {
        const std::lock_guard lock{mutex_};
        retiring_ += count;
        wake.swap(idle_);
    }
    for (const auto& g : wake) g->open();
}

std::shared_ptr<request> job_queue::try_pop()
{
    const std::lock_guard lock{mutex_};
    if (closed_ || retiring_ > 0 || jobs_.empty()) return nullptr;
    std::shared_ptr<request> job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
}

awaitable<std::shared_ptr<request>> job_queue::pop(std::shared_ptr<job_queue> self,
                                                   std::shared_ptr<gate> mine)
{
    while (true) {
        {
            const std::lock_guard lock{self->mutex_};
            if (self->closed_) co_return nullptr;
            if (self->retiring_ > 0) {
                --self->retiring_;
                std::erase(self->idle_, mine);
                co_return nullptr;
            }
            if (!self->jobs_.empty()) {
                std::shared_ptr<request> job = std::move(self->jobs_.front());
                self->jobs_.pop_front();
                co_return job;
            }
            std::erase(self->idle_, mine);
            self->idle_.push_back(mine);
        }
        auto woken = gate::wait(mine);
        co_await std::move(woken);
    }
}

}  // namespace ferry::tasks::detail
