// Calls through a real RabbitMQ, with confirms and, as Celery's, without.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/environment.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

envelope some_call()
{
    message m;
    m.task = "t";
    m.id = uuid4();
    return encode(m);
}

awaitable<void> until_there(std::shared_ptr<message_broker> at, std::string queue,
                            std::int64_t count)
{
    while (true) {
        auto asking = at->size(queue);
        const std::int64_t waiting = co_await std::move(asking);
        if (waiting == count) co_return;
        co_await sleep(20ms);
    }
}

class amqp_calls : public ::testing::TestWithParam<const char*> {
protected:
    const app shop_{"shop", broker(testing::server("FERRY_RABBITMQ") + GetParam())};
    const std::shared_ptr<message_broker> broker_ = shop_.open_broker();
    const std::string queue_ = "calls." + uuid4();
    amqp::connection peer_ =
        run(amqp::connect(amqp::options::from_url(testing::server("FERRY_RABBITMQ"))));
    amqp::channel beside_ = run(peer_.channel());
};

TEST_P(amqp_calls, survive_a_deleted_queue)
{
    run(timeout(60s, broker_->publish(queue_, some_call())));
    run(timeout(60s, until_there(broker_, queue_, 1)));
    EXPECT_EQ(run(beside_.queue_delete(queue_)), 1U);
    run(timeout(60s, broker_->publish(queue_, some_call())));
    run(timeout(60s, until_there(broker_, queue_, 1)));
    run(beside_.queue_delete(queue_));
}

TEST_P(amqp_calls, arrive_in_order)
{
    constexpr int count = 300;
    for (int i = 0; i < count; ++i) {
        message m;
        m.task = "t";
        m.id = std::to_string(i);
        run(timeout(60s, broker_->publish(queue_, encode(m))));
    }
    run(timeout(60s, until_there(broker_, queue_, count)));
    for (int i = 0; i < count; ++i) {
        const auto got = run(beside_.basic_get(queue_, true));
        ASSERT_TRUE(got.has_value());
        ASSERT_EQ(got->properties().correlation_id(), std::to_string(i));
    }
    run(beside_.queue_delete(queue_));
}

INSTANTIATE_TEST_SUITE_P(all, amqp_calls,
                         ::testing::Values("?confirm_publish=1", "?confirm_publish=0"),
                         [](const auto& which) {
                             return std::string(which.index == 0 ? "confirmed" : "unconfirmed");
                         });

TEST(amqp_urls, name_what_they_do_not_understand)
{
    try {
        app shop("shop", broker(testing::server("FERRY_RABBITMQ") + "?confirm_publish=maybe"));
        shop.open_broker();
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_NE(std::string(e.what()).find("confirm_publish=maybe"), std::string::npos);
    }
}

}  // namespace
}  // namespace ferry::tasks
