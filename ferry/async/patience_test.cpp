#include "ferry/async/patience.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ferry {
namespace {

using namespace std::chrono_literals;

class patience_test : public ::testing::Test {
protected:
    /// Of those that have come one by one for as long, each after such a gap.
    patience::clock::duration after(patience::clock::duration passed, patience::clock::duration gap,
                                    std::size_t limit)
    {
        for (auto left = passed; left > 0s; left -= gap) all_.count(1, limit);
        now_ += passed;
        return all_.at(now_);
    }

    patience all_;
    patience::clock::time_point now_{1h};
};

TEST_F(patience_test, none_for_single_ones)
{
    EXPECT_EQ(all_.at(now_), 0s);
    EXPECT_EQ(after(100ms, 1ms, 10'000), 0s);
    EXPECT_EQ(after(5ms, 300us, 10'000), 0s);
}

TEST_F(patience_test, longest_for_a_stream)
{
    all_.at(now_);
    EXPECT_EQ(after(4ms, 10us, 10'000), 2ms);
    EXPECT_EQ(after(4ms, 200us, 10'000), 2ms);
    // It is what came before that counts, until there is enough of what comes now.
    now_ += 1ms;
    EXPECT_EQ(all_.at(now_), 1ms);
    now_ += 4ms;
    EXPECT_EQ(all_.at(now_), 0s);
}

TEST_F(patience_test, ends_with_a_tick)
{
    all_.at(now_);
    EXPECT_EQ(after(4ms, 10us, 10'000), 2ms);
    now_ += 1700us;
    EXPECT_EQ(all_.at(now_), 300us);
    EXPECT_EQ(patience::until_tick(now_), 300us);
    EXPECT_EQ(patience::until_tick(now_ + 300us), 2ms);
}

TEST_F(patience_test, as_long_as_a_quarter_of_what_may_be_under_way_takes)
{
    all_.at(now_);
    EXPECT_EQ(after(10ms, 10us, 400), 1ms);
    EXPECT_EQ(after(10ms, 10us, 40), 100us);
    // One that may have no more than 4 under way would wait for those that nobody sends.
    EXPECT_EQ(after(10ms, 10us, 4), 0s);
    EXPECT_EQ(after(10ms, 10us, 0), 0s);
    // The least of several holds, until it is gone.
    all_.count(0, 400);
    EXPECT_EQ(after(10ms, 10us, 10'000), 1ms);
    EXPECT_EQ(after(10ms, 10us, 10'000), 2ms);
}

TEST_F(patience_test, leaves_alone_what_ends_when_it_is_waited_for)
{
    all_.at(now_);
    int waits = 0;
    for (int look = 0; look < 1000; ++look) {
        const bool waited = all_.at(now_) != 0s;
        if (waited) ++waits;
        after(4ms, waited ? 2ms : 100us, 10'000);
    }
    EXPECT_GE(waits, 1000 / 65);
    EXPECT_LE(waits, 1000 / 65 + 8);
    // A stream that has gone on is waited for again at once.
    for (int look = 0; look < 70; ++look) after(4ms, 100us, 10'000);
    EXPECT_EQ(after(4ms, 100us, 10'000), 2ms);
    EXPECT_EQ(after(4ms, 2ms, 10'000), 0s);
    EXPECT_EQ(after(4ms, 100us, 10'000), 2ms);
}

TEST_F(patience_test, takes_any_count)
{
    constexpr auto huge = std::numeric_limits<std::size_t>::max();
    all_.count(huge / 2, huge);
    constexpr auto last = patience::clock::time_point::max();
    EXPECT_EQ(all_.at(last), patience::until_tick(last));
    EXPECT_GT(all_.at(last), 0s);
}

}  // namespace
}  // namespace ferry
