#include "ferry/async/async.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/zmq/detail/test_sockets.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::ElementsAre;

TEST(socket, req_and_rep_over_each_transport)
{
    const testing::temporary_directory folder;
    for (const std::string& at : {any_port, "ipc://" + (folder / "s"), "inproc://req-rep"s,
                                  "ipc://@ferry-" + std::to_string(::getpid())}) {
        SCOPED_TRACE(at);
        socket server(rep);
        socket client(req);
        client.connect(server.bind(at));
        run(client.send("question"));
        EXPECT_EQ(run(server.receive_string()), "question");
        run(server.send("I don't know."));
        EXPECT_EQ(run(client.receive_string()), "I don't know.");
    }
}

TEST(socket, every_pair_of_types_talks)
{
    struct row {
        socket_type from;
        socket_type to;
    };
    for (const row r : {row{push, pull}, row{pair, pair}, row{dealer, dealer}, row{dealer, rep},
                        row{dealer, router}, row{req, router}, row{pub, sub}, row{xpub, xsub},
                        row{pub, xsub}, row{xpub, sub}}) {
        SCOPED_TRACE(std::string(name(r.from)) + " to " + std::string(name(r.to)));
        socket from(r.from);
        socket to(r.to);
        to.connect(from.bind(any_port));
        if (r.to == sub || r.to == xsub) {
            to.subscribe("");
            // The subscription arrives some time later.
            auto until_heard = [](socket* out, socket* in) -> awaitable<void> {
                for (poll_events ready = 0; ready == 0;) {
                    co_await out->send("again");
                    ready = co_await in->wait(pollin, 5ms);
                }
            };
            run(timeout(20s, until_heard(&from, &to)));
            continue;
        }
        if (r.from == dealer && r.to == rep) {
            run(from.send("", sndmore));
        }
        run(from.send_multipart(parts("a", "", "c")));
        auto got = receive_texts(to);
        if (r.to == router) got.erase(got.begin());
        if (r.from == req) got.erase(got.begin());
        EXPECT_THAT(got, ElementsAre("a", "", "c"));
    }
}

TEST(socket, frames_one_by_one)
{
    socket from(push);
    socket to(pull);
    to.connect(from.bind("inproc://frames"));
    run(from.send("one", sndmore));
    run(from.send("two"));
    const message first = run(to.receive());
    EXPECT_EQ(first, "one");
    EXPECT_TRUE(first.more());
    EXPECT_TRUE(to.get(opt::rcvmore));
    const message second = run(to.receive());
    EXPECT_EQ(second, "two");
    EXPECT_FALSE(second.more());
}

TEST(socket, try_is_told_what_cannot_be_done_now)
{
    socket from(push);
    socket to(pull);
    EXPECT_FALSE(to.try_receive());
    EXPECT_FALSE(to.try_receive_multipart());
    message m("kept");
    EXPECT_FALSE(from.try_send(m)) << "a PUSH without a peer";
    EXPECT_EQ(m, "kept");
    from.set(opt::sndhwm, 1);
    to.set(opt::rcvhwm, 1);
    to.connect(from.bind("inproc://try"));
    EXPECT_TRUE(from.try_send(m));
    EXPECT_TRUE(from.try_send("second"));
    message third("third");
    EXPECT_FALSE(from.try_send(third));
    EXPECT_EQ(third, "third");
    multipart all = parts("a", "b");
    EXPECT_FALSE(from.try_send_multipart(all));
    EXPECT_EQ(all[1], "b");
    EXPECT_EQ(run(to.receive()), "kept");
    EXPECT_EQ(run(to.receive()), "second");
    EXPECT_THROW(run(from.send_multipart({})), error);
}

TEST(socket, two_wait_in_the_queue_of_an_unreachable_peer_then_send_waits)
{
    socket from(push);
    from.set(opt::linger, 0ms);
    from.set(opt::sndhwm, 2);
    from.set(opt::sndtimeo, 10ms);
    const std::string nobody = socket(rep).bind(any_port);
    from.connect(nobody);
    run(from.send("1"));
    run(from.send("2"));
    EXPECT_THROW(run(from.send("3")), timeout_error);

    socket strict(push);
    strict.set(opt::immediate, true);
    strict.connect(nobody);
    EXPECT_FALSE(strict.try_send("1")) << "immediate: only connected peers count";
}

