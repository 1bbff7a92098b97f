// What an outbox has accepted arrives, whoever is killed.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

// The publishing program: prints each number once it is accepted.
TEST(amqp_outbox, DISABLED_publishes_until_it_is_killed)
{
    const auto publish = []() -> awaitable<void> {
        auto connecting = connect(std::string(std::getenv("OUTBOX_URL")));
        connection c = co_await std::move(connecting);
        auto opening = outbox::open(c, std::string(std::getenv("OUTBOX_FILE")));
        outbox out = co_await std::move(opening);
        for (int i = 0;; ++i) {
            auto publishing = out.publish("", "ledger", std::to_string(i), persistent());
            co_await std::move(publishing);
            std::printf("accepted %d\n", i);
            std::fflush(stdout);
        }
    };
    run(publish());
}

std::set<int> accepted(const std::string& printed)
{
    std::set<int> all;
    std::istringstream in(printed);
    for (std::string line; std::getline(in, line);) {
        // A line that is cut has no end, and is not counted.
        if (line.starts_with("accepted ") && !in.eof()) all.insert(std::stoi(line.substr(9)));
    }
    return all;
}

TEST(amqp_outbox, what_it_accepted_arrives_though_program_and_broker_are_killed)
{
    const broker b;
    connection c = run(connect(b.url()));
    channel ch = run(c.channel());
    run(ch.queue_declare("ledger", durable()));
    // RabbitMQ writes down by and by that there is a queue, and this one is killed soon.
    b.ctl({"eval", "mnesia:sync_log()."});
    const std::string file = b.directory() / "outbox.db";
    const std::string printed = b.directory() / "publisher.out";
    {
        const testing::program publisher(
            {"/usr/bin/env", "OUTBOX_URL=" + b.url(), "OUTBOX_FILE=" + file,
             std::filesystem::read_symlink("/proc/self/exe").string(),
             "--gtest_filter=amqp_outbox.DISABLED_publishes_until_it_is_killed",
             "--gtest_also_run_disabled_tests"},
            printed, b.directory() / "publisher.err");
        while (accepted(testing::read_file(printed)).size() < 200) run(ferry::sleep(10ms));
        b.kill();
        // It goes on accepting while there is no broker, up to its window.
        const auto before = accepted(testing::read_file(printed)).size();
        while (accepted(testing::read_file(printed)).size() < before + 100) run(ferry::sleep(10ms));
        publisher.signal(SIGKILL);
    }
    b.again();
    const std::set<int> promised = accepted(testing::read_file(printed));
    EXPECT_GE(promised.size(), 300U);

    // The next run sends what the killed one could not.
    const auto send_rest = [](connection over, std::string path) -> awaitable<void> {
        auto opening = outbox::open(over, std::move(path));
        outbox out = co_await std::move(opening);
        auto flushing = out.flush();
        co_await std::move(flushing);
        EXPECT_EQ(out.pending(), 0U);
    };
    run(timeout(300s, send_rest(c, file)));
    std::set<int> arrived;
    std::set<std::string> ids;
    for (;;) {
        const auto d = run(ch.basic_get("ledger", true));
        if (!d) break;
        arrived.insert(std::stoi(std::string(d->text())));
        ids.insert(d->properties().message_id());
        EXPECT_EQ(d->properties().delivery_mode(), 2);
    }
    for (const int n : promised) EXPECT_TRUE(arrived.contains(n)) << n;
    EXPECT_EQ(ids.size(), arrived.size());  // one that came twice can be told by its id

    // Nothing is left for a third run.
    run(timeout(300s, send_rest(c, file)));
    EXPECT_FALSE(run(ch.basic_get("ledger", true)));
}

TEST(amqp_outbox, a_file_that_is_no_outbox_is_refused)
{
    const broker b;
    connection c = run(connect(b.url()));
    EXPECT_THROW(run(outbox::open(c, "/nowhere/outbox.db")), error);
}

}  // namespace
}  // namespace ferry::amqp
