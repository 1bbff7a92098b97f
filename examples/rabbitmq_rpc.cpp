// RabbitMQ: a procedure behind a queue, and its callers, by direct reply-to. The broker is the one
// of the variable FERRY_RABBITMQ, or of this machine.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/async.hpp"

#include <cstdio>
#include <cstdlib>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<amqp::publish_body> upper(amqp::message request)
{
    std::string text(request.text());
    for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    co_return amqp::publish_body(text);
}

awaitable<void> ask(amqp::connection connection)
{
    amqp::rpc_client client = co_await amqp::rpc_client::open(connection);
    for (const char* word : {"hello", "world"}) {
        amqp::message answer = co_await client.call("upper", word, 5s);
        std::printf("%s: %s\n", word, std::string(answer.text()).c_str());
    }
}

awaitable<void> both(amqp::connection connection)
{
    amqp::channel channel = co_await connection.channel();
    co_await channel.queue_declare("upper", amqp::exclusive());
    auto serving = spawn(amqp::serve_rpc(channel, "upper", upper));
    co_await ask(connection);
    serving.cancel();
    co_await serving.wait();
}

int main()
{
    const char* url = std::getenv("FERRY_RABBITMQ");
    auto connection = run(amqp::connect(url == nullptr ? "amqp://127.0.0.1/" : url));
    run(both(connection));
    run(connection.close());
}
