#include "ferry/tasks/detail/job_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::tasks::detail {

void job_queue::push(std::vector<std::shared_ptr<request>> jobs)
{
    std::vector<std::shared_ptr<gate>> wake;
    {
        const std::lock_guard lock{mutex_};
        const std::size_t count = std::min(jobs.size(), idle_.size());
        std::ranges::move(jobs, std::back_inserter(jobs_));
        wake.assign(idle_.end() - static_cast<std::ptrdiff_t>(count), idle_.end());
        idle_.resize(idle_.size() - count);
    }
    for (const auto& g : wake) g->open();
}

void job_queue::close()
{
    std::vector<std::shared_ptr<gate>> wake;
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
    std::vector<std::shared_ptr<gate>> wake;
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