TEST(socket, time_limits)
{
    socket s(pull);
    s.bind("inproc://limits");
    s.set(opt::rcvtimeo, 5ms);
    EXPECT_EQ(s.get(opt::rcvtimeo), 5ms);
    EXPECT_THROW(run(s.receive()), timeout_error);
    s.set(opt::rcvtimeo, 0ms);
    EXPECT_THROW(run(s.receive_multipart()), timeout_error);
    s.set(opt::rcvtimeo, forever);
    EXPECT_THROW(run(timeout(5ms, s.receive())), timeout_error);
    EXPECT_EQ(run(s.wait(pollin, 5ms)), 0);
    EXPECT_EQ(run(s.wait(pollin, 0ms)), 0);
}

TEST(socket, out_of_turn_is_wrong_state)
{
    socket server(rep);
    socket client(req);
    client.connect(server.bind("inproc://turns"));
    EXPECT_THROW(run(server.send("first")), wrong_state);
    EXPECT_THROW(run(client.receive()), wrong_state);
    run(client.send("1"));
    EXPECT_THROW(run(client.send("2")), wrong_state);
    EXPECT_EQ(run(server.receive_string()), "1") << "and the first is not disturbed";
}

TEST(socket, a_forgiving_req_asks_again)
{
    socket server(rep);
    socket client(req);
    client.set(opt::req_relaxed, true);
    client.set(opt::req_correlate, true);
    client.connect(server.bind(any_port));
    run(client.send("first"));
    run(client.send("second"));
    // The server may see both; only the answer to the second is taken.
    std::string asked;
    while (asked != "second") {
        asked = run(timeout(20s, server.receive_string()));
        run(server.send("to " + asked));
    }
    EXPECT_EQ(run(timeout(20s, client.receive_string())), "to second");
}

TEST(socket, a_mandatory_router_knows_its_peers)
{
    socket r(router);
    r.set(opt::router_mandatory, true);
    socket d(dealer);
    d.set(opt::routing_id, "alice");
    EXPECT_EQ(d.get(opt::routing_id), "alice");
    d.connect(r.bind(any_port));
    EXPECT_THROW(run(r.send_multipart(parts("bob", "hello"))), unroutable);
    run(d.send("I am here"));
    EXPECT_THAT(receive_texts(r), ElementsAre("alice", "I am here"));
    run(r.send_multipart(parts("alice", "hello")));
    EXPECT_EQ(run(d.receive_string()), "hello");

    socket nameless(dealer);
    nameless.connect(r.last_endpoint());
    run(nameless.send("x"));
    const auto got = receive_texts(r);
    EXPECT_EQ(got[0].size(), 5U);
    EXPECT_EQ(got[0][0], '\0');
}

TEST(socket, topics_come_and_go)
{
    socket from(xpub);
    socket to(sub);
    to.connect(from.bind(any_port));
    to.subscribe("weather.");
    EXPECT_THAT(receive_texts(from), ElementsAre("\x01weather."));
    run(from.send("news.1"));
    run(from.send("weather.1"));
    EXPECT_EQ(run(to.receive_string()), "weather.1");
    to.unsubscribe("weather.");
    EXPECT_THAT(receive_texts(from), ElementsAre("\0weather."s));

    socket raw(xsub);
    raw.connect(from.last_endpoint());
    raw.subscribe("a");
    EXPECT_THAT(receive_texts(from), ElementsAre("\x01"s
                                                 "a"));
    raw.unsubscribe("a");
    EXPECT_THAT(receive_texts(from), ElementsAre("\0a"s));
}

TEST(socket, xpub_nodrop_waits_for_a_slow_subscriber)
{
    socket from(xpub);
    from.set(opt::xpub_nodrop, true);
    from.set(opt::sndhwm, 1);
    from.set(opt::sndtimeo, 10ms);
    socket to(sub);
    to.set(opt::rcvhwm, 1);
    to.connect(from.bind("inproc://nodrop"));
    to.subscribe("");
    receive_texts(from);
    int sent = 0;
    try {
        for (; sent < 100; ++sent) run(from.send(std::to_string(sent)));
    } catch (const timeout_error&) {
    }
    EXPECT_LT(sent, 100);
    from.set(opt::sndtimeo, forever);
    auto rest = [](socket* s, int first) -> awaitable<void> {
        for (int i = first; i < 100; ++i) co_await s->send(std::to_string(i));
    };
    const auto sending = spawn(rest(&from, sent));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(run(to.receive_string()), std::to_string(i));
    run(sending.join());
}

