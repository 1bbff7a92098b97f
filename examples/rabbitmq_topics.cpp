// RabbitMQ: a topic exchange, a message that no queue takes, one that goes to the dead letters, and
// the headers of a message. The broker is the one of the variable FERRY_RABBITMQ, or of this
// machine.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/async.hpp"

#include <cstdio>
#include <cstdlib>
#include <optional>

using namespace ferry;

awaitable<void> news(amqp::connection connection)
{
    amqp::channel channel = co_await connection.channel(amqp::confirm());
    co_await channel.exchange_declare("example.news", "topic", amqp::auto_delete());
    co_await channel.exchange_declare("example.refused", "fanout", amqp::auto_delete());
    const amqp::queue_info refused = co_await channel.queue_declare("", amqp::exclusive());
    co_await channel.queue_bind(refused.name(), "example.refused");
    const value dead = value::object("x-dead-letter-exchange", "example.refused");
    const amqp::queue_info weather =
        co_await channel.queue_declare("", amqp::exclusive(), amqp::arguments(dead));
    co_await channel.queue_bind(weather.name(), "example.news", "weather.#");

    auto with = amqp::properties().content_type("text/plain").header("degrees", -3);
    co_await channel.basic_publish("example.news", "weather.oslo", "snow", with);
    std::optional<amqp::delivery> d;
    while (!d) d = co_await channel.basic_get(weather.name());
    std::printf("%s: %s, %d degrees\n", d->routing_key().c_str(), std::string(d->text()).c_str(),
                d->properties().headers().at("degrees").as<int>());
    co_await d->reject(false);

    amqp::consumer dead_letters = co_await channel.basic_consume(refused.name());
    auto again = co_await dead_letters.next();
    std::printf("refused: %s\n", std::string(again->text()).c_str());
    co_await again->ack();

    try {
        co_await channel.basic_publish("example.news", "sports", "a draw", amqp::properties(),
                                       amqp::mandatory());
    } catch (const error& e) {
        std::printf("%s\n", e.code().message().c_str());
    }
}

int main()
{
    const char* url = std::getenv("FERRY_RABBITMQ");
    auto connection = run(amqp::connect(url == nullptr ? "amqp://127.0.0.1/" : url));
    run(news(connection));
    run(connection.close());
}
