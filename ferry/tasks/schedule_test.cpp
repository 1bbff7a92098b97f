#include "ferry/tasks/schedule.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

timestamp at(std::string_view text)
{
    return iso8601::parse(text).utc;
}

std::string text_of(const std::optional<timestamp>& time)
{
    return time ? iso8601::format(*time) : "never";
}

std::string next(const schedule& s, std::string_view last, std::string_view zone = "UTC")
{
    return text_of(s.next(at(last), time_zone(zone)));
}

TEST(crontab, finds_the_next_minute_that_all_fields_allow)
{
    struct row {
        const char* fields;
        const char* last;
        const char* expected;
    };
    const std::vector<row> rows = {
        {"* * * * *", "2026-11-25T10:00:30", "2026-11-25T10:01:00+00:00"},
        {"* * * * *", "2026-11-25T10:01:00", "2026-11-25T10:02:00+00:00"},
        {"*/15 * * * *", "2026-11-25T10:59:59", "2026-11-25T11:00:00+00:00"},
        {"30 4 * * *", "2026-11-25T04:30:00", "2026-11-26T04:30:00+00:00"},
        {"0 22-2 * * *", "2026-11-25T23:30:00", "2026-11-26T00:00:00+00:00"},
        {"0 0 13 * fri", "2026-01-01", "2026-02-13T00:00:00+00:00"},
        {"0 12 * * fri-mon", "2026-11-25T13:00:00", "2026-11-27T12:00:00+00:00"},
        {"0 12 * * FRIDAY", "2026-11-25T13:00:00", "2026-11-27T12:00:00+00:00"},
        {"0 0 29 2 *", "2026-01-01", "2028-02-29T00:00:00+00:00"},
        {"0 0 29 2 mon", "2026-01-01", "2044-02-29T00:00:00+00:00"},
        {"0 0 31 */3 *", "2026-01-31", "2026-07-31T00:00:00+00:00"},
        {"5,10-20/5,59 0 1 jan *", "2026-01-01T00:15:00", "2026-01-01T00:20:00+00:00"},
        {"5,10-20/5,59 0 1 jan *", "2026-01-01T00:20:00", "2026-01-01T00:59:00+00:00"},
        {"0 0 30 2 *", "2026-01-01", "never"},
        {"*/99 * * * *", "2026-11-25T10:30:00", "2026-11-25T11:00:00+00:00"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(std::string(r.fields) + " after " + r.last);
        EXPECT_EQ(next(crontab(r.fields), r.last), r.expected);
    }
}

TEST(crontab, refuses_what_it_cannot_mean)
{
    for (const char* const fields : {"",
                                     "* * * *",
                                     "* * * * * *",
                                     "60 * * * *",
                                     "* 24 * * *",
                                     "* * 0 * *",
                                     "* * 32 * *",
                                     "* * * 13 *",
                                     "* * * 0 *",
                                     "* * * * 7",
                                     "* * * * fun",
                                     "* * * * mo",
                                     "-1 * * * *",
                                     "*/0 * * * *",
                                     "1- * * * *",
                                     "1,, * * * *",
                                     ", * * * *",
                                     "5/10 * * * *",
                                     "*5 * * * *",
                                     "99999999999 * * * *",
                                     "jan * * * *",
                                     "1-mon * * * *"}) {
        SCOPED_TRACE(fields);
        EXPECT_THROW(crontab{fields}, parse_error);
    }
    try {
        crontab().minute("5,61");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_STREQ(e.what(),
                     "crontab minute: a number beyond 0 to 59 in \"5,61\" (line 1 column 3)");
    }
}

TEST(crontab, has_fields_by_name)
{
    const auto s = crontab().minute(30).hour("4").day_of_week("sun");
    EXPECT_EQ(next(s, "2026-11-25"), "2026-11-29T04:30:00+00:00");
    EXPECT_EQ(s.text(), "crontab 30 4 * * sun");
}

// Berlin, 2026: 29 March 02:00 becomes 03:00, 25 October 03:00 becomes 02:00.
TEST(crontab, runs_once_in_a_skipped_hour_and_in_a_doubled_one)
{
    const crontab half_past_two("30 2 * * *");
    EXPECT_EQ(next(half_past_two, "2026-03-28T12:00:00", "Europe/Berlin"),
              "2026-03-29T01:00:00+00:00");
    EXPECT_EQ(next(half_past_two, "2026-03-29T01:00:00", "Europe/Berlin"),
              "2026-03-30T00:30:00+00:00");
    EXPECT_EQ(next(half_past_two, "2026-10-24T12:00:00", "Europe/Berlin"),
              "2026-10-25T00:30:00+00:00");
    EXPECT_EQ(next(half_past_two, "2026-10-25T00:30:00", "Europe/Berlin"),
              "2026-10-26T01:30:00+00:00");
}

TEST(crontab, goes_on_through_a_doubled_hour_if_it_is_due_at_every_hour)
{
    const crontab each_half_hour("*/30 * * * *");
    std::string last = "2026-10-24T23:50:00";
    std::vector<std::string> found;
    for (int i = 0; i < 6; ++i) {
        last = next(each_half_hour, last, "Europe/Berlin");
        found.push_back(last.substr(11, 5));
    }
    EXPECT_EQ(found,
              (std::vector<std::string>{"00:00", "00:30", "01:00", "01:30", "02:00", "02:30"}));
    last = "2026-03-29T00:20:00";
    found.clear();
    for (int i = 0; i < 3; ++i) {
        last = next(each_half_hour, last, "Europe/Berlin");
        found.push_back(last.substr(11, 5));
    }
    EXPECT_EQ(found, (std::vector<std::string>{"00:30", "01:00", "01:30"}));
}

TEST(every, counts_from_the_last_run)
{
    EXPECT_EQ(next(90s, "2026-11-25T10:00:30"), "2026-11-25T10:02:00+00:00");
    // The clocks do not matter.
    EXPECT_EQ(next(1h, "2026-03-29T00:30:00", "Europe/Berlin"), "2026-03-29T01:30:00+00:00");
    EXPECT_THROW(every(0ms), error);
    EXPECT_EQ(every(90min).text(), "every 1h30m");
}

TEST(every, goes_by_the_clock_if_it_is_relative)
{
    EXPECT_EQ(next(every(1h).relative(), "2026-11-25T10:40:00"), "2026-11-25T11:00:00+00:00");
    EXPECT_EQ(next(every(5min).relative(), "2026-11-25T10:40:20"), "2026-11-25T10:45:00+00:00");
    EXPECT_EQ(next(every(24h).relative(), "2026-11-25T10:40:00", "Europe/Berlin"),
              "2026-11-25T23:00:00+00:00");
    EXPECT_EQ(next(every(10s).relative(), "2026-11-25T10:40:03"), "2026-11-25T10:40:13+00:00");
}

// Almanac times for Berlin and Sydney on the day, to the minute.
TEST(solar, knows_when_the_sun_rises)
{
    const auto near = [](const solar& s, std::string_view last, std::string_view expected) {
        const auto found = s.next(at(last));
        ASSERT_TRUE(found);
        EXPECT_LE(std::chrono::abs(*found - at(expected)), 90s) << text_of(found);
    };
    near(solar("sunrise", 52.52, 13.405), "2026-06-21T00:00:00", "2026-06-21T02:43:00");
    near(solar("sunset", 52.52, 13.405), "2026-06-21T00:00:00", "2026-06-21T19:33:00");
    near(solar("solar_noon", 52.52, 13.405), "2026-06-21T00:00:00", "2026-06-21T11:08:10");
    near(solar("sunrise", -33.87, 151.21), "2026-12-21T12:00:00", "2026-12-21T18:41:00");
}

TEST(solar, passes_over_days_without_the_event)
{
    // Tromsø's sun does not rise between the end of November and the middle of January.
    const auto found = solar("sunrise", 69.65, 18.96).next(at("2026-12-10"));
    ASSERT_TRUE(found);
    EXPECT_GT(*found, at("2027-01-10"));
    EXPECT_LT(*found, at("2027-01-20"));
    EXPECT_FALSE(solar("dusk_astronomical", 90, 0).next(at("2026-06-21")) ==
                 std::optional(at("2026-06-21")));
    EXPECT_THROW(solar("sunrise", 91, 0), error);
    EXPECT_THROW(solar("sunrise", 0, 180.5), error);
    EXPECT_THROW(solar("moonrise", 0, 0), error);
    EXPECT_EQ(solar("sunset", 52.5, 13.4).text(), "solar sunset 52.5 13.4");
}

TEST(time_zone, is_found_by_name)
{
    EXPECT_EQ(time_zone().name(), "UTC");
    EXPECT_EQ(time_zone("America/New_York").offset_at(at("2026-07-01")), -4h);
    for (const char* const name : {"Mars/Phobos", "", "Europe/Berlin ", "\xff"}) {
        EXPECT_THROW(time_zone{name}, error) << name;
    }
}

}  // namespace
}  // namespace ferry::tasks
