// ZeroMQ: services by name. A broker stands between clients and workers, which come and go.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <cstdio>

using namespace ferry;

awaitable<zmq::multipart> count_letters(zmq::multipart question)
{
    co_return zmq::parts(std::to_string(question[0].size()));
}

awaitable<void> ask(std::string endpoint)
{
    zmq::mdp::client client(endpoint);
    for (const char* word : {"paper", "ink"}) {
        const zmq::multipart answer = co_await client.request("letters", zmq::parts(word));
        std::printf("%s has %s letters\n", word, answer[0].to_string().c_str());
    }
}

awaitable<void> everything(zmq::mdp::broker* broker, std::string endpoint)
{
    zmq::mdp::worker worker(endpoint, "letters");
    task_group background;
    background.spawn(broker->run());
    background.spawn(worker.run(count_letters));
    co_await ask(endpoint);
    background.cancel();
    co_await background.join();
}

int main()
{
    zmq::mdp::broker broker;
    const std::string endpoint = broker.bind("tcp://127.0.0.1:*");
    run(everything(&broker, endpoint));
}
