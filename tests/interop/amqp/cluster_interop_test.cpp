// Three nodes and a quorum queue: the node that leads it is killed while messages are published.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

constexpr int message_count = 5'000;

net::endpoint at(const broker& node)
{
    return net::tcp("127.0.0.1", node.port());
}

awaitable<void> publish_all(connection c, int* published)
{
    auto opening = c.channel(confirm());
    channel ch = co_await std::move(opening);
    publisher out(ch, 100);
    for (*published = 0; *published < message_count; ++*published) {
        auto publishing = out.publish("", "shared", std::to_string(*published), persistent());
        co_await std::move(publishing);
    }
    auto flushing = out.flush();
    co_await std::move(flushing);
    EXPECT_EQ(out.confirmed(), message_count);
}

awaitable<void> consume_all(connection c, std::set<int>* seen)
{
    auto opening = c.channel();
    channel ch = co_await std::move(opening);
    auto beginning = ch.basic_consume("shared", prefetch(100));
    consumer all = co_await std::move(beginning);
    while (seen->size() < message_count) {
        auto waiting = all.next();
        auto d = co_await std::move(waiting);
        seen->insert(std::stoi(std::string(d->text())));
        auto acking = d->ack();
        co_await std::move(acking);
    }
}

awaitable<void> kill_in_the_middle(const broker* leader, const int* published)
{
    while (*published < message_count / 4) co_await ferry::sleep(5ms);
    leader->kill();
}

TEST(amqp_cluster, a_quorum_queue_outlives_the_node_that_leads_it)
{
    const broker first;
    auto joining = std::async(std::launch::async, [&] { return std::make_unique<broker>(&first); });
    const broker third(&first);
    const std::unique_ptr<broker> beside = joining.get();
    const broker& second = *beside;
    // The queue's leader is where it was declared. What is published goes through another node: on
    // a channel that is opened while the queue has no leader, RabbitMQ may confirm nothing for
    // minutes.
    connection declaring = run(connect(options().hosts({at(first), at(third)})));
    connection giving = run(connect(options().hosts({at(second), at(third)})));
    connection taking = run(connect(options().hosts({at(second), at(third)})));
    {
        channel ch = run(declaring.channel());
        run(ch.queue_declare(
            "shared", durable(),
            arguments(value::object("x-queue-type", "quorum", "x-quorum-initial-group-size", 3))));
    }
    int published = 0;
    std::set<int> seen;
    const auto lost = std::make_shared<bool>(false);
    declaring.on_disconnected([lost](const error&) { *lost = true; });
    const auto all = [&]() -> awaitable<void> {
        auto running = gather(publish_all(giving, &published), consume_all(taking, &seen),
                              kill_in_the_middle(&first, &published));
        co_await std::move(running);
    };
    run(timeout(240s, all()));
    EXPECT_TRUE(*lost);
    EXPECT_TRUE(giving.is_open());
    // The one that was connected to the killed node goes on with another.
    const auto message = [](connection* c) -> awaitable<void> {
        auto opening = c->channel(confirm());
        channel ch = co_await std::move(opening);
        auto publishing = ch.basic_publish("", "shared", "last", persistent());
        co_await std::move(publishing);
    };
    run(timeout(60s, message(&declaring)));
    EXPECT_EQ(seen.size(), message_count);
    EXPECT_EQ(*seen.rbegin(), message_count - 1);
}

}  // namespace
}  // namespace ferry::amqp
