// What every broker's lease keeps to, and beats that share one. Those that want a server run where
// one is named: FERRY_REDIS, FERRY_RABBITMQ.
#include "ferry/tasks/lease.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/file.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/tasks/beat.hpp"
#include "ferry/testing/environment.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;
using testing::environment;

constexpr auto length = 400ms;

std::vector<std::string> backends()
{
    std::vector<std::string> usable{"sqlite"};
    if (!environment("FERRY_REDIS").empty()) usable.emplace_back("redis");
    if (!environment("FERRY_RABBITMQ").empty()) usable.emplace_back("rabbitmq");
    return usable;
}

/// Two programs that share a broker.
class lease_contract : public ::testing::TestWithParam<std::string> {
public:
    std::string url() const
    {
        if (GetParam() == "redis") return environment("FERRY_REDIS");
        if (GetParam() == "rabbitmq") return environment("FERRY_RABBITMQ");
        return "sqlite://" + (dir_ / "t.db");
    }

    std::unique_ptr<lease> open(const std::shared_ptr<message_broker>& in,
                                std::chrono::milliseconds longest = length) const
    {
        return in->open_lease(name_, longest);
    }

    static std::string acquired(lease& l) { return ferry::run(timeout(60s, l.acquire(), "lease")); }

    /// Whether somebody else has it.
    static bool is_held(lease& l)
    {
        try {
            ferry::run(timeout(100ms, l.acquire()));
            return false;
        } catch (const timeout_error&) {
            return true;
        }
    }

    testing::temporary_directory dir_;
    std::string name_ = dir_.path().filename().string();
    std::shared_ptr<message_broker> here_ = open_broker(url());
    std::shared_ptr<message_broker> there_ = open_broker(url());
};

TEST_P(lease_contract, one_holds_it_and_leaves_a_note_for_the_next)
{
    const auto first = open(here_, 10s);
    EXPECT_EQ(acquired(*first), "");
    EXPECT_TRUE(ferry::run(first->keep("one")));
    EXPECT_TRUE(ferry::run(first->keep("two")));
    const auto second = open(there_, 10s);
    EXPECT_TRUE(is_held(*second));
    ferry::run(first->release());
    EXPECT_EQ(acquired(*second), "two");
    EXPECT_FALSE(ferry::run(first->keep("three"))) << "it is not the first one's any more";
    EXPECT_TRUE(ferry::run(second->keep("four")));
    ferry::run(second->release());
    EXPECT_EQ(acquired(*first), "four");
    ferry::run(first->release());
}

TEST_P(lease_contract, a_holder_that_is_gone_loses_it_with_its_note_kept)
{
    auto first = open(here_);
    EXPECT_EQ(acquired(*first), "");
    EXPECT_TRUE(ferry::run(first->keep("one")));
    const auto second = open(there_);
    first.reset();
    EXPECT_EQ(acquired(*second), "one");
}

TEST_P(lease_contract, other_names_are_other_leases)
{
    const auto first = open(here_);
    EXPECT_EQ(acquired(*first), "");
    const auto other = there_->open_lease(name_ + ".other", length);
    EXPECT_EQ(acquired(*other), "");
}

TEST_P(lease_contract, one_that_nobody_wants_meanwhile_stays_or_can_be_had_again)
{
    const auto first = open(here_);
    EXPECT_EQ(acquired(*first), "");
    EXPECT_TRUE(ferry::run(first->keep("one")));
    ferry::run(sleep(length + 100ms));
    if (!ferry::run(first->keep("two"))) {
        EXPECT_EQ(acquired(*first), "one");
        EXPECT_TRUE(ferry::run(first->keep("two")));
    }
    ferry::run(first->release());
    const auto second = open(there_);
    EXPECT_EQ(acquired(*second), "two");
}

/// Two beats of one plan on two machines, that is, with state files of their own.
class beats_of_one_broker : public lease_contract {
public:
    struct machine {
        machine(const std::string& url, std::string queue_name, std::filesystem::path file,
                const std::string& name)
            : app("shop", broker(url), queue(std::move(queue_name))),
              state(std::move(file)),
              beat(app, state_file(state), leader(name, length))
        {
            beat.add("one", 10ms, app.signature("shop.tidy"));
        }
        std::uint64_t runs() const
        {
            const value saved = json::parse(read_whole_file(state.string(), 10'000));
            return saved["entries"]["one"]["total_runs"].as<std::uint64_t>();
        }
        tasks::app app;
        std::filesystem::path state;
        tasks::beat beat;
    };

    static awaitable<void> sent_so_many(const beat* by, std::uint64_t count)
    {
        while (by->sent() < count) co_await sleep(1ms);
    }
    static void wait_until_sent(const beat& by, std::uint64_t count)
    {
        ferry::run(timeout(60s, sent_so_many(&by, count), "calls"));
    }

    machine make(const char* file) const { return {url(), name_, dir_.path() / file, name_}; }
};

TEST_P(beats_of_one_broker, take_turns_and_send_nothing_twice)
{
    machine first = make("first.json");
    machine second = make("second.json");
    ferry::run(here_->purge(name_));
    auto leading = spawn(first.beat.run());
    wait_until_sent(first.beat, 5);
    auto standing_by = spawn(second.beat.run());
    wait_until_sent(first.beat, 10);
    EXPECT_EQ(second.beat.sent(), 0U);
    first.beat.stop();
    ferry::run(leading.join());
    wait_until_sent(second.beat, 5);
    second.beat.stop();
    ferry::run(standing_by.join());
    const std::uint64_t all = first.beat.sent() + second.beat.sent();
    EXPECT_EQ(second.runs(), all) << "it goes on where the first has ended";
    EXPECT_EQ(ferry::run(here_->size(name_)), static_cast<std::int64_t>(all));
    ferry::run(here_->purge(name_));
}

TEST_P(beats_of_one_broker, one_that_stands_by_can_be_stopped)
{
    machine first = make("first.json");
    machine second = make("second.json");
    auto leading = spawn(first.beat.run());
    wait_until_sent(first.beat, 1);
    auto standing_by = spawn(second.beat.run());
    ferry::run(sleep(20ms));
    second.beat.stop();
    ferry::run(timeout(60s, standing_by.join(), "the end"));
    standing_by = spawn(second.beat.run());
    ferry::run(sleep(20ms));
    standing_by.cancel();
    ferry::run(timeout(60s, standing_by.wait(), "the end"));
    EXPECT_TRUE(standing_by.cancelled());
    EXPECT_EQ(second.beat.sent(), 0U);
    first.beat.stop();
    ferry::run(leading.join());
    ferry::run(here_->purge(name_));
}

INSTANTIATE_TEST_SUITE_P(on, lease_contract, ::testing::ValuesIn(backends()),
                         [](const auto& row) { return row.param; });
INSTANTIATE_TEST_SUITE_P(on, beats_of_one_broker, ::testing::ValuesIn(backends()),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace ferry::tasks
