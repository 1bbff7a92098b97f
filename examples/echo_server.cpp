// An echo server and its client over TCP, in one program.
#include "ferry/async/async.hpp"
#include "ferry/net/net.hpp"

#include <cstdio>
#include <string>

using namespace ferry;

namespace {

awaitable<void> echo(net::stream peer)
{
    while (auto line = co_await peer.read_line()) co_await peer.write(*line);
}

awaitable<void> talk()
{
    net::listener door(net::tcp("127.0.0.1", 0));
    const auto address = door.local_endpoint();
    auto server = spawn(net::serve(std::move(door), echo), "echo server");

    net::stream s = co_await net::connect(address);
    for (const char* word : {"Hello\n", "is there anybody?\n"}) {
        co_await s.write(word);
        const auto answer = co_await s.read_line();
        std::printf("%s", answer.value_or("nothing\n").c_str());
    }
    co_await s.close();

    server.cancel();
    co_await server.wait();
}

}  // namespace

int main()
{
    run(talk());
}
