#include "ferry/tasks/beat_plan.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

TEST(beat_plan, says_what_is_called_and_when)
{
    const beat_plan plan = parse_beat_plan(R"(
timezone = "Europe/Berlin"
[a]
task = "shop.tidy"
crontab = "0 4 * * fri"
[b]
task = "shop.poll"
every = "5m"
relative = true
args = ["orders", 1, 2.5, [true]]
kwargs = {deep = {er = "x"}}
queue = "fast"
priority = 3
expires = "30s"
[c]
task = "shop.light"
solar = " sunset  52.52 13.40 "
)",
                                           "beat.toml");
    EXPECT_EQ(plan.zone.name(), "Europe/Berlin");
    ASSERT_EQ(plan.calls.size(), 3U);
    EXPECT_EQ(plan.calls[0].name, "a");
    EXPECT_EQ(plan.calls[0].when.text(), "crontab 0 4 * * fri");
    const periodic_call& poll = plan.calls[1];
    EXPECT_EQ(poll.when.text(), "every 5m relative");
    EXPECT_EQ(poll.call.message.task, "shop.poll");
    EXPECT_EQ(poll.call.message.args, value::array("orders", 1, 2.5, value::array(true)));
    EXPECT_EQ(poll.call.message.kwargs, value::object("deep", value::object("er", "x")));
    EXPECT_EQ(poll.call.queue, "fast");
    EXPECT_EQ(poll.call.message.priority, 3);
    EXPECT_EQ(poll.call.expires_in, 30s);
    EXPECT_EQ(plan.calls[2].when.text(), "solar sunset 52.52 13.4");
    EXPECT_TRUE(parse_beat_plan("", "beat.toml").calls.empty());
}

TEST(beat_plan, names_the_place_of_what_is_wrong)
{
    struct row {
        const char* text;
        const char* expected;  ///< how the error begins
    };
    const std::vector<row> rows = {
        {"[a", "b.toml:1:3: "},
        {"x = 1", "b.toml:1:5: x is not timezone, and no table"},
        {"timezone = 'Mars'", "b.toml:1:12: no time zone is named Mars"},
        {"timezone = 1", "b.toml:1:12: timezone must be a text"},
        {"[a]\nevery = '5s'", "b.toml:1:1: a has no task"},
        {"[a]\ntask = 'x'", "b.toml:1:1: a has none of crontab, every and solar"},
        {"[a]\ntask = 'x'\nevery = '5s'\nsolar = 'sunset 1 2'", "b.toml:4:9: an entry has one of"},
        {"[a]\ntask = 'x'\ncrontab = '61 * * * *'", "b.toml:3:11: crontab minute: a number beyond"},
        {"[a]\ntask = 'x'\nevery = 'often'", "b.toml:3:9: "},
        {"[a]\ntask = 'x'\nevery = '0s'", "b.toml:3:9: an interval must be above zero"},
        {"[a]\ntask = 'x'\nsolar = 'sunset 1'", "b.toml:3:9: solar is an event, a latitude"},
        {"[a]\ntask = 'x'\nsolar = 'sunset 1 2x'", "b.toml:3:9: 2x is no number of degrees"},
        {"[a]\ntask = 'x'\ncrontab = '* * * * *'\nrelative = true",
         "b.toml:4:12: relative is true or false"},
        {"[a]\ntask = 'x'\nevery = '5s'\npriority = 10", "b.toml:4:12: priority is 0 to 9"},
        {"[a]\ntask = 'x'\nevery = '5s'\nargs = 5", "b.toml:4:8: args is unknown here"},
        {"[a]\ntask = 'x'\nevery = '5s'\nqueu = 'q'", "b.toml:4:8: queu is unknown here"},
        {"[a]\ntask = 'x'\nevery = '5s'\nargs = [2026-11-25]",
         "b.toml:4:9: dates and times are written as texts"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.text);
        try {
            parse_beat_plan(r.text, "b.toml");
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(std::string(e.what()).substr(0, std::string_view(r.expected).size()),
                      r.expected);
        }
    }
    EXPECT_THROW(read_beat_plan("/nowhere/beat.toml"), error);
}

}  // namespace
}  // namespace ferry::tasks
