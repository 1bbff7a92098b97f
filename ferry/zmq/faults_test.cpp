// The faults of the specification.
#include "ferry/async/async.hpp"
#include "ferry/core/log.hpp"
#include "ferry/net/net.hpp"
#include "ferry/zmq/detail/test_sockets.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::Contains;

TEST(faults, a_message_over_the_limit_ends_its_connection_only)
{
    socket to(pull);
    to.set(opt::maxmsgsize, 1000);
    const std::string at = to.bind(any_port);
    auto news = to.watch();
    socket greedy(push);
    greedy.set(opt::linger, 0ms);
    greedy.connect(at);
    run(greedy.send(std::string(1001, 'x')));
    EXPECT_THAT(events_until(news, event_type::disconnected), Contains(event_type::accepted));
    socket modest(push);
    modest.connect(at);
    run(modest.send(std::string(1000, 'y')));
    EXPECT_EQ(run(timeout(20s, to.receive())), std::string(1000, 'y'));
}

TEST(faults, garbage_on_a_port_concerns_nobody_else)
{
    socket server(rep);
    const std::string at = server.bind(any_port);
    auto news = server.watch();
    const auto port = static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)));
    {
        auto scanner = run(net::connect(net::tcp("127.0.0.1", port)));  // and away
    }
    auto garbage = run(net::connect(net::tcp("127.0.0.1", port)));
    run(garbage.write(
        as_bytes(std::string("\xFF\0\0\0\0\0\0\0\x01\x7F\x03\0JUNK", 16) + std::string(100, 'J'))));
    const auto seen = events_until(news, event_type::handshake_failed_protocol);
    EXPECT_THAT(seen, Contains(event_type::handshake_failed_protocol));
    socket client(req);
    client.connect(at);
    run(client.send("x"));
    EXPECT_EQ(run(timeout(20s, server.receive_string())), "x");
}

TEST(faults, a_slow_subscriber_loses_what_does_not_fit)
{
    socket from(xpub);
    from.set(opt::sndhwm, 10);
    socket to(sub);
    to.set(opt::rcvhwm, 10);
    to.connect(from.bind("inproc://slow"));
    to.subscribe("");
    receive_texts(from);
    for (int i = 0; i < 1000; ++i) run(from.send(std::to_string(i)));
    int got = 0;
    while (auto m = to.try_receive()) {
        EXPECT_EQ(*m, std::to_string(got));
        ++got;
    }
    EXPECT_EQ(got, 20) << "both queues";
}

TEST(faults, a_silent_peer_is_found_by_heartbeats)
{
    socket server(rep);
    server.set(opt::heartbeat_ivl, 50ms);
    server.set(opt::heartbeat_timeout, 200ms);
    const std::string at = server.bind(any_port);
    auto news = server.watch();
    const auto port = static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)));
    // A peer that greets well, and then says nothing more.
    auto silent = run(net::connect(net::tcp("127.0.0.1", port)));
    std::string hello("\xFF\0\0\0\0\0\0\0\x01\x7F\x03\0NULL", 16);
    hello.resize(64);
    hello += std::string("\x04\x19\x05READY\x0BSocket-Type\0\0\0\x03REQ", 27);
    run(silent.write(as_bytes(hello)));
    const auto began = std::chrono::steady_clock::now();
    EXPECT_THAT(events_until(news, event_type::disconnected),
                Contains(event_type::handshake_succeeded));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 15s);
}

TEST(faults, late_options_are_logged_once)
{
    std::vector<std::string> lines;
    log::set_sink([&](const log::record& r) { lines.push_back(log::line(r)); });
    socket s(pull);
    s.bind("inproc://late");
    s.set(opt::linger, 0ms);
    EXPECT_TRUE(lines.empty());
    s.set(opt::ipv6, true);
    s.set(opt::ipv6, false);
    log::set_sink({});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("option=ipv6"), std::string::npos) << lines[0];
}