TEST(socket, stream_speaks_plain_tcp)
{
    socket server(stream);
    const std::string at = server.bind(any_port);
    socket client(stream);
    client.connect(at);
    const auto me = receive_texts(client);
    EXPECT_EQ(me[1], "") << "connected";
    const auto peer = receive_texts(server);
    EXPECT_EQ(peer[1], "");
    run(client.send_multipart(parts(me[0], "GET / HTTP/1.0\r\n\r\n")));
    EXPECT_EQ(receive_texts(server)[1], "GET / HTTP/1.0\r\n\r\n");
    run(server.send_multipart(parts(peer[0], "bye")));
    EXPECT_EQ(receive_texts(client)[1], "bye");
    run(server.send_multipart(parts(peer[0], "")));
    EXPECT_EQ(receive_texts(client)[1], "") << "closed, without a further call on the server";
}

TEST(socket, sizes_from_nothing_to_64_mib)
{
    socket from(push);
    socket to(pull);
    to.connect(from.bind(any_port));
    for (const std::size_t size : {0, 1, 29, 30, 33, 34, 255, 256, 8192, 65535, 65536, 64 << 20}) {
        SCOPED_TRACE(size);
        std::string data(size, 'x');
        if (size > 0) data.back() = 'y';
        auto sending = spawn(from.send(data));
        const message m = run(timeout(20s, to.receive()));
        EXPECT_TRUE(m.text() == data);
        run(sending.join());
    }
    multipart many;
    for (int i = 0; i < 1000; ++i) many.emplace_back(i % 3 == 0 ? ""s : std::to_string(i));
    const auto expected = texts(many);
    run(from.send_multipart(std::move(many)));
    EXPECT_EQ(receive_texts(to), expected);
}

TEST(socket, texts_json_and_objects)
{
    socket a(pair);
    socket b(pair);
    b.connect(a.bind("inproc://json"));
    run(a.send_string("grüße"));
    EXPECT_EQ(run(b.receive_string()), "grüße");
    run(a.send("\xff"));
    EXPECT_THROW(run(b.receive_string()), parse_error);

    const value v = json::parse(R"({"b": 1, "a": "\u00e9"})");
    run(a.send_json(v));
    EXPECT_EQ(run(b.receive()), R"({"b":1,"a":"é"})");
    run(a.send_json(v, json::dump_options().python()));
    EXPECT_EQ(run(b.receive()), R"({"b": 1, "a": "\u00e9"})");
    run(a.send(R"( {"x":[1, 2]} )"));
    EXPECT_EQ(run(b.receive_json())["x"][1], value(2));
    run(a.send("{"));
    EXPECT_THROW(run(b.receive_json()), parse_error);

    run(a.send_pyobj(v));
    EXPECT_EQ(run(b.receive_pyobj()), v);
    run(a.send("no pickle"));
    EXPECT_THROW(run(b.receive_pyobj()), error);

    run(a.send_serialized(41, [](int n) { return parts("int", std::to_string(n + 1)); }));
    const auto back =
        run(b.receive_serialized([](const multipart& m) { return m[1].to_string(); }));
    EXPECT_EQ(back, "42");
}

TEST(socket, what_it_refuses)
{
    socket s(pull);
    struct row {
        const char* endpoint;
        const char* says;
    };
    for (const row r :
         {row{"tcp://127.0.0.1:99999", "1 to 65535"}, row{"tcp://127.0.0.1:0", "port 0"},
          row{"tcp://127.0.0.1", "no port"}, row{"tcp://:5000", "no host"},
          row{"tcp://127.0.0.1:5x", "1 to 65535"}, row{"127.0.0.1:5000", "transport"},
          row{"tcp://127.0.0.1:", "1 to 65535"}, row{"gopher://x", "gopher"},
          row{"ws://127.0.0.1:80", "WebSockets"}, row{"", "transport"},
          row{"tcp://127.0.0.1:-1", "1 to 65535"}, row{"tcp://h:65536", "65535"}}) {
        SCOPED_TRACE(r.endpoint);
        try {
            s.connect(r.endpoint);
            ADD_FAILURE();
        } catch (const invalid_endpoint& e) {
            EXPECT_NE(std::string(e.what()).find(r.says), std::string::npos) << e.what();
        }
    }
    EXPECT_THROW(s.bind("tcp://127.0.0.1:99999"), invalid_endpoint);
    EXPECT_THROW(s.bind("tcp://127.0.0.1:x"), invalid_endpoint);
    EXPECT_THROW(s.bind("ipc://" + std::string(200, 'x')), invalid_endpoint);
    EXPECT_THROW(s.bind("ipc:///no/such/folder/s"), bind_error);
    const std::string taken = s.bind(any_port);
    try {
        socket(pull).bind(taken);
        ADD_FAILURE();
    } catch (const bind_error& e) {
        EXPECT_EQ(e.code(), std::errc::address_in_use);
        EXPECT_EQ(e.endpoint(), taken);
    }
    EXPECT_THROW(s.unbind("tcp://127.0.0.1:1"), error);
    EXPECT_THROW(s.disconnect("tcp://127.0.0.1:1"), error);
    try {
        socket(static_cast<socket_type>(12));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), condition::unsupported);
    }
    EXPECT_THROW(run(timeout(20s, s.connect_resolved("tcp://no-such-host.invalid:1"))),
                 resolve_error);
    run(s.connect_resolved("tcp://localhost:1"));
    try {
        s.bind("pgm://eth0;239.1.1.1:5555");
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), condition::unsupported);
    }
}

