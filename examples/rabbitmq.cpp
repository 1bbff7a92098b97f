// RabbitMQ: a durable queue, messages with confirms, a consumer that acknowledges. The broker is
// the one of the variable FERRY_RABBITMQ, or of this machine.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/async.hpp"

#include <cstdio>
#include <cstdlib>

using namespace ferry;

awaitable<void> send(amqp::connection connection)
{
    amqp::channel channel = co_await connection.channel(amqp::confirm());
    co_await channel.queue_declare("orders", amqp::durable());
    amqp::publisher out(channel);
    for (const char* order : {"paper", "ink", "pens"}) {
        co_await out.publish("", "orders", order, amqp::persistent());
    }
    co_await out.flush();  // the broker has them all
}

awaitable<void> work(amqp::connection connection)
{
    amqp::channel channel = co_await connection.channel();
    amqp::consumer orders = co_await channel.basic_consume("orders", amqp::prefetch(100));
    for (int i = 0; i < 3; ++i) {
        auto order = co_await orders.next();
        std::printf("order: %s\n", std::string(order->text()).c_str());
        co_await order->ack();
    }
    co_await orders.cancel();
    co_await channel.queue_delete("orders");
}

int main()
{
    const char* url = std::getenv("FERRY_RABBITMQ");
    auto connection = run(amqp::connect(url == nullptr ? "amqp://127.0.0.1/" : url));
    run(send(connection));
    run(work(connection));
    run(connection.close());
}
