#include "ferry/tasks/detail/job_queue.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/scope.hpp"
#include "ferry/async/timeout.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace ferry::tasks::detail {
namespace {

using hands = job_queue::hands;

std::vector<std::shared_ptr<request>> jobs(std::vector<std::uint64_t> tags)
{
    std::vector<std::shared_ptr<request>> all;
    for (const auto tag : tags)
        all.push_back(std::make_shared<request>(message(), "q", tag, false));
    return all;
}

/// Two who wait for one job each, as lanes do, and what they have got.
struct lanes {
    lanes()
    {
        for (int i = 0; i < 2; ++i) waiting.start(take(this));
    }
    static awaitable<void> take(lanes* self)
    {
        auto popping = job_queue::pop(self->queue, std::make_shared<gate>());
        const auto job = co_await std::move(popping);
        if (job) self->got.push_back(job->tag);
    }
    static awaitable<void> settle()
    {
        for (int i = 0; i < 10; ++i) co_await yield_now();
    }
    std::shared_ptr<job_queue> queue = std::make_shared<job_queue>();
    std::vector<std::uint64_t> got;
    scope waiting;
};

awaitable<void> wake_one()
{
    const auto l = std::make_unique<lanes>();
    co_await lanes::settle();
    EXPECT_TRUE(l->queue->push(jobs({1, 2}), hands::one)) << "one of two is left";
    co_await lanes::settle();
    EXPECT_EQ(l->got, (std::vector<std::uint64_t>{1}));
    l->queue->wake_all();
    co_await lanes::settle();
    EXPECT_EQ(l->got, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_FALSE(l->queue->push(jobs({3}), hands::one)) << "nobody waits";
    l->queue->close();
    co_await l->waiting.join();
}

awaitable<void> wake_many()
{
    const auto l = std::make_unique<lanes>();
    co_await lanes::settle();
    EXPECT_FALSE(l->queue->push(jobs({1, 2}), hands::many));
    co_await lanes::settle();
    EXPECT_EQ(l->got.size(), 2U);
    co_await l->waiting.join();
}

awaitable<void> wake_one_that_is_behind()
{
    const auto l = std::make_unique<lanes>();
    co_await lanes::settle();
    EXPECT_TRUE(l->queue->push(jobs({1, 2}), hands::one));
    // The first has not begun yet, so the other is needed.
    EXPECT_FALSE(l->queue->push(jobs({3}), hands::one));
    co_await lanes::settle();
    EXPECT_EQ(l->got.size(), 2U);
    l->queue->close();
    co_await l->waiting.join();
}

TEST(job_queue, wakes_one_for_jobs_that_are_soon_done_and_all_if_they_are_not)
{
    run(wake_one());
}

TEST(job_queue, wakes_one_for_each_job)
{
    run(wake_many());
}

TEST(job_queue, wakes_others_if_one_is_behind)
{
    run(wake_one_that_is_behind());
}

}  // namespace
}  // namespace ferry::tasks::detail
