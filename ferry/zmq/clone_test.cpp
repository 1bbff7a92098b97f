#include "ferry/zmq/clone.hpp"

#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/clone_machine.hpp"
#include "ferry/zmq/error.hpp"
#include "ferry/zmq/socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::zmq::clone {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

change change_of(const std::string& key, const std::string& body, const std::string& ttl = {})
{
    change c(key, body);
    if (!ttl.empty()) c.properties["ttl"] = ttl;
    return c;
}

TEST(clone_change, has_five_frames)
{
    change c("key", "body");
    c.sequence = 0x0102030405060708;
    c.uuid[15] = std::byte{9};
    c.properties = {{"ttl", "10"}, {"x", "a=b"}};
    const multipart m = encode(c);
    ASSERT_EQ(m.size(), 5U);
    EXPECT_EQ(m[0], "key");
    EXPECT_EQ(m[1], "\x01\x02\x03\x04\x05\x06\x07\x08");
    EXPECT_EQ(m[2].size(), 16U);
    EXPECT_EQ(m[3], "ttl=10\nx=a=b\n");
    EXPECT_EQ(m[4], "body");
    EXPECT_EQ(decode(m), c);
    EXPECT_EQ(decode(parts("k", "\0\0\0\0\0\0\0\x01"s, "", "", "b")).sequence, 1U);
    for (const auto& [name, v] : {std::pair{"a=b", "x"}, {"a\n", "x"}, {"a", "x\ny"}}) {
        change bad("k", "b");
        bad.properties[name] = v;
        EXPECT_THROW(encode(bad), error);
    }
}

TEST(clone_change, malformed_ones_are_errors)
{
    const std::string number(8, '\0');
    const std::string uuid(16, 'u');
    EXPECT_THROW(decode({}), protocol_error);
    EXPECT_THROW(decode(parts("k", number, uuid, "")), protocol_error);
    EXPECT_THROW(decode(parts("k", number, uuid, "", "b", "more")), protocol_error);
    EXPECT_THROW(decode(parts("k", "1234567", uuid, "", "b")), protocol_error);
    EXPECT_THROW(decode(parts("k", number, "short", "", "b")), protocol_error);
    EXPECT_THROW(decode(parts("k", number, uuid, "no equals sign\n", "b")), protocol_error);
}

TEST(clone_machine, a_client_follows_what_the_server_has)
{
    detail::server_machine server;
    detail::client_machine client("/a");
    const detail::server_machine::time_point now{};
    server.apply(change_of("/a/1", "one"), now);
    server.apply(change_of("/b/1", "other"), now);
    multipart question = client.begin();
    question.insert(question.begin(), message("asker"));
    const auto early = server.apply(change_of("/a/2", "two"), now);
    for (multipart& m : server.snapshot(question)) {
        EXPECT_EQ(m[0], "asker");
        m.erase(m.begin());
        client.snapshot(m);
    }
    EXPECT_TRUE(client.synced());
    EXPECT_EQ(client.size(), 2U);
    EXPECT_FALSE(client.update(*early)) << "it was in the snapshot";
    EXPECT_TRUE(client.update(*server.apply(change_of("/a/1", "new"), now)));
    EXPECT_EQ(client.find("/a/1")->body, "new");
    EXPECT_FALSE(client.update(*server.apply(change_of("/b/2", "x"), now)));
    EXPECT_TRUE(client.update(*server.collect(encode(change_of("/a/1", "")), now)));
    EXPECT_EQ(client.find("/a/1"), nullptr);
    EXPECT_EQ(server.find("/a/1"), nullptr);
    for (const multipart& m : server.tick(now)) EXPECT_FALSE(client.update(m));
}

