#include "ferry/tasks/detail/roster.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using totals = std::map<std::string, std::uint64_t>;

void begin(roster& in, std::string task, std::string shadow = {})
{
    message m;
    m.task = std::move(task);
    m.shadow = std::move(shadow);
    const auto r = std::make_shared<request>(std::move(m), "q", 1, false);
    in.add({r});
    in.start(r);
    in.end(r);
}

TEST(roster, counts_a_task_under_the_name_that_is_shown)
{
    roster all;
    begin(all, "add");
    begin(all, "add", "sum");
    begin(all, "mul", "sum");
    EXPECT_EQ(all.totals(), (totals{{"add", 1}, {"sum", 2}}));
    EXPECT_EQ(all.total(), 3U);
}

TEST(roster, counts_no_more_names_than_it_can_keep)
{
    roster all;
    begin(all, "add", std::string(roster::longest_name + 1, 'x'));
    EXPECT_EQ(all.totals(), (totals{{"add", 1}}));
    begin(all, "add", std::string(roster::longest_name, 'x'));
    for (int i = 0; i < 3000; ++i) begin(all, "add", "made up " + std::to_string(i));
    begin(all, "add", "made up 0");
    begin(all, "mul", "yet another");
    EXPECT_EQ(all.totals().size(), roster::most_names + 1);
    EXPECT_EQ(all.totals().at("made up 0"), 2U);
    EXPECT_EQ(all.totals().at("mul"), 1U);
    EXPECT_EQ(all.total(), 3004U);
}

}  // namespace
}  // namespace ferry::tasks::detail
