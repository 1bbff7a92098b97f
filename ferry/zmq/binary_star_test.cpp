#include "ferry/zmq/binary_star.hpp"

#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/testing/temporary_directory.hpp"
#include "ferry/zmq/detail/binary_star_machine.hpp"
#include "ferry/zmq/error.hpp"

#include <gtest/gtest.h>

namespace ferry::zmq {
namespace {

using namespace std::chrono_literals;
using state = binary_star::state;
using machine = detail::binary_star_machine;

constexpr machine::time_point start{};

TEST(binary_star_machine, the_primary_serves_when_the_backup_is_there)
{
    machine primary(binary_star::primary, 1s, start);
    machine backup(binary_star::backup, 1s, start);
    EXPECT_FALSE(primary.client_asks(start));
    primary.peer_says(state::backup, start);
    EXPECT_EQ(primary.now(), state::active);
    EXPECT_TRUE(primary.client_asks(start));
    backup.peer_says(state::active, start);
    EXPECT_EQ(backup.now(), state::passive);
    EXPECT_FALSE(backup.client_asks(start + 1s)) << "the peer lives";
    EXPECT_TRUE(backup.client_asks(start + 2s)) << "it is silent, and a client comes";
    EXPECT_EQ(backup.now(), state::active);
    // The primary comes back, and waits.
    machine again(binary_star::primary, 1s, start + 9s);
    again.peer_says(state::active, start + 9s);
    EXPECT_EQ(again.now(), state::passive);
}

TEST(binary_star_machine, a_primary_alone_serves_after_a_while_and_a_backup_alone_never)
{
    machine primary(binary_star::primary, 1s, start);
    EXPECT_FALSE(primary.client_asks(start + 1999ms));
    EXPECT_TRUE(primary.client_asks(start + 2s));
    machine backup(binary_star::backup, 1s, start);
    EXPECT_FALSE(backup.client_asks(start + 100s));
}

TEST(binary_star_machine, a_peer_that_begins_anew_leaves_the_service_to_the_passive_one)
{
    for (const state fresh : {state::primary, state::backup}) {
        machine waiting(binary_star::backup, 1s, start);
        waiting.peer_says(state::active, start);
        waiting.peer_says(fresh, start);
        EXPECT_EQ(waiting.now(), state::active);
    }
}

TEST(binary_star_machine, two_of_a_kind_are_an_error)
{
    machine active(binary_star::primary, 1s, start);
    active.peer_says(state::backup, start);
    EXPECT_THROW(active.peer_says(state::active, start), protocol_error);
    machine passive(binary_star::backup, 1s, start);
    passive.peer_says(state::active, start);
    EXPECT_THROW(passive.peer_says(state::passive, start), protocol_error);
}

TEST(binary_star_machine, reads_states)
{
    EXPECT_EQ(detail::state_of("3"), state::active);
    for (const char* text : {"", "0", "5", "33", "x", "\xFF"}) {
        EXPECT_FALSE(detail::state_of(text)) << text;
    }
}

awaitable<void> until_serving(binary_star* one)
{
    while (!one->may_serve()) co_await sleep(5ms);
}

TEST(binary_star, the_backup_takes_over_when_the_primary_is_gone)
{
    const testing::temporary_directory folder;
    const std::string p = "ipc://" + (folder.path() / "p").string();
    const std::string b = "ipc://" + (folder.path() / "b").string();
    binary_star backup(binary_star::backup, b, p, 20ms);
    int activated = 0;
    int resting = 0;
    backup.on_active([&] { ++activated; });
    backup.on_passive([&] { ++resting; });
    auto waiting = spawn(backup.run());
    {
        binary_star primary(binary_star::primary, p, b, 20ms);
        auto running = spawn(primary.run());
        run(timeout(20s, until_serving(&primary)));
        const auto until_passive = [](const binary_star* one) -> awaitable<void> {
            while (one->now() != state::passive) co_await sleep(5ms);
        };
        run(timeout(20s, until_passive(&backup)));
        EXPECT_EQ(resting, 1);
        running.cancel();
        run(running.wait());
    }
    run(timeout(20s, until_serving(&backup)));
    EXPECT_EQ(activated, 1);
    waiting.cancel();
    run(waiting.wait());
}

}  // namespace
}  // namespace ferry::zmq
