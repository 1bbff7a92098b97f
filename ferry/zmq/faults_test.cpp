// The faults of the specification, and what is around a socket: contexts, monitors, pollers,
// proxies.
#include "ferry/async/async.hpp"
#include "ferry/core/log.hpp"
#include "ferry/net/net.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::Contains;
using ::testing::ElementsAre;

const std::string any_port = "tcp://127.0.0.1:*";

std::vector<std::string> texts(const multipart& all)
{
    std::vector<std::string> out;
    for (const message& m : all) out.push_back(m.to_string());
    return out;
}

std::vector<std::string> receive_texts(socket& s)
{
    return texts(run(timeout(20s, s.receive_multipart(), "receive")));
}

// The next events up to one of that type.
std::vector<event_type> events_until(monitor& news, event_type last)
{
    std::vector<event_type> seen;
    do {
        const auto e = run(timeout(20s, news.next(), "event"));
        if (!e) break;
        seen.push_back(e->type);
    } while (seen.back() != last);
    return seen;
}

TEST(context, has_options)
{
    context own(2);
    EXPECT_EQ(own.get(context_option::io_threads), 2);
    EXPECT_EQ(own.get(context_option::max_sockets), 1023);
    EXPECT_EQ(own.get(context_option::socket_limit), 65535);
    own.set(context_option::max_sockets, 3);
    EXPECT_EQ(own.get(context_option::max_sockets), 3);
    own.set(context_option::thread_name_prefix, 1);
    EXPECT_THROW(own.set(context_option::max_sockets, -1), error);
    EXPECT_THROW(own.set(static_cast<context_option>(999), 1), error);
    EXPECT_THROW(own.get(static_cast<context_option>(999)), error);
    EXPECT_THROW(context(-1), error);
    EXPECT_EQ(context::instance(), context::instance());
    EXPECT_EQ(context::shadow(own.handle()).get(context_option::max_sockets), 3);
    EXPECT_TRUE(has("curve"));
    EXPECT_FALSE(has("draft"));
    EXPECT_TRUE(version().starts_with("4."));
}

TEST(context, too_many_sockets_is_said_clearly)
{
    context own;
    own.set(context_option::max_sockets, 2);
    const socket a(own, push);
    try {
        const socket b(own, push);
        const socket c(own, push);
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), std::errc::too_many_files_open);
        EXPECT_NE(std::string(e.what()).find("ulimit -n"), std::string::npos) << e.what();
    }
}

TEST(context, termination_ends_a_hundred_waits)
{
    context own;
    std::vector<socket> sockets;
    int ended = 0;
    auto wait_for_it = [](socket* s, int how, int* n) -> awaitable<void> {
        try {
            if (how == 0) co_await s->receive();
            if (how == 1) co_await s->wait();
            if (how == 2) co_await s->receive_multipart();
            if (how == 3) {
                poller p;
                p.add(*s);
                co_await p.poll();
            }
        } catch (const context_terminated&) {
            ++*n;
        }
        s->close();
    };
    sockets.reserve(100);
    task_group all;
    for (int i = 0; i < 100; ++i) {
        sockets.emplace_back(own, i % 2 == 0 ? pull : router).bind("inproc://" + std::to_string(i));
        all.spawn(wait_for_it(&sockets.back(), i % 4, &ended));
    }
    run(sleep(2ms));
    run(timeout(20s, own.terminate()));
    run(timeout(20s, all.join()));
    EXPECT_EQ(ended, 100);
    EXPECT_TRUE(own.closed());
    EXPECT_THROW(socket(own, pull), context_terminated);
    run(own.terminate());
}

TEST(context, a_lingering_message_holds_the_end_up_for_its_time)
{
    context own;
    {
        socket s(own, push);
        s.set(opt::linger, 300ms);
        s.connect("tcp://127.0.0.1:1");
        run(s.send("x"));
    }
    const auto began = std::chrono::steady_clock::now();
    run(timeout(20s, own.terminate()));
    const auto took = std::chrono::steady_clock::now() - began;
    EXPECT_GE(took, 200ms);
    EXPECT_LT(took, 15s);
}

TEST(context, close_closes_its_sockets_those_of_other_threads_too)
{
    context own;
    socket here(own, pull);
    std::promise<void> ready;
    std::thread other([&] {
        socket there(own, pull);
        there.bind("inproc://there");
        ready.set_value();
        EXPECT_ANY_THROW(run(there.receive()));
        // What was posted to this loop closes the socket, if it is still open.
        there.close();
    });
    ready.get_future().get();
    own.close();
    EXPECT_TRUE(here.closed());
    other.join();
    run(timeout(20s, own.terminate()));
}

