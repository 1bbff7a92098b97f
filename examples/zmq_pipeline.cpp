// ZeroMQ: PUSH hands work out to whoever is there, PULL collects what they made of it.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <cstdio>

using namespace ferry;

awaitable<void> work(std::string from, std::string to)
{
    zmq::socket tasks(zmq::pull);
    zmq::socket results(zmq::push);
    tasks.connect(from);
    results.connect(to);
    for (;;) {
        const value task = co_await tasks.receive_json();
        const int n = task["n"].as<int>();
        co_await results.send_json(value::object("n", n, "square", n * n));
    }
}

awaitable<void> hand_out()
{
    zmq::socket tasks(zmq::push);
    zmq::socket results(zmq::pull);
    const std::string from = tasks.bind("tcp://127.0.0.1:*");
    const std::string to = results.bind("tcp://127.0.0.1:*");

    task_group workers;
    for (int i = 0; i < 3; ++i) workers.spawn(work(from, to));
    for (int n = 1; n <= 10; ++n) co_await tasks.send_json(value::object("n", n));
    int sum = 0;
    for (int n = 1; n <= 10; ++n) {
        const value result = co_await results.receive_json();
        sum += result["square"].as<int>();
    }
    std::printf("the sum of the squares: %d\n", sum);
    workers.cancel();
    co_await workers.join();
}

int main()
{
    run(hand_out());
}
