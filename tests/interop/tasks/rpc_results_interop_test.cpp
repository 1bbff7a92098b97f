// Results as messages, through a real RabbitMQ.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/blocking.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/brokers/amqp.hpp"
#include "ferry/tasks/detail/beside_worker.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/environment.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

amqp::options rabbitmq()
{
    return amqp::options::from_url(testing::server("FERRY_RABBITMQ"));
}

class rpc : public ::testing::Test {
protected:
    /// As a worker does.
    void send(std::string id, std::string_view status)
    {
        result_document d;
        d.task_id = std::move(id);
        d.status = status;
        d.reply_to = queue_;
        run(timeout(60s, worker_.store(std::move(d))));
    }

    /// In the order in which they were sent.
    std::string status_of(const std::string& id)
    {
        const std::string last = uuid4();
        send(last, state::success);
        run(timeout(60s, caller_.wait(last)));
        return run(caller_.find(id)).status;
    }

    amqp_broker callers_{rabbitmq()};
    amqp_broker workers_{rabbitmq()};
    rpc_results caller_{callers_};
    rpc_results worker_{workers_};
    const std::string queue_ = run(timeout(60s, caller_.reply_to()));
};

TEST_F(rpc, a_result_is_not_replaced_by_another_try)
{
    const std::string id = uuid4();
    send(id, state::failure);
    send(id, state::retry);
    send(id, state::started);
    EXPECT_EQ(status_of(id), "FAILURE");
    send(id, state::success);
    EXPECT_EQ(status_of(id), "SUCCESS");
    send(id, state::failure);
    EXPECT_EQ(status_of(id), "SUCCESS");
}

awaitable<void> until_consumed(amqp::connection over, std::string queue)
{
    while (true) {
        auto opening = over.channel();
        amqp::channel apart = co_await std::move(opening);
        try {
            auto asking = apart.queue_declare(queue, amqp::passive());
            const amqp::queue_info there = co_await std::move(asking);
            if (there.consumer_count() > 0) co_return;
        } catch (const amqp::channel_closed&) {
            // not there yet
        }
        co_await sleep(20ms);
    }
}

/// In place of somebody else's queue, of whom it is hidden.
awaitable<amqp::channel> take_away(amqp::connection over, std::string queue)
{
    while (true) {
        auto opening = over.channel();
        amqp::channel on = co_await std::move(opening);
        try {
            auto deleting = on.queue_delete(queue);
            co_await std::move(deleting);
            auto declaring = on.queue_declare(queue, amqp::exclusive());
            co_await std::move(declaring);
            co_return on;
        } catch (const amqp::channel_closed&) {
            // they were faster
        }
    }
}

/// What the log says of an outage, as long as it lives.
class outage_log {
public:
    outage_log()
    {
        log::set_level(log::level::debug);
        log::set_sink([this](const log::record& r) {
            if (r.message == "results do not come for a while") {
                reason_ = log::line(r);
                ++begun;
            }
            if (r.message == "results do not come yet") ++tried;
            if (r.message == "results come again") ++over;
            if (r.message == "connection to the broker lost") ++lost;
        });
    }
    outage_log(const outage_log&) = delete;
    outage_log& operator=(const outage_log&) = delete;
    ~outage_log()
    {
        log::set_sink({});
        log::set_level(log::level::warning);
    }

    /// Once `begun` is set.
    const std::string& reason() const noexcept { return reason_; }

    static awaitable<void> until(const std::atomic<int>* count, int least)
    {
        while (*count < least) co_await sleep(10ms);
    }

    std::atomic<int> begun = 0;
    std::atomic<int> tried = 0;
    std::atomic<int> over = 0;
    std::atomic<int> lost = 0;

private:
    std::string reason_;
};

TEST_F(rpc, who_waits_gets_the_result_though_the_queue_was_deleted_meanwhile)
{
    const std::string id = uuid4();
    ferry::task<result_document> waiting = spawn(timeout(60s, caller_.wait(id)), "waiting");
    EXPECT_EQ(status_of(id), "PENDING");
    amqp::connection peer = run(amqp::connect(rabbitmq()));
    amqp::channel beside = run(peer.channel());
    run(beside.queue_delete(queue_));
    run(timeout(60s, until_consumed(peer, queue_)));
    send(id, state::success);
    const result_document d = run(timeout(60s, std::move(waiting).join()));
    EXPECT_EQ(d.status, "SUCCESS");
    run(peer.close());
}

