#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/worker_core.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

/// A task that ends when `wanted` of it run at the same time.
struct meeting {
    std::atomic<int> there = 0;
    std::atomic<int> wanted = 3;
};

awaitable<int> meet(meeting* m)
{
    ++m->there;
    while (m->there < m->wanted) co_await sleep(1ms);
    co_return m->there.load();
}

awaitable<void> hold_meeting(app* of, meeting* m)
{
    worker w(*of, autoscale(3, 1, 20ms));
    auto serving = spawn(w.run());
    std::vector<async_result<value>> guests;
    for (int i = 0; i < m->wanted; ++i) {
        auto call = of->signature("meet");
        auto sent = call.delay();
        guests.push_back(co_await std::move(sent));
    }
    for (async_result<value>& guest : guests) {
        auto got = guest.get(60s);
        co_await std::move(got);
    }
    w.stop();
    co_await serving.join();
}

TEST(autoscale, makes_room_for_the_tasks_at_hand)
{
    const testing::temporary_directory dir;
    app a("shop", broker("sqlite://" + (dir / "t.db")));
    meeting m;
    a.task("meet", [&m] { return meet(&m); });
    ferry::run(hold_meeting(&a, &m));
    EXPECT_EQ(m.there, 3);
}

TEST(autoscale, has_bounds)
{
    const testing::temporary_directory dir;
    const app a("shop", broker("sqlite://" + (dir / "t.db")));
    worker_settings with;
    autoscale(10, 3)(with);
    detail::worker_core core(a.core(), with);
    EXPECT_EQ(core.scaled.most, 10U);
    EXPECT_EQ(core.scaled.least, 3U);
    EXPECT_EQ(core.prefetch(), 40U) << "as if all were there";
    core.set_scale(5, 0);
    EXPECT_EQ(core.scaled.most, 5U);
    EXPECT_EQ(core.scaled.least, 3U);
    EXPECT_THROW(core.set_scale(2, 0), error);
    EXPECT_EQ(core.scaled.most, 5U) << "unchanged";
}

}  // namespace
}  // namespace ferry::tasks
