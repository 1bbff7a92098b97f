// ZeroMQ: a question that is asked again until it is answered, what newcomers hear of the past, and
// what becomes of a connection.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <cstdio>

using namespace ferry;
using namespace std::chrono_literals;

// Sleeps through the first question, as a server that was just restarted.
awaitable<void> answer_late(zmq::socket* server)
{
    co_await server->receive_multipart();
    zmq::multipart second = co_await server->receive_multipart();
    co_await server->send_multipart(std::move(second));
}

awaitable<void> ask(std::string endpoint)
{
    const auto how = zmq::reliable_options().timeout(50ms).retries(10);
    const zmq::multipart answer =
        co_await zmq::reliable_request(endpoint, zmq::parts("are you there?"), how);
    std::printf("answered: %s\n", answer[0].to_string().c_str());
}

awaitable<void> late_subscriber()
{
    zmq::last_value_cache cache("tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    auto running = spawn(cache.run());
    zmq::socket source(zmq::pub);
    auto events = source.watch();
    source.connect(cache.publishers());
    co_await events.connected();
    zmq::socket newcomer(zmq::sub);
    newcomer.connect(cache.subscribers());
    newcomer.subscribe("weather");
    for (zmq::poll_events heard = 0; heard == 0;) {
        co_await source.send_multipart(zmq::parts("weather", "snow"));
        heard = co_await newcomer.wait(zmq::pollin, 10ms);
    }
    const zmq::multipart news = co_await newcomer.receive_multipart();
    std::printf("%s: %s\n", news[0].to_string().c_str(), news[1].to_string().c_str());
    running.cancel();
    co_await running.wait();
}

int main()
{
    zmq::socket server(zmq::router);
    const std::string endpoint = server.bind("tcp://127.0.0.1:*");
    run(gather(answer_late(&server), ask(endpoint)));
    run(late_subscriber());
}
