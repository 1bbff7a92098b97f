#include "ferry/async/async.hpp"
#include "ferry/testing/peer.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::ElementsAre;

const std::string any_port = "tcp://127.0.0.1:*";

class python : public testing::peer {
public:
    explicit python(std::vector<std::string> arguments)
        : peer(FERRY_INTEROP_DIR "/zmq_peer.py", arguments, FERRY_PYTHON)
    {
    }
    std::string at() const { return "tcp://127.0.0.1:" + std::to_string(port()); }
};

std::vector<std::string> texts(const multipart& all)
{
    std::vector<std::string> out;
    for (const message& m : all) out.push_back(m.to_string());
    return out;
}

std::vector<std::string> receive_texts(socket& s)
{
    return texts(run(timeout(60s, s.receive_multipart())));
}

awaitable<void> echo(socket* s)
{
    for (;;) {
        multipart m = co_await s->receive_multipart();
        co_await s->send_multipart(std::move(m));
    }
}

std::vector<std::vector<std::string>> shapes()
{
    std::vector<std::vector<std::string>> all;
    for (const std::size_t size : {0, 1, 255, 256, 8192, 65535, 65536, 64 << 20}) {
        all.push_back({std::string(size, 'x')});
    }
    for (const int count : {2, 10, 1000}) {
        auto& many = all.emplace_back();
        for (int i = 0; i < count; ++i) many.push_back(i % 3 == 0 ? "" : std::to_string(i));
    }
    return all;
}

void ask_all(socket& s)
{
    for (const auto& shape : shapes()) {
        multipart m;
        for (const auto& frame : shape) m.emplace_back(frame);
        run(s.send_multipart(std::move(m)));
        EXPECT_TRUE(receive_texts(s) == shape) << shape.size() << ' ' << shape[0].size();
    }
}

TEST(zmq_interop, ferry_asks_and_pyzmq_answers)
{
    const python tcp({"echo", "REP"});
    socket client(req);
    client.connect(tcp.at());
    ask_all(client);

    const testing::temporary_directory folder;
    const std::string path = "ipc://" + (folder / "echo");
    const python ipc({"echo", "PAIR", path});
    socket other(pair);
    other.connect(path);
    ask_all(other);
}

TEST(zmq_interop, pyzmq_asks_and_ferry_answers)
{
    const testing::temporary_directory folder;
    struct row {
        socket_type mine;
        const char* theirs;
        std::string at;
    };
    for (const row& r : {row{rep, "REQ", any_port}, row{rep, "REQ", "ipc://" + (folder / "rep")},
                         row{pair, "PAIR", any_port}, row{dealer, "DEALER", any_port},
                         row{router, "DEALER", any_port}}) {
        SCOPED_TRACE(r.theirs + (" " + r.at));
        socket server(r.mine);
        const std::string at = server.bind(r.at);
        python client({"ask", r.theirs, at});
        const auto serving = spawn(echo(&server));
        auto ended = [](python* p) { return run_blocking([p] { return p->line(); }); };
        EXPECT_EQ(run(timeout(60s, ended(&client))), "ok");
        serving.cancel();
        run(serving.wait());
    }
}

TEST(zmq_interop, texts_json_and_serialised_objects)
{
    python p({"json"});
    socket s(pair);
    s.connect(p.at());
    EXPECT_EQ(run(s.receive()), R"({"b": 1, "a": "\u00e9"})");
    run(s.send_json(json::parse(R"({"x": [1, 2.5, null, "ü"]})")));
    EXPECT_EQ(run(s.receive_string()), "grüße");
    run(s.send_string("grüße"));
    const value object = run(s.receive_pyobj());
    EXPECT_EQ(object["b"][2], value("ü"));
    run(s.send_pyobj(object));
    EXPECT_THAT(receive_texts(s), ElementsAre("1", "2"));
    run(s.send_serialized(3, [](int from) {
        multipart all;
        for (int i = 0; i < 3; ++i) all.emplace_back(std::to_string(from + i));
        return all;
    }));
    EXPECT_EQ(p.line(), "ok");
}

TEST(zmq_interop, a_pipeline_both_ways)
{
    const python from({"push", "20000", "64"});
    socket in(pull);
    in.set(opt::rcvhwm, 0);
    in.connect(from.at());
    python to({"pull", "20000"});
    socket out(push);
    out.set(opt::sndhwm, 0);
    out.connect(to.at());
    auto hand_on = [](socket* a, socket* b) -> awaitable<void> {
        for (int i = 0; i < 20000; ++i) {
            message m = co_await a->receive();
            co_await b->send(std::move(m));
        }
    };
    run(timeout(60s, hand_on(&in, &out)));
    EXPECT_EQ(to.line(), "ok");
}