TEST_F(rpc, an_outage_is_told_once_and_so_is_its_end)
{
    const std::string id = uuid4();
    ferry::task<result_document> waiting = spawn(timeout(90s, caller_.wait(id)), "waiting");
    const outage_log told;
    amqp::connection peer = run(amqp::connect(rabbitmq()));
    amqp::channel thief = run(timeout(60s, take_away(peer, queue_)));
    run(timeout(60s, outage_log::until(&told.tried, 3)));
    EXPECT_EQ(told.begun, 1);
    EXPECT_EQ(told.over, 0);
    run(thief.queue_delete(queue_));
    run(timeout(60s, outage_log::until(&told.over, 1)));
    send(id, state::success);
    EXPECT_EQ(run(std::move(waiting).join()).status, "SUCCESS");
    EXPECT_EQ(told.begun, 1);
    EXPECT_EQ(told.over, 1);
    run(peer.close());
}

/// In the broker, in Erlang.
void eval(const std::string& script)
{
    const testing::outcome done =
        testing::run_program({FERRY_INTEROP_DIR "/../../services/rabbitmq", "ctl",
                              testing::server("FERRY_RABBITMQ_DIR"), "eval", script},
                             {}, 120s);
    ASSERT_EQ(done.status, 0) << done.out << done.err;
}

/// Has the broker itself ask for a queue that is not there, on the channel of the queue's consumer.
void break_channel_of_consumer(const std::string& queue)
{
    eval("{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"" + queue +
         "\">>)), [C | _] = rabbit_amqqueue:consumers(Q), rabbit_channel:do(element(1, C), "
         "{'queue.declare', 0, <<\"nowhere\">>, true, false, false, false, false, []}).");
}

TEST_F(rpc, who_waits_gets_the_result_though_the_broker_closed_the_channel_alone)
{
    const std::string id = uuid4();
    ferry::task<result_document> waiting = spawn(timeout(300s, caller_.wait(id)), "waiting");
    EXPECT_EQ(status_of(id), "PENDING");
    const outage_log told;
    break_channel_of_consumer(queue_);
    run(timeout(60s, outage_log::until(&told.over, 1)));
    EXPECT_EQ(told.begun, 1);
    EXPECT_NE(told.reason().find("no queue 'nowhere'"), std::string::npos) << told.reason();
    EXPECT_EQ(told.lost, 0);
    send(id, state::success);
    EXPECT_EQ(run(std::move(waiting).join()).status, "SUCCESS");
}

// A connection that is refused three times in a row is not made again by itself.
TEST(rpc_worker, goes_on_when_its_connection_has_ended_for_good)
{
    app shop("shop", broker(testing::server("FERRY_RABBITMQ")), results("rpc://"),
             queue("refused." + uuid4()));
    const auto add = shop.task("add", [](int x, int y) { return x + y; });
    worker w(shop, concurrency(1));
    const auto three = [](task<int(int, int)> sum) -> awaitable<int> {
        auto sent = co_await sum.delay(1, 2);
        co_return co_await sent.get(60s);
    };
    detail::run_beside(
        w,
        [&]() -> awaitable<void> {
            const int before = co_await three(add);
            EXPECT_EQ(before, 3);
            const outage_log told;
            for (int n = 1; n <= 3; ++n) {
                while (told.lost < n) {
                    auto refusing = run_blocking([] {
                        eval(
                            "[P ! {channel_exit, 1, {amqp_error, internal_error, \"no\", none}} "
                            "|| P <- rabbit_networking:connections()].");
                    });
                    co_await std::move(refusing);
                    co_await sleep(100ms);
                }
            }
            const int after = co_await three(add);
            EXPECT_EQ(after, 3);
        },
        300s);
}

}  // namespace
}  // namespace ferry::tasks
