#include "ferry/async/async.hpp"
#include "ferry/zmq/zmq.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;

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
    socket t(push);
    t.connect("inproc://forked");
    for (int i = 0; i < 3; ++i) run(t.send("x"));
    for (int i = 0; i < 3; ++i) run(s.receive());
    run(s.wait(pollin, 1ms));
    const pid_t child = ::fork();
    if (child == 0) {
        int wrong = 0;
        const auto refused = [&](auto use) {
            try {
                use();
                ++wrong;
            } catch (const error& e) {
                wrong += e.code() != errc::forked;
            }
        };
        refused([&] { s.try_receive(); });
        refused([&] { t.send("y").attempt(); });
        refused([&] { const socket u(pull); });
        s.close();
        t.close();
        ::_exit(wrong);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    run(t.send("x"));
    EXPECT_EQ(run(s.receive_string()), "x") << "the parent goes on";
}

}  // namespace
}  // namespace ferry::zmq
