// ZeroMQ: PUB tells everybody who wants to know, SUB says what of.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <cstdio>

using namespace ferry;

awaitable<void> listen(std::string endpoint)
{
    zmq::socket news(zmq::sub);
    news.connect(endpoint);
    news.subscribe("weather.");
    for (int i = 0; i < 2; ++i) {
        const zmq::multipart report = co_await news.receive_multipart();
        std::printf("%s: %s\n", report[0].to_string().c_str(), report[1].to_string().c_str());
    }
}

awaitable<void> publish(std::string endpoint)
{
    // An XPUB sees who subscribes; a PUB would drop what it sends before somebody has.
    zmq::socket news(zmq::xpub);
    news.bind(endpoint);
    co_await news.receive();
    co_await news.send_multipart(zmq::parts("sports.chess", "a draw"));
    co_await news.send_multipart(zmq::parts("weather.oslo", "snow"));
    co_await news.send_multipart(zmq::parts("weather.rome", "sun"));
}

int main()
{
    const std::string endpoint = "ipc://@ferry-example-topics";
    run(gather(publish(endpoint), listen(endpoint)));
}
