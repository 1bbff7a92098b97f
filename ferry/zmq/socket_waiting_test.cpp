// Who waits on a socket, and what ends the wait.
#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

awaitable<void> note_failure(awaitable<message> receiving, std::string* what)
{
    try {
        co_await std::move(receiving);
        *what = "a message";
    } catch (const error& e) {
        *what = e.code().message();
    }
}

TEST(socket, closing_ends_whoever_waits)
{
    std::string what;
    socket s(pull);
    s.bind("inproc://closing");
    const auto waiting = spawn(note_failure(s.receive(), &what));
    run(yield_now());
    run(yield_now());
    s.close();
    EXPECT_TRUE(s.closed());
    run(waiting.join());
    EXPECT_EQ(what, "the socket is closed");
    EXPECT_THROW(run(s.receive()), error);
    EXPECT_THROW(s.try_receive(), error);
    EXPECT_THROW(s.bind("inproc://x"), error);
    s.close();

    // The handle may go first.
    auto orphan = std::make_unique<socket>(pull);
    orphan->bind("inproc://orphan");
    const auto second = spawn(note_failure(orphan->receive(), &what));
    run(yield_now());
    orphan.reset();
    what.clear();
    run(second.join());
    EXPECT_EQ(what, "the socket is closed");
}

TEST(socket, an_operation_may_outlive_it)
{
    std::optional<socket> s(std::in_place, dealer);
    std::optional<send_operation> sending(s->send("x"));
    std::optional<receive_operation> receiving(s->receive());
    s.reset();
    EXPECT_THROW(run(std::move(*sending)), error);
    sending.reset();
    EXPECT_THROW(receiving->attempt(), error);
    receiving.reset();
}

TEST(socket, belongs_to_its_thread)
{
    socket s(pull);
    socket t(push);
    t.connect(s.bind("inproc://threads"));
    for (int i = 0; i < 3; ++i) run(t.send("x"));
    EXPECT_EQ(run(s.receive_string()), "x");
    EXPECT_EQ(run(s.receive_string()), "x") << "more would pass without a further thought";
    const auto refused = [](auto use) {
        try {
            use();
            return false;
        } catch (const error& e) {
            return e.code() == errc::wrong_thread;
        }
    };
    std::thread other([&] {
        EXPECT_TRUE(refused([&] { s.try_receive(); }));
        EXPECT_TRUE(refused([&] { run(s.receive()); }));
        EXPECT_TRUE(refused([&] { run(t.send("y")); }));
        const socket own(pull);
        EXPECT_TRUE(refused([&] { run(s.receive()); })) << "nor a thread with sockets of its own";
    });
    other.join();
    EXPECT_EQ(run(s.receive_string()), "x");
    EXPECT_FALSE(s.try_receive());
}

