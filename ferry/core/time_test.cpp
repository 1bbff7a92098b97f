#include "ferry/core/time.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

const timestamp start = sys_days{std::chrono::year{2026} / 11 / 25};

TEST(iso8601, reads_what_python_writes_and_its_relatives)
{
    struct row {
        const char* text;
        timestamp utc;
        std::optional<std::chrono::seconds> offset;
    };
    for (const row& r : {
             row{"2026-11-25", start, std::nullopt},
             row{"20261125", start, std::nullopt},
             row{"2026-11-25T15:40", start + 15h + 40min, std::nullopt},
             row{"2026-11-25T15", start + 15h, std::nullopt},
             row{"2026-11-25 15:40:01", start + 15h + 40min + 1s, std::nullopt},
             row{"2026-11-25T15:40:01.5", start + 15h + 40min + 1500ms, std::nullopt},
             row{"2026-11-25T15:40:01,123456789", start + 15h + 40min + 1s + 123456us, {}},
             row{"2026-11-25T15:40:01.000001+00:00", start + 15h + 40min + 1s + 1us, 0s},
             row{"2026-11-25T15:40:01Z", start + 15h + 40min + 1s, 0s},
             row{"2026-11-25T00:30:00+01:00", start - 30min, 1h},
             row{"2026-11-25T00:30:00-0530", start + 6h, -(5h + 30min)},
             row{"20261125T154000+02", start + 13h + 40min, 2h},
             row{"2026-11-25T00:00+00:00:30", start - 30s, 30s},
         }) {
        SCOPED_TRACE(r.text);
        const iso8601::zoned_time got = iso8601::parse(r.text);
        EXPECT_EQ(got.utc, r.utc);
        EXPECT_EQ(got.offset, r.offset);
    }
}

TEST(iso8601, refuses_what_is_no_time)
{
    for (const char* text :
         {"", "2026", "2026-1-1", "2026-13-01", "2026-02-29", "0000-01-01", "2026-11-25T",
          "2026-11-25T24:00", "2026-11-25T15:60", "2026-11-25T15:40:60", "2026-11-25T15:40:01.",
          "2026-11-25T15:40+", "2026-11-25T15:40+25:00", "2026-11-25T15:40Zx", "2026-1125",
          "2026-11-25x15:40", "2026-W01-1", "-026-01-01"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(iso8601::try_parse(text));
        EXPECT_THROW(iso8601::parse(text), parse_error);
    }
}

TEST(iso8601, writes_as_isoformat)
{
    EXPECT_EQ(iso8601::format(start), "2026-11-25T00:00:00+00:00");
    EXPECT_EQ(iso8601::format(start + 1us), "2026-11-25T00:00:00.000001+00:00");
    EXPECT_EQ(iso8601::format(start, -90min), "2026-11-24T22:30:00-01:30");
    EXPECT_EQ(iso8601::format(timestamp{-1us}), "1969-12-31T23:59:59.999999+00:00");
}

TEST(http_date, reads_the_three_forms)
{
    const timestamp expected = sys_days{std::chrono::year{1994} / 11 / 6} + 8h + 49min + 37s;
    for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(http_date::parse(text), expected);
    }
    EXPECT_EQ(http_date::format(expected), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(http_date, a_two_digit_year_lies_at_most_50_years_ahead)
{
    const auto year_of = [](timestamp t) {
        return static_cast<int>(
            std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(t)}.year());
    };
    EXPECT_EQ(year_of(http_date::parse("Sunday, 06-Nov-76 08:49:37 GMT", start)), 2076);
    EXPECT_EQ(year_of(http_date::parse("Sunday, 06-Nov-77 08:49:37 GMT", start)), 1977);
}

TEST(http_date, refuses_what_is_no_date)
{
    for (const char* text :
         {"", "0", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
          "Sun, 6 Nov 1994 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
          "Sun, 06 Nov 1994 08:49:37 GMT ", "Sunday, 06-Nov-1994 08:49:37 GMT"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(http_date::try_parse(text));
        EXPECT_THROW(http_date::parse(text), parse_error);
    }
}

TEST(duration, reads_numbers_with_units)
{
    struct row {
        const char* text;
        std::chrono::nanoseconds expected;
    };
    for (const row& r :
         {row{"250ms", 250ms}, row{"24h", 24h}, row{"1.5s", 1500ms}, row{"1h30m", 90min},
          row{"0", 0s}, row{"7d", 168h}, row{"10us", 10us}, row{"3ns", 3ns}, row{"-2s", -2s},
          row{"0.000001s", 1us}, row{"1m30s", 90s}, row{"0.5us", 500ns}}) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(parse_duration(r.text), r.expected);
    }
}

TEST(duration, refuses_what_is_no_duration)
{
    for (const char* text : {"", "-", "5", "s", "5 s", "5x", "1s1h", "1s1s", "1.s", ".5s", "+5s",
                             "99999999999999999999s", "300000d", "10/s"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(try_parse_duration(text));
        EXPECT_THROW(parse_duration(text), parse_error);
    }
}

TEST(duration, prints_what_it_reads)
{
    for (const char* text : {"250ms", "1d", "1h30m", "1500us", "0s", "1ns", "-2s", "1d2h3m4s"}) {
        EXPECT_EQ(format_duration(parse_duration(text)), text);
    }
    EXPECT_EQ(format_duration(std::chrono::nanoseconds::min()), "-9223372036854775808ns");
}

}  // namespace
}  // namespace ferry
