// The faults that users met in other runtimes: a test for each, small enough for every run.
#include "ferry/async/async.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;

awaitable<int> give(int n)
{
    co_return n;
}

awaitable<int> give_later(int n)
{
    co_await yield_now();
    co_return n;
}

/// Counts how many of it are alive, and whether one was interrupted.
struct probe {
    int alive = 0;
    int interrupted = 0;

    static awaitable<void> wait(probe* p)
    {
        ++p->alive;
        try {
            co_await sleep(10s);
        } catch (const cancelled&) {
            ++p->interrupted;
            --p->alive;
            throw;
        }
        --p->alive;
    }
};

awaitable<void> fail_later()
{
    co_await yield_now();
    throw error(errc::malformed, "failed");
}

// asyncio leaves the siblings of a failed operation running.
TEST(gather, cancels_and_awaits_the_siblings_of_a_failure)
{
    probe p;
    try {
        run(gather(probe::wait(&p), fail_later(), probe::wait(&p)));
        FAIL();
    } catch (const error& e) {
        EXPECT_STREQ(e.what(), "failed");
    }
    EXPECT_EQ(p.alive, 0);
    EXPECT_EQ(p.interrupted, 2);
}

TEST(gather, takes_any_number_of_one_kind)
{
    std::vector<awaitable<int>> operations;
    for (int i = 0; i < 100; ++i) operations.push_back(give_later(i));
    const auto values = run(gather(std::move(operations)));
    ASSERT_EQ(values.size(), 100U);
    EXPECT_EQ(values[42], 42);
    EXPECT_TRUE(run(gather(std::vector<awaitable<int>>())).empty());
}

TEST(gather, is_cancelled_as_a_whole)
{
    probe p;
    EXPECT_THROW(run(timeout(1ms, gather(probe::wait(&p), probe::wait(&p)))), timeout_error);
    EXPECT_EQ(p.alive, 0);
    EXPECT_EQ(p.interrupted, 2);
}

TEST(task_group, ends_together)
{
    probe p;
    auto main = [](probe* q) -> awaitable<void> {
        task_group group;
        group.spawn(probe::wait(q));
        auto one = group.spawn(probe::wait(q));
        co_await yield_now();
        one.cancel();
        co_await yield_now();
        group.spawn(fail_later());
        co_await group.join();
    };
    EXPECT_THROW(run(main(&p)), error);
    EXPECT_EQ(p.alive, 0);
    EXPECT_EQ(p.interrupted, 2);
}

TEST(task_group, says_that_it_was_cancelled)
{
    probe p;
    bool went_on = false;
    auto main = [](probe* q, bool* beyond) -> awaitable<void> {
        task_group group;
        group.spawn(probe::wait(q));
        group.spawn(probe::wait(q));
        co_await group.join();
        *beyond = true;
    };
    EXPECT_THROW(run(timeout(1ms, main(&p, &went_on))), timeout_error);
    EXPECT_FALSE(went_on);
    EXPECT_EQ(p.alive, 0);
    EXPECT_EQ(p.interrupted, 2);
}

TEST(task_group, left_without_join_cancels)
{
    probe p;
    auto main = [](probe* q) -> awaitable<void> {
        {
            task_group group;
            group.spawn(probe::wait(q));
            co_await yield_now();
        }
        co_await yield_now();
    };
    run(main(&p));
    EXPECT_EQ(p.alive, 0);
    EXPECT_EQ(p.interrupted, 1);
}

// cpython issue 86296: a cancellation that arrives with the result is swallowed by wait_for.
TEST(timeout, keeps_a_cancellation_that_arrives_with_the_result)
{
    for (const bool result_first : {false, true}) {
        SCOPED_TRACE(result_first);
        int ended_cancelled = 0;
        auto main = [&]() -> awaitable<void> {
            for (int i = 0; i < 200; ++i) {
                event e;
                auto work = [](event* on) -> awaitable<void> {
                    co_await timeout(10s, on->wait());
                    co_await yield_now();
                };
                auto t = spawn(work(&e));
                co_await yield_now();
                if (result_first) e.set();
                t.cancel();
                if (!result_first) e.set();
                co_await t.wait();
                ended_cancelled += t.cancelled() ? 1 : 0;
            }
        };
        run(main());
        EXPECT_EQ(ended_cancelled, 200);
    }
}

