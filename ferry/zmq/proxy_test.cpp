#include "ferry/async/async.hpp"
#include "ferry/zmq/detail/test_sockets.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::ElementsAre;

TEST(proxy, passes_on_both_ways_and_counts)
{
    socket front(router);
    socket back(dealer);
    socket seen(pub);
    socket listener(sub);
    listener.subscribe("");
    listener.connect(seen.bind("inproc://seen"));
    socket client(req);
    client.connect(front.bind(any_port));
    socket server(rep);
    server.connect(back.bind(any_port));
    proxy_statistics passed;
    const auto passing =
        spawn(proxy(front, back, proxy_options().monitor(seen).statistics(passed)));
    run(client.send_multipart(parts("what", "is it")));
    EXPECT_THAT(receive_texts(server), ElementsAre("what", "is it"));
    run(server.send("this"));
    EXPECT_EQ(run(timeout(20s, client.receive_string())), "this");
    const auto there = receive_texts(listener);
    EXPECT_EQ(there[0], "in");
    EXPECT_EQ(there[2], "");
    EXPECT_EQ(there[3], "what");
    const auto back_again = receive_texts(listener);
    EXPECT_EQ(back_again[0], "out");
    EXPECT_EQ(back_again[1], there[1]);
    EXPECT_EQ(passed.front_in.messages, 1U);
    EXPECT_EQ(passed.front_in.bytes, 14U);
    EXPECT_EQ(passed.back_out, passed.front_in);
    EXPECT_EQ(passed.back_in, passed.front_out);
    passing.cancel();
    run(passing.wait());
    EXPECT_TRUE(passing.cancelled());
}

TEST(proxy, takes_orders)
{
    socket front(pull);
    socket back(push);
    socket control(pair);
    socket orders(pair);
    orders.connect(control.bind("inproc://orders"));
    socket source(push);
    socket sink(pull);
    source.connect(front.bind("inproc://front"));
    sink.connect(back.bind("inproc://back"));
    const auto passing = spawn(proxy(front, back, proxy_options().control(control)));
    run(source.send("1"));
    EXPECT_EQ(run(timeout(20s, sink.receive_string())), "1");
    run(orders.send("PAUSE"));
    run(orders.send("STATISTICS"));
    const auto numbers = run(timeout(20s, orders.receive_multipart()));
    ASSERT_EQ(numbers.size(), 8U);
    std::uint64_t first = 0;
    ASSERT_EQ(numbers[0].size(), sizeof(first));
    std::memcpy(&first, numbers[0].span().data(), sizeof(first));
    EXPECT_EQ(first, 1U);
    run(source.send("2"));
    EXPECT_EQ(run(sink.wait(pollin, 5ms)), 0);
    run(orders.send("RESUME"));
    EXPECT_EQ(run(timeout(20s, sink.receive_string())), "2");
    run(orders.send("TERMINATE"));
    run(timeout(20s, passing.join()));
}

TEST(proxy, a_forwarder_hands_subscriptions_up)
{
    socket front(xsub);
    socket back(xpub);
    socket source(xpub);
    socket sink(sub);
    front.connect(source.bind("inproc://news"));
    sink.connect(back.bind("inproc://news-behind"));
    const auto passing = spawn(proxy(front, back));
    sink.subscribe("a");
    EXPECT_THAT(receive_texts(source), ElementsAre("\x01"s
                                                   "a"));
    run(source.send("a1"));
    EXPECT_EQ(run(timeout(20s, sink.receive_string())), "a1");
    passing.cancel();
    run(passing.wait());
}

TEST(proxy, keeps_what_nobody_takes_in_the_queue_of_its_source)
{
    socket front(pull);
    socket back(push);
    socket source(push);
    source.connect(front.bind("inproc://source"));
    back.bind("inproc://nobody");
    const auto passing = spawn(proxy(front, back));
    run(source.send("kept"));
    run(sleep(2ms));
    passing.cancel();
    run(passing.wait());
    EXPECT_EQ(run(timeout(20s, front.receive_string())), "kept");
}

TEST(thread_device, runs_beside_the_loop)
{
    thread_device device(device_type::queue, any_port, any_port);
    socket client(req);
    client.connect(device.frontend());
    socket server(rep);
    server.connect(device.backend());
    run(client.send("x"));
    EXPECT_EQ(run(timeout(20s, server.receive_string())), "x");
    run(server.send("y"));
    EXPECT_EQ(run(timeout(20s, client.receive_string())), "y");
    EXPECT_THROW(thread_device(device_type::streamer, device.frontend(), any_port), bind_error);
}

}  // namespace
}  // namespace ferry::zmq
