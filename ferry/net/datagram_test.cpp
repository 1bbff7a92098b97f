#include "ferry/net/datagram.hpp"

#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;

TEST(datagram_socket, wakes_whoever_receives)
{
    const testing::temporary_directory dir;
    const datagram_socket ear(dir / "ear");
    const datagram_socket mouth;
    EXPECT_TRUE(mouth.send_to(dir / "ear", as_bytes("one")));
    EXPECT_TRUE(mouth.send_to(dir / "ear", as_bytes("two")));
    EXPECT_EQ(as_text(run(ear.receive())), "one");
    run(ear.drain());
    EXPECT_THROW(run(timeout(5ms, ear.receive())), timeout_error);
}

TEST(datagram_socket, says_when_nobody_listens)
{
    const testing::temporary_directory dir;
    const datagram_socket mouth;
    EXPECT_FALSE(mouth.send_to(dir / "nobody", as_bytes("x")));
    {
        const datagram_socket gone(dir / "gone");
    }
    EXPECT_FALSE(mouth.send_to(dir / "gone", as_bytes("x")));
}

TEST(datagram_socket, does_not_wait_for_a_full_queue)
{
    const datagram_socket ear("@ferry-datagram-test-" + std::to_string(::getpid()));
    const datagram_socket mouth;
    int sent = 0;
    while (sent < 100'000 && mouth.send_to(ear.path(), as_bytes("x"))) ++sent;
    EXPECT_GT(sent, 0);
    EXPECT_LT(sent, 100'000);
}

TEST(datagram_socket, refuses_a_path_in_use)
{
    const testing::temporary_directory dir;
    const datagram_socket first(dir / "s");
    EXPECT_THROW(datagram_socket second(dir / "s"), error);
    EXPECT_TRUE(datagram_socket().send_to(dir / "s", as_bytes("still there")));
}

}  // namespace
}  // namespace ferry::net
