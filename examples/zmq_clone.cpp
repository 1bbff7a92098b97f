// ZeroMQ: settings that many programs share. Each has a copy, and sees what another one changes.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <cstdio>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<void> everything()
{
    const zmq::clone::address any("tcp://127.0.0.1:*", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    zmq::clone::server server(any);
    co_await server.set("/limits/rate", "100");
    task_group background;
    background.spawn(server.run());

    const std::vector<zmq::clone::address> servers{server.at()};
    zmq::clone::client settings(servers);
    zmq::clone::client other(servers);
    event seen;
    other.on_change([&](const zmq::clone::change& c) {
        std::printf("%s = %s\n", c.key.c_str(), c.body.c_str());
        if (c.body == "200") seen.set();
    });
    background.spawn(settings.run());
    background.spawn(other.run());
    co_await settings.synced();
    co_await other.synced();
    co_await settings.set("/limits/rate", "200");
    co_await seen.wait();
    background.cancel();
    co_await background.join();
}

int main()
{
    run(everything());
}
