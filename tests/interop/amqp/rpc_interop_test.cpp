#include "ferry/amqp/amqp.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

class amqp_helpers : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared = std::make_unique<broker>(); }
    static void TearDownTestSuite() { shared.reset(); }

    static inline std::unique_ptr<broker> shared;
    connection c = run(connect(shared->url()));
    channel ch = run(c.channel());
};

awaitable<publish_body> reversed(message request)
{
    std::string text(request.text());
    if (text == "fail") throw std::runtime_error("as asked");
    if (text == "slow") {
        auto pause = ferry::sleep(300ms);
        co_await std::move(pause);
    }
    co_return publish_body(std::string(text.rbegin(), text.rend()));
}

awaitable<std::string> call(rpc_client on, std::string queue, std::string text,
                            std::chrono::milliseconds limit)
{
    auto calling = on.call(std::move(queue), std::move(text), limit);
    const message answer = co_await std::move(calling);
    co_return std::string(answer.text());
}

awaitable<void> use_it(connection c, std::string queue)
{
    auto opening = rpc_client::open(c);
    rpc_client client = co_await std::move(opening);
    auto both = gather(call(client, queue, "abc", 60s), call(client, queue, "slow", 60s),
                       call(client, queue, "xyz", 60s));
    const auto [a, b, d] = co_await std::move(both);
    EXPECT_EQ(a, "cba");
    EXPECT_EQ(b, "wols");
    EXPECT_EQ(d, "zyx");

    struct row {
        const char* text;
        std::string queue;
        std::chrono::milliseconds limit;
        std::error_condition then;
    };
    const std::vector<row> rows{
        {"fail", queue, 100ms, condition::timed_out},
        {"slow", queue, 100ms, condition::timed_out},
        {"x", "nobody", 60s, condition::not_found},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        bool failed = false;
        try {
            auto calling = call(client, r.queue, r.text, r.limit);
            co_await std::move(calling);
        } catch (const error& e) {
            failed = true;
            EXPECT_TRUE(e.code() == r.then) << e.what();
        }
        EXPECT_TRUE(failed);
    }
    EXPECT_EQ(client.under_way(), 0U);
    auto last = call(client, queue, "end", 60s);
    const std::string answer = co_await std::move(last);
    EXPECT_EQ(answer, "dne");
    while (c.statistics().late_replies == 0) {
        auto pause = ferry::sleep(10ms);
        co_await std::move(pause);
    }
}

TEST_F(amqp_helpers, a_procedure_is_called_and_answers)
{
    const std::string queue = run(ch.queue_declare("", exclusive())).name();
    const auto serving = spawn(serve_rpc(run(c.channel()), queue, reversed));
    run(timeout(60s, use_it(c, queue)));
    serving.cancel();
    run(serving.wait());
}

awaitable<void> acknowledge_ten(channel ch, std::string queue)
{
    for (int i = 0; i < 10; ++i) {
        auto publishing = ch.basic_publish("", queue, "x");
        co_await std::move(publishing);
    }
    auto beginning = ch.basic_consume(queue);
    consumer all = co_await std::move(beginning);
    acknowledger done(4, 1h);
    for (int i = 0; i < 10; ++i) {
        auto waiting = all.next();
        auto d = co_await std::move(waiting);
        auto adding = done.add(std::move(*d));
        co_await std::move(adding);
    }
    EXPECT_EQ(done.pending(), 2U);
    // The period has its say too.
    auto publishing = ch.basic_publish("", queue, "x");
    co_await std::move(publishing);
    auto waiting = all.next();
    auto d = co_await std::move(waiting);
    acknowledger rest(4, 1ms);
    auto adding = rest.add(std::move(*d));
    co_await std::move(adding);
    while (rest.pending() > 0) {
        auto pause = ferry::sleep(5ms);
        co_await std::move(pause);
    }
}

TEST_F(amqp_helpers, acknowledgements_go_many_at_a_time)
{
    const std::string queue = run(ch.queue_declare("", exclusive())).name();
    run(timeout(60s, acknowledge_ten(ch, queue)));
    EXPECT_EQ(c.statistics().acked, 3U);
    run(ch.close());
    channel other = run(c.channel());
    EXPECT_EQ(run(other.queue_declare(queue, passive())).message_count(), 0U);
}

TEST_F(amqp_helpers, what_a_connection_does_is_counted)
{
    channel sure = run(c.channel(confirm()));
    const std::string queue = run(sure.queue_declare("", exclusive())).name();
    for (int i = 0; i < 5; ++i) run(sure.basic_publish("", queue, "x"));
    EXPECT_THROW(run(sure.basic_publish("", "none", "x", properties(), mandatory())), error);
    auto d = run(sure.basic_get(queue));
    EXPECT_EQ(c.statistics().unacked, 1U);
    run(d->ack());
    EXPECT_EQ(c.statistics().unacked, 0U);
    d = run(sure.basic_get(queue));
    run(d->nack());
    const statistics s = c.statistics();
    EXPECT_EQ(s.connects, 1U);
    EXPECT_EQ(s.published, 6U);
    EXPECT_EQ(s.confirmed, 6U);
    EXPECT_EQ(s.returned, 1U);
    EXPECT_EQ(s.delivered, 2U);
    EXPECT_EQ(s.acked, 1U);
    EXPECT_EQ(s.requeued, 1U);
    EXPECT_EQ(s.channels, 2U);
    EXPECT_EQ(s.unconfirmed, 0U);
    EXPECT_EQ(s.confirm_latency.count(), 6U);
    EXPECT_GT(s.bytes_in, 100U);
    EXPECT_GT(s.bytes_out, 100U);
    const std::string text = s.to_prometheus("app=\"shop\"");
    EXPECT_NE(text.find("ferry_amqp_published_total{app=\"shop\"} 6\n"), std::string::npos) << text;
    EXPECT_NE(text.find("ferry_amqp_confirm_seconds_bucket{app=\"shop\",le=\"+Inf\"} 6\n"),
              std::string::npos)
        << text;
}

}  // namespace
}  // namespace ferry::amqp
