#include "ferry/async/async.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;

awaitable<int> later(int n)
{
    co_await sleep(1ms);
    co_return n;
}

TEST(green, waits_without_blocking_the_loop)
{
    auto jobs = green::spawn_each(std::vector<int>{1, 2, 3},
                                  [](int n) { return green::wait(later(n)) * 10; });
    green::join_all(jobs, 2s);
    std::vector<int> values;
    for (const auto& job : jobs) values.push_back(job.value().value_or(-1));
    EXPECT_EQ(values, (std::vector<int>{10, 20, 30}));
}

TEST(green, failed_and_unfinished_jobs_have_no_value)
{
    std::vector<task<int>> jobs;
    jobs.push_back(green::spawn([]() -> int { throw error(errc::denied, "no"); }));
    jobs.push_back(green::spawn([] {
        green::wait(sleep(10s));
        return 1;
    }));
    green::join_all(jobs, 5ms);
    EXPECT_FALSE(jobs[0].value());
    EXPECT_TRUE(jobs[0].done());
    EXPECT_NE(jobs[0].failure(), nullptr);
    EXPECT_FALSE(jobs[1].done());
    jobs[1].cancel();
    green::join_all(jobs);
    EXPECT_TRUE(jobs[1].cancelled());
}

TEST(green, throws_outside_of_a_green_thread)
{
    EXPECT_THROW(green::wait(sleep(0ms)), error);
    auto inside = []() -> awaitable<bool> {
        try {
            green::wait(sleep(0ms));
        } catch (const error& e) {
            co_return e.code() == errc::invalid_state;
        }
        co_return false;
    };
    EXPECT_TRUE(run(inside()));
}

TEST(green, is_interrupted_where_it_waits)
{
    std::string seen;
    auto main = [](std::string* out) -> awaitable<void> {
        auto job = green::spawn([out] {
            try {
                green::wait(sleep(10s));
            } catch (const cancelled&) {
                *out = "cancelled";
                throw;
            }
        });
        co_await sleep(1ms);
        job.cancel();
        co_await job.wait();
    };
    run(main(&seen));
    EXPECT_EQ(seen, "cancelled");
}

TEST(green, may_wait_while_it_handles_an_exception)
{
    auto answer = green::run([] {
        auto other = green::spawn([] {
            try {
                throw 2;
            } catch (int n) {
                green::wait(sleep(2ms));
                try {
                    throw;
                } catch (int again) {
                    return n * 10 + again;
                }
            }
        });
        try {
            throw 1;
        } catch (int n) {
            const int o = green::wait(other.join());
            return o * 10 + n;
        }
    });
    EXPECT_EQ(answer, 221);
}

TEST(green, shares_queues_with_coroutines)
{
    queue<int> q(1);
    auto feed = [](queue<int>* to) -> awaitable<void> {
        for (int i = 0; i < 100; ++i) co_await to->put(i);
        to->close();
    };
    auto feeding = spawn(feed(&q));
    const int sum = green::run([&q] {
        int total = 0;
        while (auto n = green::wait(q.next())) total += *n;
        return total;
    });
    EXPECT_EQ(sum, 4950);
    run(feeding.join());
}

TEST(green, reuses_stacks_for_many)
{
    int ended = 0;
    std::vector<task<void>> jobs;
    for (int i = 0; i < 2000; ++i) {
        jobs.push_back(green::spawn([&ended] {
            green::wait(yield_now());
            ++ended;
        }));
    }
    green::join_all(jobs);
    EXPECT_EQ(ended, 2000);
}

TEST(green, passes_arguments_by_value)
{
    auto job = green::spawn([](std::string a, int b) { return a + std::to_string(b); },
                            std::string("n"), 5);
    EXPECT_EQ(run(job.join()), "n5");
}

}  // namespace
}  // namespace ferry
