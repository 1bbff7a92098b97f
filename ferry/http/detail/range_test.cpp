#include "ferry/http/detail/range.hpp"

#include <gtest/gtest.h>

namespace ferry::http::detail {
namespace {

using answer = range_request::answer;

TEST(range, headers_are_read_by_rfc_9110)
{
    const struct {
        const char* header;
        answer kind;
        std::vector<byte_range> ranges;
    } rows[] = {
        {"bytes=0-0", answer::parts, {{0, 1}}},
        {"bytes=0-99", answer::parts, {{0, 100}}},
        {"bytes=0-1000", answer::parts, {{0, 100}}},
        {"bytes=90-", answer::parts, {{90, 10}}},
        {"bytes=-10", answer::parts, {{90, 10}}},
        {"bytes=-1000", answer::parts, {{0, 100}}},
        {"Bytes=1-2", answer::parts, {{1, 2}}},
        {"bytes=0-1, 5-6 , -1", answer::parts, {{0, 2}, {5, 2}, {99, 1}}},
        {"bytes=5-6,0-1", answer::parts, {{5, 2}, {0, 2}}},
        {"bytes=0-1,200-300", answer::parts, {{0, 2}}},
        {"bytes=100-", answer::unsatisfiable, {}},
        {"bytes=-0", answer::unsatisfiable, {}},
        {"bytes=200-300,400-", answer::unsatisfiable, {}},
        {"bytes=2-1", answer::whole, {}},
        {"bytes=", answer::whole, {}},
        {"bytes=-", answer::whole, {}},
        {"bytes=a-b", answer::whole, {}},
        {"bytes=1", answer::whole, {}},
        {"bytes=0--1", answer::whole, {}},
        {"bytes=99999999999999999999-", answer::whole, {}},
        {"lines=1-2", answer::whole, {}},
        {"bytes=0-50,40-60", answer::whole, {}},
        {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,"
         "30-30,32-32",
         answer::whole,
         {}},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.header);
        const auto asked = parse_range(r.header, 100);
        EXPECT_EQ(asked.kind, r.kind);
        EXPECT_EQ(asked.ranges, r.ranges);
    }
    EXPECT_EQ(parse_range("bytes=0-", 0).kind, answer::unsatisfiable);
}

TEST(precondition, are_weighed_in_the_order_of_rfc_9110)
{
    const std::string same_date = "Sun, 06 Nov 1994 08:49:37 GMT";
    const std::string before = "Sun, 06 Nov 1994 08:49:36 GMT";
    const validators now{"\"a\"", http_date::parse(same_date) + std::chrono::milliseconds(300)};
    const struct {
        const char* name;
        headers fields;
        bool get;
        precondition expected;
    } rows[] = {
        {"none", headers(), true, precondition::proceed},
        {"tag", headers("If-None-Match", "\"b\", W/\"a\""), true, precondition::not_modified},
        {"other tag", headers("If-None-Match", "\"b\""), true, precondition::proceed},
        {"star", headers("If-None-Match", "*"), true, precondition::not_modified},
        {"PUT if new", headers("If-None-Match", "*"), false, precondition::failed},
        {"date", headers("If-Modified-Since", same_date), true, precondition::not_modified},
        {"older", headers("If-Modified-Since", before), true, precondition::proceed},
        {"bad date", headers("If-Modified-Since", "yesterday"), true, precondition::proceed},
        {"tag before date", headers("If-None-Match", "\"b\"", "If-Modified-Since", same_date), true,
         precondition::proceed},
        {"match", headers("If-Match", "\"a\""), false, precondition::proceed},
        {"weak match", headers("If-Match", "W/\"a\""), false, precondition::failed},
        {"no match", headers("If-Match", "\"b\""), false, precondition::failed},
        {"unmodified", headers("If-Unmodified-Since", same_date), false, precondition::proceed},
        {"modified", headers("If-Unmodified-Since", before), false, precondition::failed},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(check_preconditions(r.fields, r.get, now), r.expected);
    }
    EXPECT_TRUE(if_range_holds(headers(), now));
    EXPECT_TRUE(if_range_holds(headers("If-Range", "\"a\""), now));
    EXPECT_FALSE(if_range_holds(headers("If-Range", "W/\"a\""), now));
    EXPECT_TRUE(if_range_holds(headers("If-Range", same_date), now));
    EXPECT_FALSE(if_range_holds(headers("If-Range", before), now));
}

}  // namespace
}  // namespace ferry::http::detail