TEST(zmq_interop, topics_both_ways)
{
    python from({"publish"});
    socket to(sub);
    to.subscribe("weather.");
    to.connect(from.at());
    for (int i = 0; i < 100; ++i) {
        EXPECT_THAT(receive_texts(to), ElementsAre("weather." + std::to_string(i), "sunny"));
    }
    to.unsubscribe("weather.");
    run(to.wait(pollin, 10ms));
    EXPECT_EQ(from.line(), "ok");

    socket out(xpub);
    python reader({"subscribe", out.bind(any_port)});
    EXPECT_THAT(receive_texts(out), ElementsAre("\x01"s
                                                "a"));
    for (int i = 0; i < 100; ++i) {
        run(out.send_multipart(parts("b" + std::to_string(i), "body")));
        run(out.send_multipart(parts("a" + std::to_string(i), "body")));
    }
    EXPECT_THAT(receive_texts(out), ElementsAre("\0a"s));
    EXPECT_EQ(reader.line(), "ok");
}

TEST(zmq_interop, routers_know_peers_by_name)
{
    const python there({"router"});
    socket alice(dealer);
    alice.set(opt::routing_id, "alice");
    alice.connect(there.at());
    run(alice.send("x"));
    EXPECT_THAT(receive_texts(alice), ElementsAre("hello alice", "x"));
    socket nameless(dealer);
    nameless.connect(there.at());
    run(nameless.send("y"));
    EXPECT_THAT(receive_texts(nameless), ElementsAre("hello stranger", "y"));

    socket here(router);
    python dealers({"dealers", here.bind(any_port)});
    for (int i = 0; i < 2; ++i) {
        const auto got = receive_texts(here);
        ASSERT_EQ(got.size(), 2U);
        EXPECT_TRUE(got[0] == "alice" || (got[0].size() == 5 && got[0][0] == '\0'));
        run(here.send_multipart(parts(got[0], "hello", got[1])));
    }
    EXPECT_EQ(dealers.line(), "ok");

    python asking({"req", here.last_endpoint()});
    const auto got = receive_texts(here);
    ASSERT_EQ(got.size(), 3U);
    EXPECT_EQ(got[1], "");
    EXPECT_EQ(got[2], "question");
    run(here.send_multipart(parts(got[0], "", "answer")));
    EXPECT_EQ(asking.line(), "ok");
}

TEST(zmq_interop, a_stream_serves_a_plain_client)
{
    socket s(stream);
    python client({"stream", s.bind(any_port)});
    const auto hello = receive_texts(s);
    EXPECT_EQ(hello[1], "");
    EXPECT_EQ(receive_texts(s)[1], "hello");
    run(s.send_multipart(parts(hello[0], "bye")));
    run(s.send_multipart(parts(hello[0], "")));
    // The connection is closed in some turns of the loop.
    EXPECT_EQ(run(timeout(60s, run_blocking([&] { return client.line(); }))), "ok");
}

TEST(zmq_interop, a_monitor_sees_a_peer_come_and_go)
{
    socket s(dealer);
    auto news = s.watch();
    const std::string at = s.bind(any_port);
    std::vector<event_type> seen;
    auto see_until = [&](event_type last) {
        do {
            const auto e = run(timeout(60s, news.next()));
            ASSERT_TRUE(e);
            seen.push_back(e->type);
        } while (seen.back() != last);
    };
    {
        const python p({"monitored", at});
        see_until(event_type::handshake_succeeded);
    }
    see_until(event_type::disconnected);
    EXPECT_THAT(seen, ElementsAre(event_type::listening, event_type::accepted,
                                  event_type::handshake_succeeded, event_type::disconnected));
    s.close();
    while (run(timeout(60s, news.next()))) continue;
}

TEST(zmq_interop, a_queue_between_pyzmq_clients_and_workers)
{
    socket front(router);
    socket back(dealer);
    socket control(rep);
    const std::string clients = front.bind(any_port);
    const std::string workers = back.bind(any_port);
    proxy_statistics passed;
    const auto passing =
        spawn(proxy(front, back, proxy_options().control(control).statistics(passed)));
    const python worker({"worker", workers});
    python client({"ask", "REQ", clients});
    EXPECT_EQ(run(timeout(60s, run_blocking([&] { return client.line(); }))), "ok");
    EXPECT_EQ(passed.front_in.messages, 12U);
    EXPECT_EQ(passed.back_out, passed.front_in);
    EXPECT_EQ(passed.front_out, passed.back_in);

    python steering({"steer", control.bind(any_port)});
    const std::string numbers = run(timeout(60s, run_blocking([&] { return steering.line(); })));
    EXPECT_TRUE(numbers.starts_with("12 ")) << numbers;
    EXPECT_EQ(run(timeout(60s, run_blocking([&] { return steering.line(); }))), "ok");
    run(timeout(60s, passing.join()));
}

