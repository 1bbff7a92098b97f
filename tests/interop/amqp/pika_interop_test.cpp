#include "ferry/amqp/amqp.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

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

    static constexpr std::size_t sizes[] = {0, 1, 4088, 4089, 131064, 131065, 1U << 20U};
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
    EXPECT_EQ(run(timeout(20s, call(ch, "hello"))), "HELLO");
    EXPECT_EQ(run(timeout(20s, call(ch, "end"))), "END");
}

}  // namespace
}  // namespace ferry::amqp
