// ZeroMQ: two servers and no broker. The client asks the first that lives, and goes on to the other
// when that ends; a binary star says which of two servers may answer.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <unistd.h>

#include <cstdio>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<zmq::multipart> greet(zmq::multipart question)
{
    co_return zmq::parts("hello, " + question[0].to_string());
}

awaitable<void> ask(zmq::freelance::client* client, const char* name)
{
    const zmq::multipart answer = co_await client->request(zmq::parts(name));
    std::printf("%s\n", answer[0].to_string().c_str());
}

awaitable<void> everything(std::string one, std::string two)
{
    zmq::freelance::client client(zmq::freelance::options().ping(20ms).expiry(100ms));
    client.connect(one);
    client.connect(two);
    zmq::freelance::server second(two);
    auto serving = spawn(second.run(greet));
    {
        zmq::freelance::server first(one);
        auto also = spawn(first.run(greet));
        co_await ask(&client, "ann");
        also.cancel();
        co_await also.wait();
    }
    co_await ask(&client, "bob");
    serving.cancel();
    co_await serving.wait();
}

awaitable<void> take_over(std::string one, std::string two)
{
    zmq::binary_star backup(zmq::binary_star::backup, two, one, 20ms);
    auto waiting = spawn(backup.run());
    {
        zmq::binary_star primary(zmq::binary_star::primary, one, two, 20ms);
        auto running = spawn(primary.run());
        while (!primary.may_serve()) co_await sleep(5ms);
        std::printf("the primary is %s\n", std::string(zmq::name(primary.now())).c_str());
        while (backup.now() != zmq::binary_star::state::passive) co_await sleep(5ms);
        running.cancel();
        co_await running.wait();
    }
    while (!backup.may_serve()) co_await sleep(5ms);
    std::printf("the backup is %s\n", std::string(zmq::name(backup.now())).c_str());
    waiting.cancel();
    co_await waiting.wait();
}

int main()
{
    // Abstract sockets: no file is left.
    const std::string name = "ipc://@ferry-example-" + std::to_string(::getpid());
    run(everything(name + "-1", name + "-2"));
    run(take_over(name + "-3", name + "-4"));
}
