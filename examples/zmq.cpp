// ZeroMQ: a server that answers, and a client that asks. Either may be a Python program.
#include "ferry/zmq/zmq.hpp"

#include "ferry/async/async.hpp"

#include <cstdio>

using namespace ferry;

awaitable<void> serve(std::string endpoint, int questions)
{
    zmq::socket server(zmq::rep);
    server.bind(endpoint);
    for (int i = 0; i < questions; ++i) {
        const std::string question = co_await server.receive_string();
        std::printf("asked: %s\n", question.c_str());
        co_await server.send("I don't know.");
    }
}

awaitable<void> ask(std::string endpoint)
{
    zmq::socket client(zmq::req);
    client.connect(endpoint);
    for (const char* question : {"What is the answer?", "And the question?"}) {
        co_await client.send(question);
        const std::string answer = co_await client.receive_string();
        std::printf("told: %s\n", answer.c_str());
    }
}

int main()
{
    const std::string endpoint = "ipc://@ferry-example";
    run(gather(serve(endpoint, 2), ask(endpoint)));
}