TEST(socket, endpoints_are_given_up_at_the_end_of_a_scope)
{
    socket a(push);
    socket b(pull);
    std::string at;
    {
        const attachment bound = a.scoped_bind(any_port);
        at = bound.endpoint();
        EXPECT_EQ(at, a.last_endpoint());
        const attachment connected = b.scoped_connect(at);
        run(a.send("x"));
        EXPECT_EQ(run(b.receive_string()), "x");
    }
    socket again(push);
    auto until_free = [](socket* s, std::string where) -> awaitable<void> {
        for (;;) {
            try {
                s->bind(where);
                co_return;
            } catch (const bind_error&) {
            }
            co_await sleep(1ms);
        }
    };
    run(timeout(20s, until_free(&again, at)));
    const auto port = again.bind_to_random_port("tcp://127.0.0.1");
    EXPECT_GE(port, 49152);
    EXPECT_EQ(again.last_endpoint(), "tcp://127.0.0.1:" + std::to_string(port));
    EXPECT_THROW(again.bind_to_random_port("tcp://127.0.0.1", port, port + 1U, 2), bind_error);
    EXPECT_THROW(again.bind_to_random_port("tcp://127.0.0.1", 5, 5), invalid_endpoint);
}

TEST(socket, conflate_keeps_only_the_last)
{
    socket to(pull);
    to.set(opt::conflate, true);
    socket from(push);
    from.set(opt::conflate, true);
    from.connect(to.bind("inproc://conflate"));
    for (const char* text : {"1", "2", "3"}) run(from.send(text));
    EXPECT_EQ(run(timeout(20s, to.receive())), "3");
    EXPECT_FALSE(to.try_receive());
}

TEST(socket, options_are_written_and_read)
{
    socket s(dealer);
    EXPECT_EQ(s.get(opt::linger), 1s);
    EXPECT_EQ(s.get(opt::sndhwm), 1000);
    EXPECT_EQ(s.get(opt::rcvtimeo), forever);
    EXPECT_EQ(s.get(opt::type), 5);
    EXPECT_EQ(s.get(opt::handshake_ivl), 30s);
    s.set(opt::linger, 0ms);
    EXPECT_EQ(s.get(opt::linger), 0ms);
    s.set_hwm(7);
    EXPECT_EQ(s.get(opt::sndhwm) + s.get(opt::rcvhwm), 14);
    s.set(opt::maxmsgsize, 1'000'000'000'000);
    EXPECT_EQ(s.get(opt::maxmsgsize), 1'000'000'000'000);
    s.set(opt::affinity, 1);
    EXPECT_EQ(s.get(opt::affinity), 1U);
    s.set(opt::ipv6, true);
    EXPECT_TRUE(s.get(opt::ipv6));
    s.set(opt::tcp_keepalive_idle, 30s);
    EXPECT_EQ(s.get(opt::tcp_keepalive_idle), 30s);
    EXPECT_TRUE(s.get(opt::multicast_loop));
    s.set(opt::zap_domain, "global");
    s.set(opt::zap_enforce_domain, true);
    EXPECT_TRUE(s.get(opt::zap_enforce_domain));
    s.set(opt::socks_proxy, "127.0.0.1:1080");
    EXPECT_EQ(s.get(opt::socks_proxy), "127.0.0.1:1080");
    s.set(opt::routing_id, "a\0b"s);
    EXPECT_EQ(s.get(opt::routing_id), "a\0b"s);
    EXPECT_THROW(s.set(opt::routing_id, ""), error);
    EXPECT_THROW(s.set(opt::routing_id, std::string(256, 'x')), error);
    EXPECT_THROW(s.set(opt::subscribe, "x"), error) << "a DEALER has no topics";
    EXPECT_THROW(s.set(opt::linger, -2ms), error);
    EXPECT_THROW(s.set(opt::linger, std::chrono::hours(1'000'000)), error);
}

}  // namespace
}  // namespace ferry::zmq
