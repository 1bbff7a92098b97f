#include "ferry/async/async.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;

awaitable<int> give(int n)
{
    co_await yield_now();
    co_return n;
}

awaitable<int> fail_with(std::string text)
{
    co_await yield_now();
    throw error(errc::malformed, text);
}

TEST(run, returns_the_value_and_throws_the_error)
{
    EXPECT_EQ(run(give(7)), 7);
    EXPECT_THROW(run(fail_with("x")), error);
}

TEST(run, throws_inside_a_running_loop)
{
    auto nested = []() -> awaitable<errc> {
        try {
            run(give(1));
        } catch (const error& e) {
            if (e.code() == errc::would_deadlock) co_return errc::would_deadlock;
        }
        co_return errc::malformed;
    };
    EXPECT_EQ(run(nested()), errc::would_deadlock);
}

TEST(run, throws_when_nothing_can_end_the_operation)
{
    event never;
    EXPECT_THROW(run(never.wait()), error);
    EXPECT_EQ(run(give(2)), 2);
}

TEST(spawn, runs_when_the_loop_is_run)
{
    int seen = 0;
    spawn(give(3)).then([&seen](int n) { seen = n; });
    EXPECT_EQ(seen, 0);
    run(sleep(1ms));
    EXPECT_EQ(seen, 3);
}

TEST(spawn, passes_a_failure_to_otherwise)
{
    std::string seen;
    auto ignore = [](int) {};
    auto note = [&seen](const error& e) { seen = e.what(); };
    run(spawn(fail_with("boom")).then(ignore).otherwise(note).join());
    EXPECT_EQ(seen, "boom");
}

TEST(gather, returns_all_values)
{
    auto both = []() -> awaitable<int> {
        auto [a, b] = co_await gather(give(1), give(2));
        co_return a * 10 + b;
    };
    EXPECT_EQ(run(both()), 12);
}

TEST(timeout, throws_timeout_error_and_cancels)
{
    EXPECT_THROW(run(timeout(1ms, sleep(10s))), timeout_error);
    EXPECT_EQ(run(timeout(10s, give(4))), 4);
}

TEST(timeout, hands_on_the_cancellation_from_outside)
{
    auto main = []() -> awaitable<bool> {
        auto t = spawn(timeout(10s, sleep(10s)));
        co_await sleep(1ms);
        t.cancel();
        try {
            co_await t.join();
        } catch (const cancelled&) {
            co_return true;
        }
        co_return false;
    };
    EXPECT_TRUE(run(main()));
}

TEST(run_blocking, returns_and_throws)
{
    EXPECT_EQ(run(run_blocking([] { return std::string("x"); })), "x");
    EXPECT_THROW(run(run_blocking([]() { throw error(errc::denied, "no"); })), error);
}

}  // namespace
}  // namespace ferry
