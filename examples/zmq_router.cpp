// ZeroMQ: a ROUTER talks to each peer by its name, and many questions may be under way at once.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <cstdio>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<void> answer_later(zmq::socket* server, zmq::multipart question)
{
    if (question[1] == "slow") co_await sleep(20ms);
    question.emplace_back("answered");
    co_await server->send_multipart(std::move(question));
}

awaitable<void> serve(zmq::socket* server)
{
    task_group answers;
    for (int i = 0; i < 2; ++i) {
        zmq::multipart question = co_await server->receive_multipart();
        answers.spawn(answer_later(server, std::move(question)));
    }
    co_await answers.join();
}

awaitable<void> ask(std::string endpoint)
{
    zmq::socket client(zmq::dealer);
    client.set(zmq::opt::routing_id, "alice");
    client.connect(endpoint);
    co_await client.send("slow");
    co_await client.send("quick");
    for (int i = 0; i < 2; ++i) {
        const zmq::multipart answer = co_await client.receive_multipart();
        std::printf("%s: %s\n", answer[0].to_string().c_str(), answer[1].to_string().c_str());
    }
}

int main()
{
    zmq::socket server(zmq::router);
    const std::string endpoint = server.bind("tcp://127.0.0.1:*");
    run(gather(serve(&server), ask(endpoint)));
}
