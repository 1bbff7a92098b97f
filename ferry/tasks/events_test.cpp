#include "ferry/tasks/events.hpp"

#include "ferry/async/run.hpp"
#include "ferry/tasks/detail/wire_json.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

value event(std::string_view text)
{
    return detail::parse_wire(text);
}

constexpr std::string_view received =
    R"x({"type": "task-received", "hostname": "w@h", "timestamp": 1795329825.4695954, "clock": 4,
        "uuid": "f52e", "name": "shop.add", "args": "(2, 3)", "kwargs": "{}", "retries": 1,
        "eta": null, "pid": 7, "utcoffset": 0})x";
constexpr std::string_view succeeded =
    R"({"type": "task-succeeded", "hostname": "w@h", "timestamp": 1795329826, "clock": 6,
        "uuid": "f52e", "result": "5", "runtime": 0.5})";
constexpr std::string_view heartbeat =
    R"({"type": "worker-heartbeat", "hostname": "w@h", "timestamp": 1795329787.57, "clock": 3,
        "freq": 2.0, "active": 1, "processed": 9, "loadavg": [1.28, 0.76, 0.32], "pid": 7,
        "sw_ident": "ferry", "sw_ver": "0.1.0", "sw_sys": "Linux"})";

TEST(event_lines, are_those_of_celery_events_dump)
{
    event_lines lines;
    EXPECT_EQ(lines.line(event(received)),
              "w@h [2026-11-22 06:43:45.469595] task received: shop.add(f52e) args=(2, 3) "
              "kwargs={} clock=4, eta=None, pid=7, retries=1, utcoffset=0");
    EXPECT_EQ(lines.line(event(succeeded)),
              "w@h [2026-11-22 06:43:46] task succeeded: shop.add(f52e) args=(2, 3) kwargs={} "
              "clock=6, result=5, runtime=0.5");
    EXPECT_EQ(lines.line(event(R"({"type": "worker-offline", "hostname": "w@h", "timestamp": 0})")),
              "w@h [1970-01-01 00:00:00] shutdown ");
}

TEST(cluster_state, puts_events_together)
{
    cluster_state all;
    all.apply(event(heartbeat));
    all.apply(event(received));
    all.apply(event(succeeded));
    const cluster_state::worker& w = all.workers().at("w@h");
    EXPECT_EQ(w.processed, 9);
    EXPECT_EQ(w.loadavg.size(), 3U);
    EXPECT_EQ(w.software, "ferry 0.1.0");
    EXPECT_TRUE(w.alive(w.heard + 4s));
    EXPECT_FALSE(w.alive(w.heard + 5s));
    all.apply(event(R"({"type": "worker-offline", "hostname": "w@h", "timestamp": 1795329788})"));
    EXPECT_FALSE(w.alive(w.heard));
    const auto tasks = all.latest(10);
    ASSERT_EQ(tasks.size(), 1U);
    EXPECT_EQ(tasks[0]->state, "SUCCESS");
    EXPECT_EQ(tasks[0]->name, "shop.add");
    EXPECT_EQ(tasks[0]->result, "5");
    EXPECT_EQ(tasks[0]->retries, 1);
    EXPECT_DOUBLE_EQ(tasks[0]->runtime, 0.5);
}

TEST(cluster_state, is_not_misled_by_what_comes_late)
{
    cluster_state all;
    all.apply(event(succeeded));
    all.apply(event(received));
    EXPECT_EQ(all.latest(1)[0]->state, "SUCCESS");
    EXPECT_EQ(all.latest(1)[0]->name, "shop.add");
}

TEST(cluster_state, forgets_the_oldest_tasks)
{
    cluster_state all(2);
    for (const char* const id : {"a", "b", "a", "c"}) {
        all.apply(value::object("type", "task-started", "uuid", id, "clock", 1));
    }
    EXPECT_EQ(all.task_count(), 2U);
    EXPECT_EQ(all.latest(9)[0]->uuid, "c");
    EXPECT_EQ(all.latest(9)[1]->uuid, "a");
}

TEST(cluster_state, takes_no_harm_from_nonsense)
{
    for (const char* const text :
         {"1", "[]", "{}", R"({"type": 7})", R"({"type": "task-started"})",
          R"({"type": "task-started", "uuid": 1})", R"({"type": "worker-heartbeat"})",
          R"({"type": "worker-heartbeat", "hostname": "x", "timestamp": 1e300, "freq": -1,
              "active": "many", "loadavg": {}, "pid": 1e99})",
          R"({"type": "task-sent", "uuid": "x", "clock": NaN, "args": [], "timestamp": "soon"})",
          R"({"type": "worker-heartbeat", "hostname": "y", "loadavg": [[], null, 1, 2, 3, 4]})"}) {
        SCOPED_TRACE(text);
        cluster_state all;
        all.apply(event(text));
        event_lines lines;
        if (event(text).is_object()) {
            EXPECT_FALSE(lines.line(event(text)).empty());
        }
    }
}

TEST(watch_events, wants_a_broker_that_has_them)
{
    const testing::temporary_directory d;
    EXPECT_THROW(run(watch_events(open_broker("sqlite://" + (d / "t.db")), [](const value&) {})),
                 error);
}

}  // namespace
}  // namespace ferry::tasks
