#include "ferry/amqp/amqp.hpp"
#include "ferry/async/blocking.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

#include <limits>
#include <memory>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

class pika_interop : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared = std::make_unique<broker>(); }
    static void TearDownTestSuite() { shared.reset(); }

    static std::vector<std::string> peer(const char* verb)
    {
        return {FERRY_PYTHON, FERRY_INTEROP_DIR "/pika_peer.py", shared->url("/%2F"), verb};
    }
    static void run_peer(const char* verb)
    {
        const auto done = testing::run_program(peer(verb));
        EXPECT_EQ(done.status, 0) << done.err;
        EXPECT_EQ(done.out, "ok\n");
    }
    static value headers()
    {
        return value::object("int", 5, "long", std::int64_t{1} << 40U, "negative", -7, "text", "é",
                             "bytes", bytes{std::byte{0}, std::byte{255}}, "yes", true, "null",
                             nullptr, "time", timestamp(std::chrono::seconds(1'700'000'000)),
                             "decimal", value::decimal("12.34"), "list",
                             value::array(1, "x", value::array(true)), "dict",
                             value::object("a", value::object("b", 2)));
    }

    static constexpr std::size_t sizes[] = {0,      1,      4088,      4089,
                                            131064, 131065, 1U << 20U, 64U << 20U};
    static inline std::unique_ptr<broker> shared;
    connection c = run(connect(shared->url()));
    channel ch = run(c.channel(confirm()));
};

TEST_F(pika_interop, ferry_reads_what_pika_publishes)
{
    run_peer("publish");
    for (const std::size_t size : sizes) {
        const auto d = run(ch.basic_get("to.ferry"));
        ASSERT_TRUE(d);
        EXPECT_TRUE(d->text() == std::string(size, 'p')) << size;
        const auto p = d->properties();
        EXPECT_EQ(p.headers(), headers());
        EXPECT_EQ(p.content_type(), "text/plain");
        EXPECT_EQ(p.delivery_mode(), 2);
        EXPECT_EQ(p.priority(), 7);
        EXPECT_EQ(p.correlation_id(), "cid");
        EXPECT_EQ(p.reply_to(), "r");
        EXPECT_EQ(p.expiration(), "60000");
        EXPECT_EQ(p.message_id(), "mid");
        EXPECT_EQ(p.timestamp(), timestamp(std::chrono::seconds(1'700'000'000)));
        EXPECT_EQ(p.type(), "t");
        EXPECT_EQ(p.user_id(), "guest");
        EXPECT_EQ(p.app_id(), "app");
    }
}

TEST_F(pika_interop, pika_reads_what_ferry_publishes)
{
    run(ch.queue_declare("to.pika"));
    const auto with = properties()
                          .content_type("text/plain")
                          .persistent()
                          .priority(7)
                          .correlation_id("cid")
                          .timestamp(timestamp(std::chrono::seconds(1'700'000'000)))
                          .headers(headers());
    for (const std::size_t size : sizes) {
        run(ch.basic_publish("", "to.pika", std::string(size, 'f'), with));
    }
    run_peer("consume");
}

TEST_F(pika_interop, ferry_calls_a_procedure_of_pika)
{
    const testing::program server(peer("rpc"), shared->directory() / "rpc.out",
                                  shared->directory() / "rpc.err");
    while (testing::read_file(shared->directory() / "rpc.out").empty()) run(ferry::sleep(10ms));
    const auto call = [](channel on, std::string body) -> awaitable<std::string> {
        auto beginning = on.basic_consume("amq.rabbitmq.reply-to", no_ack());
        consumer answers = co_await std::move(beginning);
        auto asking = on.basic_publish(
            "", "upper", body, properties().reply_to("amq.rabbitmq.reply-to").correlation_id("1"));
        co_await std::move(asking);
        auto waiting = answers.next();
        const auto d = co_await std::move(waiting);
        EXPECT_EQ(d->properties().correlation_id(), "1");
        auto ending = answers.cancel();
        co_await std::move(ending);
        co_return std::string(d->text());
    };
    EXPECT_EQ(run(timeout(60s, call(ch, "hello"))), "HELLO");
    EXPECT_EQ(run(timeout(60s, call(ch, "end"))), "END");
}

awaitable<publish_body> reversed(message request)
{
    const std::string_view text = request.text();
    co_return publish_body(std::string(text.rbegin(), text.rend()));
}

TEST_F(pika_interop, pika_calls_a_procedure_of_ferry)
{
    run(ch.queue_declare("reverse"));
    const auto serving = spawn(serve_rpc(run(c.channel()), "reverse", reversed));
    const auto call_by_pika = [] { return testing::run_program(peer("call")); };
    const auto call = [&call_by_pika]() -> awaitable<testing::outcome> {
        auto running = run_blocking(call_by_pika);
        co_return co_await std::move(running);
    };
    const testing::outcome done = run(call());
    EXPECT_EQ(done.status, 0) << done.err;
    serving.cancel();
    run(serving.wait());
}

const std::vector<std::string> exchange_types{"direct", "fanout", "topic", "headers"};

TEST_F(pika_interop, ferry_agrees_with_what_pika_declared)
{
    run_peer("declare");
    for (const std::string& type : exchange_types) {
        run(ch.exchange_declare("pika." + type, type, durable()));
    }
    run(ch.exchange_declare("pika.alternate", "fanout",
                            arguments(value::object("alternate-exchange", "pika.fanout"))));
    run(ch.exchange_declare("pika.inside", "fanout", internal()));
    run(ch.queue_declare(
        "pika.q", durable(),
        arguments(value::object("x-message-ttl", 60000, "x-max-length", 1000, "x-max-length-bytes",
                                std::int64_t{1} << 33U, "x-overflow", "reject-publish",
                                "x-dead-letter-exchange", "pika.fanout",
                                "x-dead-letter-routing-key", "dead", "x-max-priority", 5))));
    run(ch.queue_declare(
        "pika.quorum", durable(),
        arguments(value::object("x-queue-type", "quorum", "x-delivery-limit", 3))));
    run(ch.queue_declare("pika.stream", durable(),
                         arguments(value::object("x-queue-type", "stream", "x-max-age", "7D"))));
    EXPECT_THROW(run(ch.queue_declare("pika.q", durable())), channel_closed);
}

// What the specification of each type of exchange says, seen by pika's publishes and ferry's queue.
TEST_F(pika_interop, pika_publishes_to_every_exchange_that_ferry_declares)
{
    for (const std::string& type : exchange_types) {
        run(ch.exchange_declare("ferry." + type, type, durable()));
    }
    run(ch.exchange_declare("ferry.outer", "direct"));
    run(ch.exchange_bind("ferry.fanout", "ferry.outer", "inner"));
    run(ch.queue_declare("ferry.q", durable(),
                         arguments(value::object("x-message-ttl", 60000, "x-max-priority", 5))));
    run(ch.queue_declare("ferry.quorum", durable(),
                         arguments(value::object("x-queue-type", "quorum"))));
    run_peer("redeclare");
    run(ch.queue_bind("ferry.q", "ferry.direct", "a"));
    run(ch.queue_bind("ferry.q", "ferry.fanout"));
    run(ch.queue_bind("ferry.q", "ferry.topic", "a.#"));
    run(ch.queue_bind("ferry.q", "ferry.topic", "*.y"));
    run(ch.queue_bind("ferry.q", "ferry.headers", "",
                      value::object("x-match", "all", "k", 1, "n", "v")));
    run(ch.queue_bind("ferry.q", "ferry.headers", "",
                      value::object("x-match", "any", "any", true, "other", 1.5)));
    run(ch.queue_declare(
        "ferry.full", arguments(value::object("x-max-length", 1, "x-overflow", "reject-publish"))));
    run_peer("route");
    for (const char* body : {"direct a", "fanout anything", "topic a.b.c", "topic x.y",
                             "headers all", "headers any", "outer inner"}) {
        const auto d = run(ch.basic_get("ferry.q", true));
        ASSERT_TRUE(d) << body;
        EXPECT_EQ(d->text(), body);
    }
    EXPECT_FALSE(run(ch.basic_get("ferry.q", true)));
}

TEST_F(pika_interop, messages_are_settled_and_die_as_pika_says)
{
    run(ch.exchange_declare("dead", "fanout"));
    run(ch.queue_declare("dead"));
    run(ch.queue_bind("dead", "dead"));
    run(ch.queue_declare(
        "settle", arguments(value::object("x-max-priority", 5, "x-dead-letter-exchange", "dead"))));
    run(ch.basic_publish("", "settle", "low", properties().priority(1)));
    run(ch.basic_publish("", "settle", "high", properties().priority(5)));
    run_peer("settle");
    auto d = run(ch.basic_get("dead"));
    ASSERT_TRUE(d);
    EXPECT_EQ(d->text(), "high");
    const value death = d->properties().headers()["x-death"][0];
    EXPECT_EQ(death["reason"], value("rejected"));
    EXPECT_EQ(death["queue"], value("settle"));
    EXPECT_EQ(death["count"], value(1));
    EXPECT_EQ(death["routing-keys"], value::array("settle"));
    EXPECT_EQ(death["time"].kind(), value_kind::datetime);
    run(d->ack());
}

TEST_F(pika_interop, pika_reads_headers_of_every_kind)
{
    run(ch.queue_declare("names"));
    value all = value::object("naïve ключ 鍵", "zażółć 😀", "", "no name", "empty", "", "nothing",
                              value::object(), "none", value::array(), "least",
                              std::numeric_limits<std::int64_t>::min(), "most",
                              std::numeric_limits<std::int64_t>::max(), "real", 2.5);
    all.insert(std::string(255, 'x'), 1);
    all.insert(
        "deep",
        value::object("a", value::array(value::object(
                               "b", value::array(value::object(
                                        "c", value::array(1, value::object("d", nullptr))))))));
    run(ch.basic_publish("", "names", "", properties().headers(all)));
    const auto own = run(ch.basic_get("names"));
    EXPECT_EQ(own->properties().headers(), all);
    run(ch.basic_recover());
    run_peer("names");
}

}  // namespace
}  // namespace ferry::amqp
