#include "ferry/async/descriptor.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <thread>

namespace ferry {
namespace {

using namespace std::chrono_literals;

class conduit {
public:
    conduit()
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw system_failure(errno, "pipe");
        read_end = ends[0];
        write_end = ends[1];
    }
    conduit(const conduit&) = delete;
    conduit& operator=(const conduit&) = delete;
    ~conduit()
    {
        ::close(read_end);
        if (write_end >= 0) ::close(write_end);
    }

    void put() const { EXPECT_EQ(::write(write_end, "x", 1), 1); }
    void take() const
    {
        char c;
        EXPECT_EQ(::read(read_end, &c, 1), 1);
    }

    int read_end;
    int write_end;
};

TEST(descriptor_watch, calls_once_for_each_arming)
{
    const conduit p;
    int calls = 0;
    descriptor_watch watch(p.read_end, [&] { ++calls; });
    p.put();
    run(sleep(1ms));
    EXPECT_EQ(calls, 0) << "not armed";
    watch.arm();
    watch.arm();
    EXPECT_TRUE(watch.armed());
    run(sleep(1ms));
    EXPECT_EQ(calls, 1) << "what was there before counts";
    EXPECT_FALSE(watch.armed());
    watch.arm();
    run(sleep(1ms));
    EXPECT_EQ(calls, 1) << "nothing new";
    p.put();
    run(sleep(1ms));
    EXPECT_EQ(calls, 2) << "more has come";
    p.take();
    p.take();
    watch.arm();
    run(sleep(1ms));
    EXPECT_EQ(calls, 2);
    p.put();
    run(sleep(1ms));
    EXPECT_EQ(calls, 3);
}

TEST(descriptor_watch, keeps_what_came_while_it_was_not_armed)
{
    const conduit p;
    int calls = 0;
    descriptor_watch watch(p.read_end, [&] { ++calls; });
    watch.arm();
    run(sleep(1ms));
    EXPECT_EQ(calls, 1) << "the first time there is always a call";
    watch.arm();
    watch.disarm();
    run(sleep(1ms));
    p.put();
    run(sleep(1ms));
    p.put();
    run(sleep(1ms));
    EXPECT_EQ(calls, 1);
    watch.arm();
    run(sleep(1ms));
    EXPECT_EQ(calls, 2) << "once for both";
    watch.arm();
    run(sleep(1ms));
    EXPECT_EQ(calls, 2);
}

TEST(descriptor_watch, may_be_armed_in_the_call)
{
    const conduit p;
    int calls = 0;
    std::optional<descriptor_watch> watch;
    watch.emplace(p.read_end, [&] {
        ++calls;
        watch->arm();
    });
    watch->arm();
    run(sleep(1ms));
    for (int i = 2; i < 5; ++i) {
        p.put();
        run(sleep(1ms));
        EXPECT_EQ(calls, i);
        EXPECT_TRUE(watch->armed());
    }
}

TEST(descriptor_watch, is_disarmed_and_armed_again)
{
    const conduit p;
    int calls = 0;
    {
        descriptor_watch watch(p.read_end, [&] { ++calls; });
        watch.arm();
        run(sleep(1ms));
        watch.arm();
        watch.disarm();
        watch.arm();
        watch.disarm();
        EXPECT_FALSE(watch.armed());
        p.put();
        run(sleep(1ms));
        EXPECT_EQ(calls, 1);
        watch.arm();
        watch.disarm();
        watch.arm();
        run(sleep(1ms));
        EXPECT_EQ(calls, 2);
        watch.arm();
        p.put();
    }
    run(sleep(1ms));
    EXPECT_EQ(calls, 2) << "nothing comes after its end";
    p.take();  // the descriptor is still open
    descriptor_watch second(p.read_end, [&] { ++calls; });
    EXPECT_THROW(descriptor_watch(p.read_end, [] {}), error) << "watched already";
    second.arm();
    run(sleep(1ms));
    EXPECT_EQ(calls, 3);
}

TEST(descriptor_watch, outlives_the_loop_of_its_thread)
{
    const conduit p;
    std::unique_ptr<descriptor_watch> armed;
    std::unique_ptr<descriptor_watch> idle;
    const conduit other;
    std::thread([&] {
        armed = std::make_unique<descriptor_watch>(p.read_end, [] {});
        idle = std::make_unique<descriptor_watch>(other.read_end, [] {});
        armed->arm();
        run(sleep(1ms));
        armed->arm();
    }).join();
    p.put();
    armed.reset();
    idle.reset();
}

TEST(descriptor_watch, refuses_what_is_not_open)
{
    EXPECT_THROW(descriptor_watch(-1, [] {}), error);
    EXPECT_THROW(run(wait_readable(-1)), error);
    EXPECT_THROW(run(wait_writable(-1)), error);
}

awaitable<void> count_readable(int fd, int* count)
{
    co_await wait_readable(fd);
    ++*count;
}

TEST(wait_readable, wakes_everybody_who_waits_for_the_same_descriptor)
{
    conduit p;
    int count = 0;
    const auto first = spawn(count_readable(p.read_end, &count));
    const auto second = spawn(count_readable(p.read_end, &count));
    run(sleep(1ms));
    EXPECT_EQ(count, 0);
    p.put();
    run(first.join());
    run(second.join());
    EXPECT_EQ(count, 2);
    p.take();
    ::close(p.write_end);
    p.write_end = -1;
    run(wait_readable(p.read_end));  // the end is something to read
}

TEST(wait_readable, is_cancelled_without_trace)
{
    const conduit p;
    EXPECT_THROW(run(timeout(1ms, wait_readable(p.read_end))), timeout_error);
    p.put();
    run(wait_readable(p.read_end));
    p.take();
}

TEST(wait_writable, waits_for_room)
{
    const conduit p;
    run(wait_writable(p.write_end));
    std::string much(1 << 20, 'x');
    while (::write(p.write_end, much.data(), much.size()) > 0) continue;
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_THROW(run(timeout(1ms, wait_writable(p.write_end))), timeout_error);
    ASSERT_GT(::read(p.read_end, much.data(), much.size()), 4096);
    run(wait_writable(p.write_end));
}

}  // namespace
}  // namespace ferry
