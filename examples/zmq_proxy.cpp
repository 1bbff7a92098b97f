// ZeroMQ: a queue between clients and workers, none of which knows the other.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <cstdio>

using namespace ferry;

awaitable<void> work(std::string endpoint)
{
    zmq::socket worker(zmq::rep);
    worker.connect(endpoint);
    for (;;) {
        const std::string name = co_await worker.receive_string();
        co_await worker.send("hello " + name);
    }
}

awaitable<void> ask(std::string endpoint, std::string name)
{
    zmq::socket client(zmq::req);
    client.connect(endpoint);
    co_await client.send(name);
    const std::string answer = co_await client.receive_string();
    std::printf("%s\n", answer.c_str());
}

awaitable<void> everything()
{
    zmq::socket clients(zmq::router);
    zmq::socket workers(zmq::dealer);
    const std::string front = clients.bind("tcp://127.0.0.1:*");
    const std::string back = workers.bind("inproc://workers");

    task_group background;
    background.spawn(zmq::proxy(clients, workers));
    background.spawn(work(back));
    background.spawn(work(back));
    co_await gather(ask(front, "ann"), ask(front, "bob"));
    background.cancel();
    co_await background.join();
}

int main()
{
    run(everything());
}
