#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace ferry {
namespace {

TEST(error, code_maps_to_what_the_caller_can_do)
{
    const error e{errc::malformed, "bad"};
    EXPECT_EQ(e.code(), condition::bad_input);
    EXPECT_NE(e.code(), condition::timed_out);
}

TEST(error, system_codes_map_too)
{
    struct row {
        const char* name;
        int number;
        condition expected;
    };
    for (const row& r : {
             row{"refused", ECONNREFUSED, condition::disconnected},
             row{"reset", ECONNRESET, condition::disconnected},
             row{"timed out", ETIMEDOUT, condition::timed_out},
             row{"no file", ENOENT, condition::not_found},
             row{"no permission", EACCES, condition::denied},
             row{"disk full", ENOSPC, condition::overloaded},
         }) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(system_failure(r.number, "x").code(), r.expected);
        EXPECT_NE(system_failure(r.number, "x").code(), condition::unsupported);
    }
}

TEST(error, context_reads_outside_in)
{
    error e{errc::truncated, "3 bytes missing"};
    e.add_context("GET http://a/");
    EXPECT_STREQ(e.what(), "GET http://a/: 3 bytes missing");
}

TEST(error, a_copy_keeps_its_message_when_context_is_added)
{
    error e{errc::truncated, "cut"};
    const error copy = e;
    e.add_context("read");
    EXPECT_STREQ(copy.what(), "cut");
}

TEST(parse_error, carries_position)
{
    const parse_error e{errc::malformed, "expected ','", {.offset = 9, .line = 2, .column = 3}};
    EXPECT_EQ(e.where().line, 2U);
    EXPECT_STREQ(e.what(), "expected ',' (line 2 column 3)");
}

TEST(position_of, counts_code_points)
{
    const auto where = position_of("a\n\xC3\xA9x", 4);
    EXPECT_EQ(where.line, 2U);
    EXPECT_EQ(where.column, 2U);
}

TEST(limit_error, names_the_limit)
{
    EXPECT_STREQ(limit_error("max_depth", 10).what(), "limit max_depth = 10 exceeded");
}

TEST(timeout_error, says_what_was_awaited_and_for_how_long)
{
    EXPECT_STREQ(timeout_error("connect a:1", std::chrono::seconds{2}).what(),
                 "connect a:1: no answer within 2 s");
}

TEST(cancelled, is_not_an_error)
{
    bool passed_by = false;
    try {
        try {
            throw cancelled();
        } catch (const std::exception&) {
            FAIL() << "cancelled must not be taken for an error";
        }
    } catch (const cancelled&) {
        passed_by = true;
    }
    EXPECT_TRUE(passed_by);
    EXPECT_EQ(describe(std::make_exception_ptr(cancelled())), "cancelled");
}

}  // namespace
}  // namespace ferry