TEST(zmq_interop, a_killed_peer_is_connected_to_again)
{
    const testing::temporary_directory folder;
    const std::string at = "ipc://" + (folder / "restart");
    socket s(req);
    s.set(opt::req_relaxed, true);
    s.set(opt::req_correlate, true);
    s.set(opt::reconnect_ivl, 10ms);
    s.set(opt::rcvtimeo, 60s);
    s.connect(at);
    {
        const python first({"echo", "REP", at});
        run(s.send("1"));
        EXPECT_EQ(run(s.receive_string()), "1");
        ::kill(first.pid(), SIGSTOP);
        s.set(opt::rcvtimeo, 500ms);
        run(s.send("lost"));
        EXPECT_THROW(run(s.receive()), timeout_error) << "nobody hangs";
    }
    const python second({"echo", "REP", at});
    s.set(opt::rcvtimeo, 60s);
    run(s.send("2"));
    EXPECT_EQ(run(s.receive_string()), "2");
}

awaitable<multipart> shout(multipart body)
{
    body.emplace_back("!");
    co_return body;
}

TEST(zmq_interop, majordomo_with_a_worker_and_a_client_of_pyzmq)
{
    const auto how = mdp::options().heartbeat(100ms).liveness(20).timeout(60s);
    mdp::broker broker(how);
    const std::string at = broker.bind(any_port);
    mdp::worker mine(at, "shout", how);
    task_group background;
    background.spawn(broker.run());
    background.spawn(mine.run(shout));

    const python worker({"mdp_worker", at, "echo"});
    mdp::client client(at, how);
    EXPECT_THAT(texts(run(client.request("echo", parts("hello")))),
                ElementsAre("hello", "by python"));
    run(sleep(3s));  // it lives by its heartbeats
    EXPECT_THAT(texts(run(client.request("mmi.service", parts("echo")))), ElementsAre("200"));

    python asking({"mdp_client", at, "shout"});
    EXPECT_EQ(run(timeout(60s, run_blocking([&] { return asking.line(); }))), "ok");
    background.cancel();
    run(background.join());
}

TEST(zmq_interop, freelance_both_ways)
{
    const testing::temporary_directory folder;
    const std::string theirs = "ipc://" + (folder.path() / "theirs").string();
    const std::string mine = "ipc://" + (folder.path() / "mine").string();
    {
        const python there({"freelance_server", theirs});
        freelance::client client(freelance::options().ping(50ms));
        client.connect(theirs);
        EXPECT_THAT(texts(run(client.request(parts("a", "b")))),
                    ElementsAre("a", "b", "by python"));
    }
    freelance::server server(mine);
    const auto serving = spawn(server.run(shout));
    python client({"freelance_client", mine});
    EXPECT_EQ(run(timeout(60s, run_blocking([&] { return client.line(); }))), "ok");
    serving.cancel();
    run(serving.wait());
}

TEST(zmq_interop, a_clone_of_pyzmq_follows_ferry)
{
    clone::server server({any_port, any_port, any_port}, clone::options().heartbeat(20ms));
    run(server.set("/ferry", "1"));
    const auto serving = spawn(server.run());
    const clone::address& at = server.at();
    python client({"clone_client", at.snapshots, at.updates, at.changes});
    EXPECT_EQ(run(timeout(60s, run_blocking([&] { return client.line(); }))), "ok");
    EXPECT_EQ(server.find("/python"), "2");
    serving.cancel();
    run(serving.wait());
}

TEST(zmq_interop, a_binary_star_of_pyzmq_and_ferry)
{
    const testing::temporary_directory folder;
    const std::string theirs = "ipc://" + (folder.path() / "theirs").string();
    const std::string mine = "ipc://" + (folder.path() / "mine").string();
    binary_star backup(binary_star::backup, mine, theirs, 50ms);
    const auto running = spawn(backup.run());
    {
        python primary({"star", theirs, mine});
        EXPECT_EQ(run(timeout(60s, run_blocking([&] { return primary.line(); }))), "ok");
        EXPECT_EQ(backup.now(), binary_star::state::passive);
    }
    const auto until_serving = [](binary_star* one) -> awaitable<void> {
        while (!one->may_serve()) co_await ferry::sleep(5ms);
    };
    run(timeout(60s, until_serving(&backup)));
    running.cancel();
    run(running.wait());
}

}  // namespace
}  // namespace ferry::zmq
