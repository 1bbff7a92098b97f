// RabbitMQ: a pool of channels for whoever publishes, and threads that work on what comes over one
// connection. The broker is the one of the variable FERRY_RABBITMQ, or of this machine.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/async.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

using namespace ferry;

awaitable<void> order(amqp::pool broker, std::string what)
{
    amqp::pooled_channel out = co_await broker.publishing();
    co_await out->basic_publish("", "orders", std::move(what), amqp::persistent());
}

// Everything it awaits is done on the loop of the thread that made the channel.
void work(amqp::channel channel, std::atomic<int>* done)
{
    amqp::consumer orders = run(channel.basic_consume("orders", amqp::prefetch(1)));
    while (*done < 6) {
        std::optional<amqp::delivery> d;
        try {
            d = run(timeout(std::chrono::milliseconds(500), orders.next()));
        } catch (const timeout_error&) {
            continue;
        }
        ++*done;
        run(d->ack());
    }
    run(orders.cancel());
}

int main()
{
    const char* url = std::getenv("FERRY_RABBITMQ");
    amqp::pool broker(url == nullptr ? "amqp://127.0.0.1/" : url);
    amqp::channel channel = run(broker.consuming());
    run(channel.queue_declare("orders", amqp::durable()));
    run(gather(order(broker, "paper"), order(broker, "ink"), order(broker, "pens"),
               order(broker, "glue"), order(broker, "tape"), order(broker, "string")));

    std::atomic<int> done = 0;
    event ended;
    int left = 2;
    const loop here = loop::current();
    const auto held = here.hold();
    std::vector<std::thread> workers;
    for (int i = 0; i < 2; ++i) {
        workers.emplace_back([&] {
            work(channel, &done);
            here.post([&] {
                if (--left == 0) ended.set();
            });
        });
    }
    run(ended.wait());
    for (std::thread& w : workers) w.join();
    std::printf("%d orders were worked on\n", done.load());
    run(channel.queue_delete("orders"));
    run(broker.close());
}
