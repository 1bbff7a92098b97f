// What the broker allows a client, and what ferry makes of its refusals.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/testing/memory.hpp"
#include "ferry/testing/own_socket.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

class amqp_limits : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared = std::make_unique<broker>(); }
    static void TearDownTestSuite() { shared.reset(); }
    static inline std::unique_ptr<broker> shared;
    connection c = run(connect(shared->url()));
};

template <class T>
std::string code_of(awaitable<T> operation, std::error_code& code)
{
    try {
        run(timeout(300s, std::move(operation)));
    } catch (const error& e) {
        code = e.code();
        return e.what();
    }
    return "none";
}

TEST_F(amqp_limits, the_system_asks_silent_brokers_if_it_is_told_to)
{
    run(c.close());
    const connection asked = run(connect(shared->url("/?tcp_options={'TCP_KEEPIDLE':60}")));
    const int fd = testing::own_socket_to(shared->port());
    ASSERT_GE(fd, 0);
    EXPECT_EQ(testing::socket_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(testing::socket_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
}

awaitable<void> publish_beside(connection over, std::string queue, int* confirmed_first)
{
    auto opening = over.channel(confirm());
    channel one = co_await std::move(opening);
    opening = over.channel(confirm());
    channel two = co_await std::move(opening);
    const auto long_one = spawn(one.basic_publish("", queue, std::string(64U << 20U, 'x')));
    const auto before = over.statistics().published;
    while (over.statistics().published == before) co_await yield_now();
    while (!long_one.done()) {
        auto publishing = two.basic_publish("", queue, "short");
        co_await std::move(publishing);
        if (!long_one.done()) ++*confirmed_first;
    }
    co_await long_one.join();
}

TEST_F(amqp_limits, short_messages_are_confirmed_while_a_long_one_is_sent)
{
    channel ch = run(c.channel());
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    int confirmed_first = 0;
    run(timeout(60s, publish_beside(c, q, &confirmed_first)));
    // A single one might overtake within the broker.
    EXPECT_GE(confirmed_first, 2);
}

// The most that is allocated while an operation runs, beyond what was before.
awaitable<void> at_most(awaitable<void> operation, std::size_t* most)
{
    const std::size_t before = testing::allocated_bytes();
    const auto doing = spawn(std::move(operation));
    while (!doing.done()) {
        // What an earlier test has left may go meanwhile.
        const std::size_t now = testing::allocated_bytes();
        *most = std::max(*most, now - std::min(now, before));
        auto pause = ferry::sleep(1ms);
        co_await std::move(pause);
    }
    co_await doing.join();
}

awaitable<void> publish_long(channel over, std::string queue, buffer body)
{
    auto publishing = over.basic_publish("", std::move(queue), std::move(body));
    co_await std::move(publishing);
}

awaitable<void> get_long(channel from, std::string queue, std::size_t bytes)
{
    std::optional<delivery> got;
    while (!got) {
        auto getting = from.basic_get(queue, true);
        got = co_await std::move(getting);
    }
    EXPECT_EQ(got->body().size(), bytes);
}

TEST_F(amqp_limits, a_long_message_is_in_memory_once)
{
    constexpr std::size_t slack = 2U << 20U;
    const buffer body(std::string(100U << 20U, 'x'));
    channel ch = run(c.channel(confirm()));
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    std::size_t most = 0;
    run(timeout(60s, at_most(publish_long(ch, q, body), &most)));
    EXPECT_LE(most, slack);
    most = 0;
    run(timeout(60s, at_most(get_long(ch, q, body.size()), &most)));
    EXPECT_GE(most, body.size());
    EXPECT_LE(most, body.size() + slack);
}

TEST_F(amqp_limits, idle_connections_and_channels_take_little_memory)
{
    constexpr std::size_t count = 200;
    constexpr std::size_t most = 64U << 10U;
    std::vector<connection> connections;
    std::size_t before = testing::allocated_bytes();
    for (std::size_t i = 0; i < count; ++i) connections.push_back(run(connect(shared->url())));
    EXPECT_LT((testing::allocated_bytes() - before) / count, most);
    std::vector<channel> channels;
    before = testing::allocated_bytes();
    for (int i = 0; i < 1000; ++i) channels.push_back(run(c.channel()));
    EXPECT_LT((testing::allocated_bytes() - before) / channels.size(), most / 8);
    EXPECT_EQ(run(channels.back().queue_declare("", exclusive())).message_count(), 0U);
}

TEST_F(amqp_limits, a_delivery_that_is_never_settled_closes_its_channel)
{
    // Half an hour, and looked at each minute, unless the broker is told otherwise.
    shared->ctl({"eval", "application:set_env(rabbit, consumer_timeout, 1000)."});
    shared->ctl({"eval", "application:set_env(rabbit, channel_tick_interval, 500)."});
    channel ch = run(c.channel());
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    for (const char* body : {"kept for too long", "next"}) run(ch.basic_publish("", q, body));
    consumer all = run(ch.basic_consume(q, prefetch(1)));
    auto d = run(timeout(60s, all.next()));
    std::error_code code;
    const std::string text = code_of(awaitable<std::optional<delivery>>(all.next()), code);
    EXPECT_EQ(code, errc::precondition_failed) << text;
    EXPECT_THROW(run(d->ack()), channel_closed);
    EXPECT_TRUE(c.is_open());
    // The message is there for others.
    channel other = run(c.channel());
    std::optional<delivery> again;
    while (!again) again = run(other.basic_get(q));
    EXPECT_EQ(again->text(), "kept for too long");
    EXPECT_TRUE(again->redelivered());
    shared->ctl({"eval", "application:set_env(rabbit, consumer_timeout, 1800000)."});
    shared->ctl({"eval", "application:set_env(rabbit, channel_tick_interval, 60000)."});
}

TEST_F(amqp_limits, a_body_over_128_mib_is_refused)
{
    constexpr std::size_t most = 134217728;
    channel ch = run(c.channel(confirm()));
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    const buffer body(std::string(most + 1, 'x'));
    std::error_code code;
    const std::string text = code_of(awaitable<void>(ch.basic_publish("", q, body)), code);
    EXPECT_EQ(code, errc::precondition_failed) << text;
    EXPECT_TRUE(c.is_open());
    // The longest that is allowed comes back.
    channel other = run(c.channel(confirm()));
    run(timeout(300s, other.basic_publish("", q, body.slice(0, most))));
    auto d = run(timeout(300s, other.basic_get(q)));
    ASSERT_TRUE(d);
    EXPECT_EQ(d->body().size(), most);
    run(d->ack());
}

TEST_F(amqp_limits, a_prefetch_beyond_all_that_is_there_brings_all_of_it)
{
    constexpr int count = 70'000;
    channel ch = run(c.channel(confirm()));
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    publisher out(ch);
    const auto publish_all = [](publisher* to, std::string queue) -> awaitable<void> {
        for (int i = 0; i < count; ++i) co_await to->publish("", queue, std::to_string(i));
        co_await to->flush();
    };
    run(timeout(300s, publish_all(&out, q)));
    const auto take_all = [](consumer* from) -> awaitable<void> {
        for (int i = 0; i < count; ++i) {
            auto d = co_await from->next();
            EXPECT_EQ(d->text(), std::to_string(i));
            if (i % 50'000 == 49'999 || i + 1 == count) co_await d->ack(true);
        }
    };
    for (const std::uint16_t most : {std::uint16_t{65535}, std::uint16_t{0}}) {
        SCOPED_TRACE(most);
        channel in = run(c.channel());
        consumer all = run(in.basic_consume(q, prefetch(most)));
        run(timeout(300s, take_all(&all)));
        EXPECT_EQ(c.statistics().unacked, 0U);
        run(all.cancel());
        EXPECT_EQ(run(in.queue_declare(q, passive())).message_count(), 0U);
        if (most != 0) run(timeout(300s, publish_all(&out, q)));
    }
}

awaitable<void> limit_the_whole_channel(channel ch, std::string queue)
{
    co_await ch.basic_qos(5, true);
    co_await ch.basic_consume(std::move(queue), channel_prefetch());
}

awaitable<void> take_from_a_stream(channel ch, std::string queue)
{
    auto getting = ch.basic_get(std::move(queue));
    co_await std::move(getting);
}

TEST_F(amqp_limits, what_a_kind_of_queue_does_not_have_is_not_implemented)
{
    connection own = run(connect(options::from_url(shared->url()).no_recovery()));
    channel ch = run(own.channel());
    const auto declare = [&](const char* name, const char* type) {
        run(ch.queue_declare(name, durable(), arguments(value::object("x-queue-type", type))));
    };
    declare("of a quorum", "quorum");
    declare("a stream", "stream");
    struct row {
        const char* name;
        std::function<awaitable<void>(channel)> act;
    };
    for (const row& r : std::vector<row>{
             {"a limit for the whole channel on a quorum queue",
              [](channel on) { return limit_the_whole_channel(on, "of a quorum"); }},
             {"basic.get of a stream",
              [](channel on) { return take_from_a_stream(on, "a stream"); }},
         }) {
        SCOPED_TRACE(r.name);
        connection bad = run(connect(options::from_url(shared->url()).no_recovery()));
        channel on = run(bad.channel());
        std::error_code code;
        const std::string text = code_of(r.act(on), code);
        EXPECT_EQ(code, errc::not_implemented) << text;
        EXPECT_FALSE(bad.is_open());
    }
    run(ch.queue_delete("of a quorum"));
    run(ch.queue_delete("a stream"));
}

}  // namespace
}  // namespace ferry::amqp