TEST(timeout, nests)
{
    EXPECT_THROW(run(timeout(1ms, timeout(10s, sleep(10s), "inner"), "outer")), timeout_error);
    try {
        run(timeout(10s, timeout(1ms, sleep(10s), "inner"), "outer"));
    } catch (const timeout_error& e) {
        EXPECT_STREQ(e.what(), "inner: no answer within 1 ms");
    }
}

TEST(timeout, returns_the_value_of_an_operation_that_completes_in_spite_of_it)
{
    auto stubborn = []() -> awaitable<int> {
        try {
            co_await sleep(10s);
        } catch (const cancelled&) {
        }
        co_return 5;
    };
    EXPECT_EQ(run(timeout(1ms, stubborn())), 5);
}

// Level-triggered: swallowing it once does not get rid of it.
TEST(cancelled, comes_again_at_the_next_wait)
{
    auto stubborn = [](int* waits) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            try {
                co_await sleep(10s);
            } catch (const cancelled&) {
                ++*waits;
            }
        }
    };
    int waits = 0;
    auto main = [&]() -> awaitable<void> {
        auto t = spawn(stubborn(&waits));
        co_await yield_now();
        t.cancel();
        co_await t.join();
    };
    run(main());
    EXPECT_EQ(waits, 3);
}

TEST(cancelled, is_no_std_exception)
{
    auto careless = []() -> awaitable<void> {
        try {
            co_await sleep(10s);
        } catch (const std::exception&) {
            ADD_FAILURE() << "was eaten";
        }
    };
    auto t = spawn(careless());
    t.cancel();
    EXPECT_THROW(run(t.join()), cancelled);
}

// twisted issue 4632.
TEST(cancelled, reaches_the_innermost_operation)
{
    probe p;
    struct nest {
        static awaitable<void> at(int depth, probe* q)
        {
            if (depth == 0) {
                co_await probe::wait(q);
            } else {
                co_await at(depth - 1, q);
            }
        }
    };
    EXPECT_THROW(run(timeout(1ms, nest::at(5, &p))), timeout_error);
    EXPECT_EQ(p.interrupted, 1);
}