TEST(socket, a_cancelled_receive_loses_nothing)
{
    socket from(push);
    socket to(pull);
    to.connect(from.bind("inproc://cancel"));
    auto receive_all = [](socket* s, std::vector<std::string>* got) -> awaitable<void> {
        for (;;) {
            const multipart m = co_await s->receive_multipart();
            got->push_back(m[1].to_string());
        }
    };
    std::vector<std::string> got;
    constexpr int count = 2000;
    for (int i = 0; i < count; ++i) {
        const auto taking = spawn(receive_all(&to, &got));
        if (i % 3 != 0) run(yield_now());
        run(from.send_multipart(parts("x", std::to_string(i))));
        if (i % 2 != 0) run(yield_now());
        taking.cancel();
        run(taking.wait());
    }
    auto rest = spawn(receive_all(&to, &got));
    run(sleep(5ms));
    rest.cancel();
    run(rest.wait());
    ASSERT_EQ(got.size(), count);
    for (int i = 0; i < count; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST(socket, many_receivers_and_senders_on_one_socket_are_all_served)
{
    socket from(push);
    socket to(pull);
    from.set(opt::sndhwm, 2);
    to.set(opt::rcvhwm, 2);
    to.connect(from.bind("inproc://many"));
    auto send_some = [](socket* s) -> awaitable<void> {
        for (int i = 0; i < 50; ++i) co_await s->send("x");
    };
    int received = 0;
    auto receive_some = [](socket* s, int* n) -> awaitable<void> {
        for (int i = 0; i < 50; ++i) {
            co_await s->receive();
            ++*n;
        }
    };
    std::vector<awaitable<void>> all;
    for (int i = 0; i < 20; ++i) {
        all.push_back(receive_some(&to, &received));
        all.push_back(send_some(&from));
    }
    run(timeout(20s, gather(std::move(all))));
    EXPECT_EQ(received, 1000);
}

TEST(socket, many_messages_in_one_operation)
{
    socket from(push);
    socket to(pull);
    from.set(opt::sndhwm, 5);
    to.set(opt::rcvhwm, 5);
    to.connect(from.bind("inproc://many-in-one"));
    const auto send_all = [](socket* s) -> awaitable<void> {
        std::vector<message> all;
        for (int i = 0; i < 100; ++i) all.emplace_back(std::to_string(i));
        co_await s->send_each(all);
        for (const message& m : all) EXPECT_TRUE(m.empty());
    };
    const auto receive_all = [](socket* s) -> awaitable<void> {
        std::vector<message> some(7);
        for (int next = 0; next < 100;) {
            const std::size_t count = co_await s->receive_some(some);
            EXPECT_GE(count, 1U);
            for (std::size_t i = 0; i < count; ++i) {
                EXPECT_EQ(some[i], std::to_string(next));
                ++next;
            }
        }
    };
    run(timeout(20s, gather(send_all(&from), receive_all(&to))));
    std::vector<message> one(1);
    to.set(opt::rcvtimeo, 5ms);
    EXPECT_THROW(run(to.receive_some(one)), timeout_error);
}

TEST(socket, a_busy_socket_lets_others_run)
{
    socket from(push);
    socket to(pull);
    from.set(opt::sndhwm, 0);
    to.connect(from.bind("inproc://fair"));
    for (int i = 0; i < 2000; ++i) run(from.send("x"));
    int turns = 0;
    auto count_turns = [](int* n) -> awaitable<void> {
        for (;;) {
            co_await yield_now();
            ++*n;
        }
    };
    auto drain = [](socket* s) -> awaitable<void> {
        for (int i = 0; i < 2000; ++i) {
            co_await s->receive();
            const auto until = std::chrono::steady_clock::now() + 10us;
            while (std::chrono::steady_clock::now() < until) continue;
        }
    };
    const auto counting = spawn(count_turns(&turns));
    run(drain(&to));
    EXPECT_GE(turns, 5);
    counting.cancel();
    run(counting.wait());
}

TEST(socket, calls_back)
{
    socket from(push);
    socket to(pull);
    to.connect(from.bind("inproc://callback"));
    std::vector<std::string> got;
    to.on_receive([&](const multipart& m) { got.push_back(m[0].to_string()); });
    run(from.send("a"));
    run(from.send("b"));
    run(sleep(5ms));
    EXPECT_THAT(got, ElementsAre("a", "b"));
    to.on_receive({});
    run(from.send("c"));
    run(sleep(2ms));
    EXPECT_EQ(got.size(), 2U);
    EXPECT_EQ(run(to.receive_string()), "c");
}

TEST(socket, waits_in_a_green_thread_and_with_then)
{
    socket server(rep);
    socket client(req);
    client.connect(server.bind("inproc://ways"));
    const auto serving = green::spawn([&] {
        const std::string q = green::wait(server.receive_string());
        green::wait(server.send("green " + q));
    });
    run(client.send("x"));
    std::string heard;
    spawn(client.receive_string()).then([&](const std::string& s) { heard = s; });
    run(serving.join());
    run(sleep(2ms));
    EXPECT_EQ(heard, "green x");
}

}  // namespace
}  // namespace ferry::zmq
