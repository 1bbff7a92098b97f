// ZeroMQ: encrypted connections, and a server that lets in whom it knows.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <cstdio>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<void> serve(zmq::socket* server)
{
    for (;;) {
        zmq::message question = co_await server->receive();
        std::printf("%s asks\n", question.metadata("User-Id").value_or("nobody").c_str());
        co_await server->send(std::move(question));
    }
}

awaitable<void> ask(zmq::certificate me, std::string server_key, std::string endpoint)
{
    zmq::socket client(zmq::req);
    me.connect(client, server_key);
    auto events = client.watch();
    client.connect(endpoint);
    try {
        co_await timeout(5s, events.connected());
        co_await client.send("hello");
        const std::string answer = co_await client.receive_string();
        std::printf("answered: %s\n", answer.c_str());
    } catch (const error& e) {
        std::printf("not let in: %s\n", e.what());
        client.close(0ms);
    }
}

int main()
{
    const auto keys = zmq::certificate::generate();  // or certificate::load("server.key_secret")
    const auto ann = zmq::certificate::generate();
    const auto stranger = zmq::certificate::generate();

    zmq::authenticator door;  // or door.configure_curve("*", "folder of the clients' keys")
    door.configure_curve_callback(
        "*", [&](std::string_view, std::string_view key) { return key == ann.public_key(); });
    zmq::socket server(zmq::rep);
    keys.serve(server);
    const std::string endpoint = server.bind("tcp://127.0.0.1:*");
    const auto serving = spawn(serve(&server));

    run(ask(ann, keys.public_key(), endpoint));
    run(ask(stranger, keys.public_key(), endpoint));
    serving.cancel();
    run(serving.wait());
}
