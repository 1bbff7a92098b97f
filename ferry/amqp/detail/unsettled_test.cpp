#include "ferry/amqp/detail/unsettled.hpp"

#include <gtest/gtest.h>

namespace ferry::amqp::detail {
namespace {

TEST(amqp_unsettled, knows_what_waits)
{
    unsettled all;
    for (std::uint64_t tag = 1; tag <= 10; ++tag) all.add(tag);
    EXPECT_EQ(all.size(), 10U);
    all.settle(4, false);
    all.settle(4, false);
    EXPECT_EQ(all.size(), 9U);
    EXPECT_FALSE(all.contains(4));
    EXPECT_TRUE(all.contains(5));
    all.settle(6, true);
    EXPECT_EQ(all.size(), 4U);
    all.settle(3, false);
    all.settle(99, false);
    EXPECT_EQ(all.size(), 4U);
    all.settle(0, true);
    EXPECT_EQ(all.size(), 0U);
    all.add(12);
    EXPECT_TRUE(all.contains(12));
    all.clear();
    EXPECT_EQ(all.size(), 0U);
}

TEST(amqp_unsettled, one_that_waits_for_ever_holds_no_others)
{
    unsettled all;
    all.add(1);
    for (std::uint64_t tag = 2; tag < 100'000; ++tag) {
        all.add(tag);
        all.settle(tag, false);
        ASSERT_EQ(all.size(), 1U);
    }
    EXPECT_TRUE(all.contains(1));
}

TEST(amqp_unsettled, tags_that_do_not_grow_are_passed_over)
{
    unsettled all;
    for (const std::uint64_t tag : {5U, 5U, 3U, 0U, 6U}) all.add(tag);
    EXPECT_EQ(all.size(), 2U);
    all.settle(~std::uint64_t{0}, true);
    EXPECT_EQ(all.size(), 0U);
}

}  // namespace
}  // namespace ferry::amqp::detail
