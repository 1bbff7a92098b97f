#include "ferry/tasks/detail/settled_tags.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace ferry::tasks::detail {
namespace {

TEST(settled_tags, are_told_together_up_to_the_first_that_is_not)
{
    struct row {
        const char* name;
        std::vector<std::uint64_t> settled;
        std::uint64_t through;
    };
    const row rows[] = {
        {"none", {}, 0},
        {"the first", {1}, 1},
        {"not the first", {2, 3}, 0},
        {"a gap", {1, 2, 4}, 2},
        {"a gap that closes", {1, 2, 4, 5, 3}, 5},
        {"backwards", {5, 4, 3, 2, 1}, 5},
        {"one twice", {1, 1, 2, 2}, 2},
        {"one of a run again", {1, 2, 3, 2, 5, 5, 4}, 5},
        {"from both sides", {1, 3, 5, 4, 2}, 5},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        settled_tags tags;
        for (const std::uint64_t tag : r.settled) tags.add(tag);
        EXPECT_EQ(tags.through(), r.through);
        tags.clear();
        EXPECT_EQ(tags.through(), 0U);
    }
}

TEST(settled_tags, never_pass_over_one_that_is_held)
{
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        std::vector<std::uint64_t> order(200);
        std::iota(order.begin(), order.end(), 1);
        std::ranges::shuffle(order, random);
        settled_tags tags;
        std::vector<bool> done(order.size() + 2);
        for (const std::uint64_t tag : order) {
            tags.add(tag);
            done[tag] = true;
            const auto held = std::find(done.begin() + 1, done.end(), false);
            ASSERT_EQ(tags.through(), static_cast<std::uint64_t>(held - done.begin() - 1));
        }
    }
}

}  // namespace
}  // namespace ferry::tasks::detail