TEST(context, is_refused_in_a_forked_child)
{
    socket s(pull);
    s.bind("inproc://forked");
    run(s.wait(pollin, 1ms));
    const pid_t child = ::fork();
    if (child == 0) {
        int wrong = 0;
        try {
            s.try_receive();
            ++wrong;
        } catch (const error& e) {
            wrong += e.code() != errc::forked;
        }
        try {
            const socket t(pull);
            ++wrong;
        } catch (const error& e) {
            wrong += e.code() != errc::forked;
        }
        s.close();
        ::_exit(wrong);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    socket t(push);
    t.connect("inproc://forked");
    run(t.send("x"));
    EXPECT_EQ(run(s.receive_string()), "x") << "the parent goes on";
}

TEST(message, is_sent_without_a_copy_and_tells_when_it_is_gone)
{
    socket from(push);
    socket to(pull);
    to.connect(from.bind("inproc://zero-copy"));
    std::string big(copy_threshold, 'x');
    const char* const where = big.data();
    run(from.send(std::move(big)));
    message same = run(to.receive());
    EXPECT_EQ(same.text().data(), where) << "not one byte was copied";
    const buffer kept = std::move(same).to_buffer();
    EXPECT_EQ(kept.text().data(), where);

    auto [m, t] = message::track(buffer::copy("tracked"));
    run(from.send(std::move(m)));
    EXPECT_FALSE(t.done());
    EXPECT_THROW(run(timeout(2ms, t.wait())), timeout_error);
    {
        const message got = run(to.receive());
        EXPECT_EQ(got, "tracked");
        EXPECT_FALSE(t.done());
    }
    run(timeout(20s, t.wait()));
    EXPECT_TRUE(t.done());
    run(t.wait());

    auto [far, gone] = message::track(buffer::copy(std::string(1 << 20, 'x')));
    socket out(push);
    socket in(pull);
    in.connect(out.bind(any_port));
    run(out.send(std::move(far)));
    run(in.receive());
    run(timeout(20s, gone.wait()));
    EXPECT_TRUE(gone.done());
}

TEST(message, copies_share_and_moves_leave_nothing)
{
    const message empty{};
    EXPECT_EQ(empty.size(), 0U);
    EXPECT_FALSE(empty.more());
    EXPECT_FALSE(empty.metadata("Peer-Address"));
    message a(std::string(1000, 'a'));
    const message b = a.copy();
    EXPECT_EQ(a.span().data(), b.span().data());
    const message c = std::move(a);
    EXPECT_EQ(c.size(), 1000U);
    message d("short");
    message e("other");
    d = std::move(e);
    EXPECT_EQ(d, "other");
    EXPECT_EQ(texts(copy(parts("x", d.copy(), bytes(2, std::byte{'y'})))),
              (std::vector<std::string>{"x", "other", "yy"}));
}

TEST(message, knows_its_sender)
{
    socket server(rep);
    socket client(req);
    client.set(opt::metadata, "X-Ship:Argo");
    client.connect(server.bind(any_port));
    run(client.send("x"));
    const message m = run(server.receive());
    EXPECT_EQ(m.metadata("X-Ship"), "Argo");
    EXPECT_EQ(m.metadata("Peer-Address"), "127.0.0.1");
    EXPECT_EQ(m.metadata("Socket-Type"), "REQ");
    EXPECT_FALSE(m.metadata("User-Id"));
}

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
    auto second = client.watch();
    while (run(timeout(20s, news.next(), "the end of the first"))) continue;
    client.close();
    while (run(timeout(20s, second.next(), "the end of the second"))) continue;
    EXPECT_EQ(name(event_type::handshake_failed_auth), "handshake_failed_auth");
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
    for (const std::string& at : {"inproc://ping-pong"s, "ipc://@ferry-ping-pong"s, any_port}) {
        SCOPED_TRACE(at);
        ping_pong game(at, n);
        run(timeout(20s + n * 1ms, game.play(), at));
    }
}

// One who waits without any other business on the loop: only the descriptor can wake it.
TEST(faults, waiting_alone_is_woken_by_the_descriptor)
{
    for (const std::string& at : {"inproc://alone"s, "ipc://@ferry-alone"s, any_port}) {
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

double cpu_seconds()
{
    rusage use{};
    ::getrusage(RUSAGE_SELF, &use);
    return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
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
    run(sleep(20ms));
    const double began = cpu_seconds();
    run(sleep(500ms));
    EXPECT_LT(cpu_seconds() - began, 0.01);
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
    run(sleep(20ms));
    const double began = cpu_seconds();
    run(sleep(200ms));
    EXPECT_LT(cpu_seconds() - began, 0.01);
    all.cancel();
    run(all.join());
}

}  // namespace
}  // namespace ferry::zmq
