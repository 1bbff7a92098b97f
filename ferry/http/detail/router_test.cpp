#include "ferry/http/detail/router.hpp"

#include "ferry/core/error.hpp"
#include "ferry/http/detail/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::http::detail {
namespace {

using ::testing::ElementsAre;

// "3 id=7" for the handler and the parameters of a path; "none".
std::string route(const router& r, std::string_view target)
{
    const auto found = r.find(parse_target(target).segments);
    if (!found) return "none";
    std::string text = std::to_string(found->methods->begin()->second);
    for (const auto& [name, value] : found->parameters) text += " " + name + "=" + value;
    return text;
}

TEST(router, prefers_literal_to_integer_to_name_to_rest)
{
    router r;
    r.add("GET", "/", 0);
    r.add("GET", "/tasks", 1);
    r.add("GET", "/tasks/", 2);
    r.add("GET", "/tasks/{id:int}", 3);
    r.add("GET", "/tasks/{name}", 4);
    r.add("GET", "/tasks/new", 5);
    r.add("GET", "/tasks/{id:int}/log", 6);
    r.add("GET", "/files/{rest:path}", 7);
    const struct {
        const char* target;
        const char* expected;
    } rows[] = {
        {"/", "0"},
        {"/tasks", "1"},
        {"/tasks?x=/y", "1"},
        {"/tasks/", "2"},
        {"/tasks/7", "3 id=7"},
        {"/tasks/-7", "3 id=-7"},
        {"/tasks/7a", "4 name=7a"},
        {"/tasks/caf%C3%A9%2Fx", "4 name=caf\xc3\xa9/x"},
        {"/tasks/new", "5"},
        {"/tasks/7/log", "6 id=7"},
        {"/tasks/x/log", "none"},
        {"/tasks/7/", "none"},
        {"/files/", "7 rest="},
        {"/files/a/b", "7 rest=a/b"},
        {"/files", "none"},
        {"/Tasks", "none"},
        {"http://any.host/tasks/7", "3 id=7"},
        {"http://any.host", "0"},
        {"*", "none"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.target);
        EXPECT_EQ(route(r, row.target), row.expected);
    }
}

TEST(router, refuses_bad_and_doubled_patterns)
{
    router r;
    r.add("GET", "/a/{id}", 0);
    r.add("POST", "/a/{id}", 0);
    for (const char* pattern : {"a", "", "/a/{id}", "/b/{id:float}", "/b/x{id}", "/b/{:int}",
                                "/b/{x:path}/c", "/a/{no}"}) {
        SCOPED_TRACE(pattern);
        EXPECT_THROW(r.add("GET", pattern, 1), error);
    }
}

TEST(target, hostile_ones_are_refused)
{
    for (const char* target :
         {"/a/../b", "/..", "/%2e%2e/etc/passwd", "/.%2E/x", "/a/./b", "/a%00b", "/%", "/%zz",
          "/%f", "/%ff", "/%c0%ae", "a/b", "ftp://x/y", "javascript:alert(1)", "**"}) {
        SCOPED_TRACE(target);
        try {
            parse_target(target);
            ADD_FAILURE() << "accepted";
        } catch (const problem& e) {
            EXPECT_EQ(e.status(), 400);
        }
    }
}

TEST(target, is_split_and_decoded)
{
    const auto t = parse_target("/a%20b/%2F/?x=%20&y#z");
    EXPECT_THAT(t.segments, ElementsAre("a b", "/", ""));
    EXPECT_EQ(t.text, "/a b///");
    EXPECT_EQ(t.query, "x=%20&y");
}

}  // namespace
}  // namespace ferry::http::detail
