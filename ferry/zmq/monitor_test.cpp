#include "ferry/async/async.hpp"
#include "ferry/zmq/detail/test_sockets.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;

TEST(monitor, sees_the_steps_of_a_connection)
{
    socket server(rep);
    const std::string at = server.bind(any_port);
    socket client(req);
    client.set(opt::linger, 0ms);
    client.set(opt::reconnect_ivl, 10ms);
    auto news = client.watch();
    client.connect(at);
    EXPECT_THAT(events_until(news, event_type::handshake_succeeded),
                ElementsAre(event_type::connect_delayed, event_type::connected,
                            event_type::handshake_succeeded));
    server.close();
    EXPECT_THAT(events_until(news, event_type::connect_retried),
                Contains(event_type::disconnected));
    EXPECT_EQ(news.count(event_type::handshake_succeeded), 1U);
    EXPECT_EQ(news.count(event_type::disconnected), 1U);
    EXPECT_EQ(news.count(event_type::handshake_failed_auth), 0U);
    auto second = client.watch();
    while (run(timeout(20s, news.next(), "the end of the first"))) continue;
    client.close();
    while (run(timeout(20s, second.next(), "the end of the second"))) continue;
    EXPECT_EQ(name(event_type::handshake_failed_auth), "handshake_failed_auth");
    EXPECT_EQ(name(static_cast<event_type>(3)), "");
    EXPECT_EQ(name(static_cast<event_type>(0x8000)), "");
    EXPECT_THROW(parse_monitor_message({}), protocol_error);
    EXPECT_THROW(parse_monitor_message(parts("12345", "x")), protocol_error);
}

TEST(monitor, tells_why_a_handshake_failed)
{
    const auto keys = certificate::generate();
    socket server(rep);
    keys.serve(server);
    const std::string at = server.bind(any_port);
    socket plain(req);
    plain.set(opt::linger, 0ms);
    auto news = server.watch();
    plain.connect(at);
    EXPECT_THAT(events_until(news, event_type::handshake_failed_protocol),
                Contains(event_type::accepted));
    socket wrong(req);
    certificate::generate().connect(wrong, certificate::generate().public_key());
    auto mine = wrong.watch();
    wrong.connect(at);
    EXPECT_THROW(run(timeout(20s, mine.connected())), error);
}

TEST(poller, waits_for_sockets_and_descriptors)
{
    socket a(pull);
    socket b(pull);
    socket to_a(push);
    socket to_b(push);
    to_a.connect(a.bind("inproc://poll-a"));
    to_b.connect(b.bind("inproc://poll-b"));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    poller p;
    p.add(a);
    p.add(b);
    p.add(ends[0]);
    EXPECT_EQ(p.size(), 3U);
    EXPECT_TRUE(run(p.poll(2ms)).empty());
    EXPECT_TRUE(run(p.poll(0ms)).empty());
    auto polling = spawn(p.poll());
    run(sleep(1ms));
    run(to_b.send("x"));
    auto ready = run(timeout(20s, polling.join()));
    EXPECT_EQ(ready[b], pollin);
    EXPECT_EQ(ready[a], 0);
    EXPECT_EQ(ready.size(), 1U);
    EXPECT_EQ(run(timeout(20s, p.poll()))[b], pollin) << "until it is received";
    run(b.receive());
    EXPECT_TRUE(run(p.poll(1ms)).empty());
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    EXPECT_EQ(run(timeout(20s, p.poll()))[ends[0]], pollin);
    p.remove(ends[0]);
    p.add(to_a, pollout);
    p.add(a, 0);
    ready = run(timeout(20s, p.poll()));
    EXPECT_EQ(ready[to_a], pollout);
    p.remove(to_a);
    EXPECT_THROW(run(timeout(2ms, p.poll())), timeout_error) << "cancelled without trace";
    b.close();
    EXPECT_THROW(run(p.poll(1ms)), error);
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
}  // namespace ferry::zmq