TEST(awaitable, does_not_grow_the_stack)
{
    struct deep {
        static awaitable<int> down(int n)
        {
            if (n == 0) co_return 0;
            const int below = co_await down(n - 1);
            co_return below + 1;
        }
    };
    EXPECT_EQ(run(deep::down(100'000)), 100'000);
    auto many = []() -> awaitable<int> {
        int sum = 0;
        for (int i = 0; i < 100'000; ++i) sum += co_await give(1);
        co_return sum;
    };
    EXPECT_EQ(run(many()), 100'000);
}

// cpython issue 88831: a task without a handle is collected while it runs.
TEST(spawn, runs_on_without_a_handle)
{
    bool done = false;
    auto work = [](bool* flag) -> awaitable<void> {
        co_await sleep(1ms);
        *flag = true;
    };
    spawn(work(&done));
    run(sleep(5ms));
    EXPECT_TRUE(done);
}

TEST(spawn, keeps_a_lambda_with_captures_alive)
{
    auto main = []() -> awaitable<std::string> {
        const std::string text(100, 'x');
        auto t = spawn([text]() -> awaitable<std::string> {
            co_await yield_now();
            co_return text;
        });
        co_return co_await t.join();
    };
    EXPECT_EQ(run(main()), std::string(100, 'x'));
}

TEST(spawn, reports_a_failure_that_nobody_took_once)
{
    std::vector<std::string> reported;
    loop::current().on_error([&](const std::exception_ptr& e, std::string_view where) {
        reported.push_back(std::string(where) + ": " + describe(e));
    });
    spawn(fail_later(), "lonely");
    auto seen = spawn(fail_later(), "seen");
    EXPECT_THROW(run(seen.join()), error);
    run(sleep(1ms));
    loop::current().on_error(nullptr);
    ASSERT_EQ(reported.size(), 1U);
    EXPECT_EQ(reported[0], "task lonely: failed");
}

TEST(then, chains_values_and_failures)
{
    auto twice = [](int n) -> awaitable<int> { co_return n * 2; };
    auto text = [](int n) { return std::to_string(n); };
    EXPECT_EQ(run(spawn(give(21)).then(twice).then(text).join()), "42");

    auto fail = []() -> awaitable<int> {
        co_await yield_now();
        throw error(errc::denied, "no");
    };
    auto recover = [](const error&) { return 7; };
    EXPECT_EQ(run(spawn(fail()).then(twice).otherwise(recover).join()), 7);
    auto rethrow = [](std::exception_ptr e) -> int { std::rethrow_exception(e); };
    EXPECT_THROW(run(spawn(fail()).otherwise(rethrow).join()), error);
}

TEST(wait, returns_by_mode_and_time)
{
    auto main = []() -> awaitable<std::string> {
        std::vector<task<int>> tasks;
        tasks.push_back(spawn(give_later(1)));
        tasks.push_back(spawn([]() -> awaitable<int> {
            co_await sleep(10s);
            co_return 2;
        }));
        auto first = co_await wait(tasks, wait_mode::first_completed);
        std::string text = std::to_string(first.done.size()) + std::to_string(first.pending.size());
        auto late = co_await wait(tasks, wait_mode::all_completed, 1ms);
        text += std::to_string(late.done.size()) + std::to_string(late.pending.size());
        tasks[1].cancel();
        auto all = co_await wait(tasks);
        text += std::to_string(all.done.size()) + std::to_string(all.pending.size());
        co_return text;
    };
    EXPECT_EQ(run(main()), "111120");
    EXPECT_THROW(run(wait(std::vector<task<int>>())), error);
}

TEST(as_completed, gives_tasks_as_they_end)
{
    auto main = []() -> awaitable<std::string> {
        std::vector<task<int>> tasks;
        tasks.push_back(spawn([]() -> awaitable<int> {
            for (int i = 0; i < 10; ++i) co_await yield_now();
            co_return 1;
        }));
        tasks.push_back(spawn(give(2)));
        as_completed<int> each(tasks);
        std::string order;
        for (;;) {
            const auto t = co_await each.next();
            if (!t) break;
            order += std::to_string(*t->value());
        }
        co_return order;
    };
    EXPECT_EQ(run(main()), "21");
}

TEST(shield, runs_on_when_its_waiter_is_cancelled)
{
    event go;
    bool done = false;
    auto work = [](event* on, bool* flag) -> awaitable<void> {
        co_await on->wait();
        *flag = true;
    };
    EXPECT_THROW(run(timeout(1ms, shield(work(&go, &done)))), timeout_error);
    EXPECT_FALSE(done);
    go.set();
    run(sleep(1ms));
    EXPECT_TRUE(done);
}

// The threads that waited for calls in the parent do not exist in the child.
TEST(run_blocking, works_in_a_forked_child)
{
    run(run_blocking([] {}));
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        ::alarm(20);
        int got = 0;
        // A fresh thread, for the loop of this one is a copy of the parent's.
        std::thread([&got] { got = run(run_blocking([] { return 21; })); }).join();
        ::_exit(got);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 21);
}

TEST(run_blocking, is_abandoned_when_cancelled)
{
    std::atomic<bool> release{false};
    auto resource = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = resource;
    auto blocking = [&release, r = std::move(resource)] {
        while (!release) std::this_thread::yield();
        return r;
    };
    EXPECT_THROW(run(timeout(1ms, run_blocking(std::move(blocking)))), timeout_error);
    EXPECT_FALSE(watched.expired());
    release = true;
    while (!watched.expired()) std::this_thread::yield();
}

TEST(signals, arrive_in_order)
{
    auto main = []() -> awaitable<int> {
        signals both(SIGUSR1, SIGUSR2);
        std::raise(SIGUSR2);
        const int first = co_await both.next();
        std::raise(SIGUSR1);
        const int second = co_await both.next();
        co_return first == SIGUSR2&& second == SIGUSR1 ? 1 : 0;
    };
    EXPECT_EQ(run(main()), 1);
    auto idle = []() -> awaitable<void> {
        signals one(SIGUSR1);
        co_await one.next();
    };
    EXPECT_THROW(run(timeout(1ms, idle())), timeout_error);
}

// uvloop issue 201.
TEST(sleep, is_ordered_and_cancelled_without_trace)
{
    std::string order;
    auto note = [](std::string* to, std::chrono::milliseconds d, char c) -> awaitable<void> {
        co_await sleep(d);
        *to += c;
    };
    run(gather(note(&order, 90ms, 'c'), note(&order, 1ms, 'a'), note(&order, 45ms, 'b')));
    EXPECT_EQ(order, "abc");
    auto main = []() -> awaitable<void> {
        for (int i = 0; i < 10'000; ++i) co_await timeout(10s, give_later(1));
    };
    run(main());
}

}  // namespace
}  // namespace ferry
