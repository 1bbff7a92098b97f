#include "ferry/async/async.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;

TEST(event, lets_everybody_go_on)
{
    event e;
    int woken = 0;
    auto wait_for = [](event* what, int* count) -> awaitable<void> {
        co_await what->wait();
        ++*count;
    };
    auto main = [&](event* what) -> awaitable<void> {
        task_group group;
        for (int i = 0; i < 3; ++i) group.spawn(wait_for(what, &woken));
        co_await yield_now();
        what->set();
        co_await group.join();
        co_await what->wait();
    };
    run(main(&e));
    EXPECT_EQ(woken, 3);
}

TEST(semaphore, serves_in_order)
{
    semaphore s(1);
    std::string order;
    auto work = [](semaphore* limit, std::string* log, char name) -> awaitable<void> {
        auto permit = co_await limit->acquire();
        *log += name;
        co_await yield_now();
    };
    auto main = [&]() -> awaitable<void> {
        task_group group;
        for (char c = 'a'; c < 'f'; ++c) group.spawn(work(&s, &order, c));
        co_await group.join();
    };
    run(main());
    EXPECT_EQ(order, "abcde");
    EXPECT_EQ(s.available(), 1U);
}

// asyncio issue 270, cpython issue 90155: the wake-up of a cancelled waiter must go to the next.
TEST(semaphore, hands_on_the_permit_of_a_waiter_that_is_cancelled_as_it_is_woken)
{
    for (const bool cancel_first : {false, true}) {
        SCOPED_TRACE(cancel_first);
        semaphore s(1);
        std::string order;
        auto work = [](semaphore* limit, std::string* log, char name) -> awaitable<void> {
            auto permit = co_await limit->acquire();
            co_await yield_now();
            *log += name;
        };
        auto main = [&]() -> awaitable<void> {
            auto held = s.try_acquire();
            auto a = spawn(work(&s, &order, 'a'));
            auto b = spawn(work(&s, &order, 'b'));
            co_await yield_now();
            if (cancel_first) a.cancel();
            held.release();
            if (!cancel_first) a.cancel();
            co_await a.wait();
            co_await b.join();
        };
        run(main());
        EXPECT_EQ(order, "b");
        EXPECT_EQ(s.available(), 1U);
    }
}

TEST(lock, excludes_under_random_cancellation)
{
    lock door;
    int inside = 0;
    int entered = 0;
    bool broken = false;
    auto work = [&](int turns) -> awaitable<void> {
        for (int i = 0; i < turns; ++i) {
            auto held = co_await door.acquire();
            broken = broken || ++inside != 1;
            ++entered;
            try {
                co_await yield_now();
            } catch (const cancelled&) {
                --inside;
                throw;
            }
            --inside;
        }
    };
    auto main = [&]() -> awaitable<void> {
        std::mt19937 random(1);
        for (int round = 0; round < 200; ++round) {
            std::vector<task<void>> tasks;
            for (int i = 0; i < 6; ++i) tasks.push_back(spawn(work(3)));
            for (auto& t : tasks) {
                if (random() % 2 == 0) co_await yield_now();
                if (random() % 3 == 0) t.cancel();
            }
            for (auto& t : tasks) co_await t.wait();
        }
    };
    run(main());
    EXPECT_FALSE(broken);
    EXPECT_GT(entered, 600);
    EXPECT_FALSE(door.locked());
}

TEST(queue, hands_items_over_in_order)
{
    queue<int> q(2);
    std::vector<int> got;
    auto produce = [](queue<int>* to) -> awaitable<void> {
        for (int i = 0; i < 10; ++i) co_await to->put(i);
        to->close();
    };
    auto consume = [](queue<int>* from, std::vector<int>* into) -> awaitable<void> {
        for (;;) {
            const std::optional<int> item = co_await from->next();
            if (!item) break;
            into->push_back(*item);
        }
    };
    run(gather(produce(&q), consume(&q, &got)));
    EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(queue, refuses_and_fails_after_close)
{
    queue<std::string> q(1);
    std::string kept = "kept";
    EXPECT_TRUE(q.put_nowait("first"));
    EXPECT_FALSE(q.put_nowait(kept));
    EXPECT_EQ(kept, "kept");
    q.close();
    EXPECT_THROW(q.put_nowait("late"), error);
    EXPECT_EQ(run(q.get()), "first");
    EXPECT_THROW(run(q.get()), error);
    EXPECT_EQ(run(q.next()), std::nullopt);
}

TEST(queue, loses_nothing_when_getters_and_putters_are_cancelled)
{
    queue<int> q(1);
    int got = 0;
    int put = 0;
    auto main = [&]() -> awaitable<void> {
        auto get = [&]() -> awaitable<void> {
            co_await q.get();
            ++got;
        };
        auto give = [&]() -> awaitable<void> {
            co_await q.put(1);
            ++put;
        };
        std::mt19937 random(2);
        for (int i = 0; i < 500; ++i) {
            auto g = spawn(get());
            auto p = spawn(give());
            if (random() % 2 == 0) co_await yield_now();
            if (random() % 3 == 0) g.cancel();
            if (random() % 3 == 0) p.cancel();
            co_await yield_now();
            co_await yield_now();
            g.cancel();
            p.cancel();
            co_await g.wait();
            co_await p.wait();
        }
    };
    run(main());
    EXPECT_GT(got, 100);
    EXPECT_EQ(put, got + static_cast<int>(q.size()));
}

}  // namespace
}  // namespace ferry
