// The loop of a thread: what other threads may do to it, its timers, and how runs begin and end.
#include "ferry/async/async.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;

awaitable<int> give_later(int n)
{
    co_await yield_now();
    co_return n;
}

// gevent issues 130, 1744, 2212.
TEST(loop, runs_every_post_of_four_threads)
{
    constexpr int each = 5'000;
    int seen = 0;
    const loop here = loop::current();
    std::vector<std::thread> threads;
    auto main = [&]() -> awaitable<void> {
        const auto alive = here.hold();
        event all;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < each; ++n) {
                    here.post([&] {
                        if (++seen == 4 * each) all.set();
                    });
                }
            });
        }
        co_await all.wait();
    };
    run(main());
    for (auto& t : threads) t.join();
    EXPECT_EQ(seen, 4 * each);
}

struct silent_timer final : timer {
    void expired() noexcept override {}
};

awaitable<int> time_and_go_elsewhere()
{
    {
        silent_timer t;
        t.start_after(10s);
    }
    auto elsewhere = run_blocking([] { return 21; });
    co_return co_await std::move(elsewhere);
}

/// Starts itself again while others that are due at the same time have not rung yet.
struct repeated_timer final : timer {
    int left = 3;
    void expired() noexcept override
    {
        if (--left > 0) start_after(1ms);
    }
};

TEST(timer, may_be_started_by_one_that_rings)
{
    repeated_timer first;
    repeated_timer second;
    auto main = [&]() -> awaitable<void> {
        const auto at = after(1ms);
        first.start(at);
        second.start(at);
        while (first.left > 0 || second.left > 0) co_await sleep(1ms);
    };
    run(timeout(60s, main(), "the test"));
    EXPECT_EQ(first.left + second.left, 0);
}

// A timer that is stopped was the loop's only work.
TEST(run, does_not_end_with_a_timer_that_is_stopped)
{
    run(sleep(1ms));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(run(time_and_go_elsewhere()), 21);
}

awaitable<int> give(int n)
{
    co_return n;
}

awaitable<void> count_turns(int* turns)
{
    for (;;) {
        co_await yield_now();
        ++*turns;
    }
}

// What ends without waiting does not starve the other tasks of the loop.
TEST(run, lets_others_have_their_turn_each_time)
{
    int turns = 0;
    auto other = spawn(count_turns(&turns));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(run(give(i)), i);
    other.cancel();
    EXPECT_THROW(run(other.join()), cancelled);
    EXPECT_GE(turns, 50);
}

// Its end stopped the next run, about to begin, once in some ten thousand times.
TEST(run, goes_on_when_another_thread_lets_go_of_a_hold)
{
    std::atomic<std::shared_ptr<void>*> handed = nullptr;
    std::atomic<bool> over = false;
    std::thread other([&] {
        while (!over) delete handed.exchange(nullptr);
    });
    int failed = 0;
    for (int i = 0; i < 40'000; ++i) {
        delete handed.exchange(new std::shared_ptr<void>(loop::current().hold()));
        try {
            run(yield_now());
        } catch (const error&) {
            ++failed;
        }
    }
    over = true;
    other.join();
    delete handed.load();
    EXPECT_EQ(failed, 0);
}

awaitable<void> fail_later()
{
    co_await yield_now();
    throw error(errc::malformed, "failed");
}

TEST(loop, submits_from_another_thread)
{
    const loop here = loop::current();
    auto main = [&]() -> awaitable<int> {
        auto ask = [here] {
            auto good = here.submit(give_later(5));
            auto bad = here.submit(fail_later());
            try {
                bad.get();
            } catch (const error&) {
                return good.get();
            }
            return 0;
        };
        auto asking = run_blocking(ask);
        co_return co_await std::move(asking);
    };
    EXPECT_EQ(run(main()), 5);
}

TEST(loop, cancels_what_was_submitted_at_the_end_of_its_thread)
{
    std::future<void> outcome;
    std::thread([&outcome] {
        outcome = loop::current().submit(sleep(1h));
        run(yield_now());
    }).join();
    ASSERT_EQ(outcome.wait_for(10s), std::future_status::ready);
    EXPECT_THROW(outcome.get(), cancelled);
}

TEST(loop, survives_the_exception_of_a_posted_function)
{
    int reported = 0;
    loop::current().on_error([&](const std::exception_ptr&, std::string_view) { ++reported; });
    loop::current().post([] { throw error(errc::malformed, "posted"); });
    run(sleep(1ms));
    loop::current().on_error(nullptr);
    EXPECT_EQ(reported, 1);
}

TEST(loop, cancels_its_tasks_at_the_end_of_its_thread)
{
    int interrupted = 0;
    int alive = 0;
    auto wait = [](int* times, int* running) -> awaitable<void> {
        ++*running;
        try {
            co_await sleep(1h);
        } catch (const cancelled&) {
            ++*times;
            --*running;
            throw;
        }
        --*running;
    };
    std::thread([&] {
        spawn(wait(&interrupted, &alive));
        run(yield_now());
    }).join();
    EXPECT_EQ(interrupted, 1);
    EXPECT_EQ(alive, 0);
}

// It holds its own loop, and the thread ends before it had its turn.
TEST(loop, does_what_was_posted_before_its_thread_ended)
{
    auto done = std::make_shared<bool>(false);
    const std::weak_ptr<bool> alive = done;
    bool was_done = false;
    std::thread([done = std::move(done), &was_done]() mutable {
        const loop here = loop::current();
        here.post([here, done = std::move(done), &was_done] { was_done = true; });
    }).join();
    EXPECT_TRUE(was_done);
    EXPECT_TRUE(alive.expired());
}

}  // namespace
}  // namespace ferry