// A name that no other run of this test has.
std::string abstract(const char* name)
{
    return "ipc://@ferry-" + std::to_string(::getpid()) + '-' + name;
}

// Two that wait on one socket, sends, polls and reads of options between: the edge of ZMQ_FD is
// swallowed again and again, and nobody may miss a message for it.
class ping_pong {
public:
    ping_pong(std::string at, int rounds) : rounds_{rounds}
    {
        two_.connect(one_.bind(at));
        one_.set_hwm(0);
    }

    awaitable<void> play()
    {
        task_group all;
        all.spawn(answer());
        all.spawn(disturb());
        all.spawn(take());
        all.spawn(take());
        for (int i = 0; i < rounds_; ++i) {
            co_await window_.put(i);
            co_await one_.send_multipart(parts(std::to_string(i), "x"));
            if (i % 7 == 0) static_cast<void>(one_.get(opt::events));
            if (i % 5 == 0) co_await one_.wait(pollout, 0ms);
        }
        co_await all_taken_.wait();
        all.cancel();
        co_await all.join();
    }

private:
    awaitable<void> answer()
    {
        for (;;) {
            multipart m = co_await two_.receive_multipart();
            co_await two_.send_multipart(std::move(m));
        }
    }
    awaitable<void> take()
    {
        for (;;) {
            co_await one_.receive_multipart();
            window_.get_nowait();
            if (++taken_ == rounds_) all_taken_.set();
        }
    }
    awaitable<void> disturb()
    {
        for (int i = 0;; ++i) {
            co_await sleep(30us);
            if (i % 3 == 0) static_cast<void>(two_.get(opt::events));
            if (i % 4 == 0) co_await two_.wait(pollin, 0ms);
        }
    }

    int rounds_;
    int taken_ = 0;
    queue<int> window_{5};  ///< what is under way
    event all_taken_;
    socket one_{pair};
    socket two_{pair};
};

TEST(faults, no_wake_up_is_lost)
{
    const char* const rounds = std::getenv("FERRY_ZMQ_ROUNDS");
    const int n = rounds == nullptr ? 3000 : std::atoi(rounds);
    for (const std::string& at : {"inproc://ping-pong"s, abstract("ping-pong"), any_port}) {
        SCOPED_TRACE(at);
        ping_pong game(at, n);
        run(timeout(20s + n * 1ms, game.play(), at));
    }
}

awaitable<void> look_while_another_waits(bool by_poller)
{
    socket one(pair);
    socket two(pair);
    // A socket gives its name back some time after its end.
    two.connect(one.bind(by_poller ? "inproc://looks-poller" : "inproc://looks-wait"));
    poller both;
    both.add(one, pollin);
    for (int i = 0; i < 100; ++i) {
        auto waiting = spawn(one.receive());
        co_await yield_now();
        co_await yield_now();
        // The descriptor tells of it, but whoever looks first swallows that.
        message m("x");
        EXPECT_TRUE(two.try_send(m));
        if (by_poller) {
            const poll_result found = co_await both.poll(0ms);
            EXPECT_EQ(found[one], pollin);
        } else {
            const poll_events found = co_await one.wait(pollin, 0ms);
            EXPECT_EQ(found, pollin);
        }
        auto ended = timeout(5s, waiting.wait());
        co_await std::move(ended);
    }
}

TEST(faults, who_looks_at_a_socket_wakes_those_who_wait_for_it)
{
    for (const bool by_poller : {false, true}) {
        SCOPED_TRACE(by_poller);
        run(look_while_another_waits(by_poller));
    }
}

// One who waits without any other business on the loop: only the descriptor can wake it.
TEST(faults, waiting_alone_is_woken_by_the_descriptor)
{
    for (const std::string& at : {"inproc://alone"s, abstract("alone"), any_port}) {
        SCOPED_TRACE(at);
        socket server(rep);
        const std::string real = server.bind(at);
        const context shared = context::instance();
        std::thread other([&] {
            socket client(shared, req);
            client.connect(real);
            for (int i = 0; i < 500; ++i) {
                run(client.send("x"));
                run(timeout(20s, client.receive(), "answer"));
            }
        });
        auto serve = [](socket* s) -> awaitable<void> {
            for (int i = 0; i < 500; ++i) {
                co_await s->receive();
                if (i % 2 == 0) static_cast<void>(s->get(opt::events));
                co_await s->send("y");
            }
        };
        run(timeout(20s, serve(&server)));
        other.join();
    }
}

