#include "ferry/amqp/amqp.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

#include "broker.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

constexpr int message_count = 100'000;

// What a consumer saw: messages that it acknowledged and that came again as if they were new.
struct seen {
    std::set<int> acknowledged;
    int doubles_without_flag = 0;
    int doubles = 0;
};

awaitable<void> consume_all(connection c, seen* what)
{
    auto opening = c.channel();
    channel ch = co_await std::move(opening);
    auto beginning = ch.basic_consume("ledger", prefetch(200));
    consumer all = co_await std::move(beginning);
    while (what->acknowledged.size() < message_count) {
        auto waiting = all.next();
        auto d = co_await std::move(waiting);
        const int number = std::stoi(std::string(d->text()));
        if (!what->acknowledged.insert(number).second) {
            ++what->doubles;
            // A message that was published twice has the header of its second time.
            if (!d->redelivered()) ++what->doubles_without_flag;
        }
        auto acking = d->ack();
        co_await std::move(acking);
    }
}

awaitable<void> publish_all(connection c, std::uint64_t* republished)
{
    auto opening = c.channel(confirm());
    channel ch = co_await std::move(opening);
    auto declaring = ch.queue_declare("ledger", durable());
    co_await std::move(declaring);
    publisher out(ch, 256);
    for (int i = 0; i < message_count; ++i) {
        auto publishing = out.publish("", "ledger", std::to_string(i), persistent());
        co_await std::move(publishing);
    }
    auto flushing = out.flush();
    co_await std::move(flushing);
    EXPECT_EQ(out.confirmed(), message_count);
    *republished = out.republished();
}

awaitable<void> disturb(const broker* b, const seen* what)
{
    while (what->acknowledged.size() < message_count / 3) co_await ferry::sleep(5ms);
    b->kill();
    b->again();
    while (what->acknowledged.size() < message_count / 3 * 2) co_await ferry::sleep(5ms);
    b->ctl({"close_all_connections", "test"});
}

TEST(amqp_recovery, nothing_confirmed_is_lost_whatever_happens_to_the_broker)
{
    const broker b;
    connection giving = run(connect(b.url()));
    connection taking = run(connect(b.url()));
    {
        channel ch = run(giving.channel());
        run(ch.queue_declare("ledger", durable()));
    }
    seen what;
    std::uint64_t republished = 0;
    const auto all = [&]() -> awaitable<void> {
        auto running = gather(publish_all(giving, &republished), consume_all(taking, &what),
                              disturb(&b, &what));
        co_await std::move(running);
    };
    run(timeout(900s, all()));
    EXPECT_EQ(what.acknowledged.size(), message_count);
    // Twice and unmarked are only those that were published twice.
    EXPECT_LE(what.doubles_without_flag, static_cast<int>(republished));
}

TEST(amqp_recovery, what_was_declared_is_there_again)
{
    const broker b;
    connection c = run(connect(b.url()));
    channel ch = run(c.channel());
    run(ch.exchange_declare("x", "topic"));
    const std::string old = run(ch.queue_declare("", exclusive())).name();
    run(ch.queue_bind(old, "x", "a.#"));
    consumer all = run(ch.basic_consume(old));
    bool back = false;
    c.on_recovered([&] { back = true; });
    b.kill();
    b.again();
    const auto until_back = [](const bool* done) -> awaitable<void> {
        while (!*done) co_await ferry::sleep(20ms);
    };
    run(timeout(120s, until_back(&back)));
    // The queue has another name; its binding and its consumer have followed.
    channel sure = run(c.channel(confirm()));
    run(sure.basic_publish("x", "a.b", "again", properties(), mandatory()));
    const auto d = run(timeout(60s, all.next()));
    EXPECT_EQ(d->text(), "again");

    // Calls that come while the connection is down wait for it.
    b.kill();
    const auto declare = [](channel on, const broker* service) -> awaitable<std::string> {
        auto declaring = spawn(on.queue_declare("later"));
        service->again();
        const auto info = co_await declaring.join();
        co_return info.name();
    };
    EXPECT_EQ(run(timeout(300s, declare(ch, &b))), "later");
    run(c.close());
    EXPECT_FALSE(c.is_open());
    EXPECT_THROW(run(ch.basic_qos(1)), connection_error);
}

}  // namespace
}  // namespace ferry::amqp