TEST(clone_machine, keys_go_when_their_time_is_over)
{
    detail::server_machine server;
    detail::server_machine::time_point now{};
    server.apply(change_of("short", "x", "1"), now);
    server.apply(change_of("longer", "x", "1"), now);
    server.apply(change_of("longer", "x", "3"), now);
    server.apply(change_of("for ever", "x"), now);
    for (const char* none : {"0", "-1", "soon", "1.5", "99999999999999999999"}) {
        server.apply(change_of(none, "x", none), now);
    }
    EXPECT_EQ(server.tick(now + 999ms).size(), 1U);
    EXPECT_EQ(server.tick(now + 1s).size(), 2U);
    EXPECT_EQ(server.find("short"), nullptr);
    EXPECT_NE(server.find("longer"), nullptr);
    EXPECT_EQ(server.tick(now + 3s).size(), 2U);
    EXPECT_EQ(server.tick(now + 1h).size(), 1U);
    EXPECT_EQ(server.size(), 6U);
}

TEST(clone_machine, drops_what_is_none_of_its_protocol)
{
    detail::server_machine server;
    EXPECT_FALSE(server.collect(parts("x"), {}));
    EXPECT_TRUE(server.snapshot(parts("asker", "ICANHAZ?")).empty());
    EXPECT_TRUE(server.snapshot(parts("asker", "something", "")).empty());
    EXPECT_EQ(server.size(), 0U);
}

awaitable<void> until(const client* c, std::string key, std::optional<std::string> body)
{
    while (c->find(key) != body) co_await sleep(5ms);
}

TEST(clone, all_clients_have_what_one_sets)
{
    const address any("tcp://127.0.0.1:*", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    server s(any, options().heartbeat(20ms));
    run(s.set("/before", "1"));
    task_group background;
    background.spawn(s.run());
    client one({s.at()});
    client two({s.at()}, options().subtree("/a"));
    std::vector<std::string> seen;
    one.on_change([&](const change& c) { seen.push_back(c.key); });
    background.spawn(one.run());
    background.spawn(two.run());
    run(timeout(20s, one.synced()));
    run(timeout(20s, two.synced()));
    EXPECT_EQ(one.find("/before"), "1");
    EXPECT_FALSE(two.find("/before"));
    run(one.set("/a/x", "from one"));
    run(timeout(20s, until(&two, "/a/x", "from one")));
    run(two.set("/b", "from two", 60s));
    run(timeout(20s, until(&one, "/b", "from two")));
    run(two.erase("/a/x"));
    run(timeout(20s, until(&one, "/a/x", std::nullopt)));
    EXPECT_THAT(seen, ::testing::ElementsAre("/before", "/a/x", "/b", "/a/x"));
    EXPECT_EQ(s.find("/b"), "from two");
    EXPECT_EQ(two.size(), 0U);
    background.cancel();
    run(background.join());
}

TEST(clone, a_client_goes_on_to_the_next_server)
{
    const address any("tcp://127.0.0.1:*", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*");
    server second(any, options().heartbeat(20ms));
    run(second.set("who", "second"));
    auto serving = spawn(second.run());
    auto first = std::make_unique<server>(any, options().heartbeat(20ms));
    run(first->set("who", "first"));
    auto also = spawn(first->run());
    client c({first->at(), second.at()}, options().expiry(200ms));
    auto following = spawn(c.run());
    run(timeout(20s, until(&c, "who", "first")));
    also.cancel();
    run(also.wait());
    first.reset();
    run(timeout(20s, until(&c, "who", "second")));
    following.cancel();
    run(following.wait());
    serving.cancel();
    run(serving.wait());
}

TEST(clone, an_address_has_three_ports)
{
    const address at("tcp://10.0.0.1:5556");
    EXPECT_EQ(at.updates, "tcp://10.0.0.1:5557");
    EXPECT_EQ(at.changes, "tcp://10.0.0.1:5558");
    for (const char* bad : {"", "tcp://x", "tcp://x:", "tcp://x:0", "tcp://x:65534", "ipc://x"}) {
        EXPECT_THROW(address{bad}, invalid_endpoint) << bad;
    }
    EXPECT_THROW(client({}), invalid_endpoint);
}

}  // namespace
}  // namespace ferry::zmq::clone