awaitable<void> pull_all(socket from, int count)
{
    for (int i = 0; i < count; ++i) {
        const message m = co_await from.receive();
        EXPECT_EQ(m.text(), std::to_string(i));
    }
}

// Bursts long enough to count as a stream, single messages, and pauses of every length between.
TEST(faults, a_stream_that_falters_is_heard_again)
{
    constexpr int bursts = 400;
    int count = 0;
    for (int burst = 0; burst < bursts; ++burst) count += burst % 3 == 0 ? 1 : burst % 90;
    for (const std::string& at : {"tcp://127.0.0.1:*"s, "inproc://falters"s}) {
        SCOPED_TRACE(at);
        context own;
        socket to(own, pull);
        const std::string real = to.bind(at);
        std::thread sender([&] {
            socket from(own, push);
            from.connect(real);
            int sent = 0;
            for (int burst = 0; burst < bursts; ++burst) {
                for (int i = burst % 3 == 0 ? 1 : burst % 90; i > 0; --i) {
                    run(from.send(std::to_string(sent++)));
                }
                const auto until = std::chrono::steady_clock::now() + burst % 13 * 40us;
                while (std::chrono::steady_clock::now() < until) continue;
            }
            from.close(10s);
        });
        run(timeout(30s, pull_all(std::move(to), count)));
        sender.join();
    }
}

double cpu_seconds()
{
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

/// Whether some span of 200 ms costs nothing, soon: on a busy machine the last of what has been
/// begun goes on for a while.
bool comes_to_rest()
{
    for (int n = 0; n < 100; ++n) {
        const double began = cpu_seconds();
        run(sleep(200ms));
        if (cpu_seconds() - began < 0.005) return true;
    }
    return false;
}

TEST(faults, a_thousand_idle_subscribers_cost_next_to_nothing)
{
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    constexpr std::size_t many = 1000;
    const context own;
    socket news(own, pub);
    const std::string at = news.bind("inproc://news");
    task_group all;
    std::vector<std::unique_ptr<socket>> sockets;
    std::size_t heard = 0;
    auto hear = [](socket* s, std::size_t* count) -> awaitable<void> {
        const message m = co_await s->receive();
        EXPECT_EQ(m, "now");
        ++*count;
    };
    for (std::size_t i = 0; i < many; ++i) {
        sockets.push_back(std::make_unique<socket>(own, sub));
        sockets.back()->subscribe("");
        sockets.back()->connect(at);
        all.spawn(hear(sockets.back().get(), &heard));
    }
    EXPECT_TRUE(comes_to_rest());
    run(news.send("now"));
    run(timeout(20s, all.join()));
    EXPECT_EQ(heard, many);
}

TEST(faults, idle_sockets_cost_nothing)
{
    task_group all;
    std::vector<std::unique_ptr<socket>> sockets;
    auto wait_for_it = [](socket* s) -> awaitable<void> { co_await s->wait(pollin); };
    for (const auto type : {pair, sub, req, rep, dealer, router, pull, xpub, xsub, stream}) {
        sockets.push_back(std::make_unique<socket>(type));
        sockets.back()->bind(any_port);
        all.spawn(wait_for_it(sockets.back().get()));
    }
    auto news = sockets[0]->watch();
    auto watch = [](monitor* m) -> awaitable<void> {
        for (;;) co_await m->next();
    };
    all.spawn(watch(&news));
    EXPECT_TRUE(comes_to_rest());
    all.cancel();
    run(all.join());
}

}  // namespace
}  // namespace ferry::zmq
