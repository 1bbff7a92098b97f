// Results as messages, through a real RabbitMQ.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/brokers/amqp.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

amqp::options rabbitmq()
{
    const char* const url = std::getenv("FERRY_RABBITMQ");
    if (url == nullptr) throw std::runtime_error("FERRY_RABBITMQ is not set");
    return amqp::options::from_url(url);
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

TEST_F(rpc, who_waits_gets_the_result_though_the_queue_was_deleted_meanwhile)
{
    const std::string id = uuid4();
    task<result_document> waiting = spawn(timeout(60s, caller_.wait(id)), "waiting");
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

}  // namespace
}  // namespace ferry::tasks
