#include "ferry/core/url_query.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using pairs = std::vector<query_pairs::pair>;

TEST(query_pairs, parses_whatever_comes)
{
    struct row {
        const char* text;
        pairs expected;
    };
    for (const row& r : {
             row{"", {}},
             row{"a=1&b=2", {{"a", "1"}, {"b", "2"}}},
             row{"a=1&a=2", {{"a", "1"}, {"a", "2"}}},
             row{"&&a&=b&c=", {{"a", ""}, {"", "b"}, {"c", ""}}},
             row{"a=b=c", {{"a", "b=c"}}},
             row{"q=caf%C3%A9+%26&%zz", {{"q", "café &"}, {"%zz", ""}}},
             row{"q=%FF", {{"q", "\uFFFD"}}},
             row{"?a=1", {{"?a", "1"}}},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(query_pairs::parse(r.text), query_pairs{r.expected});
    }
}

TEST(query_pairs, writes_what_it_parses)
{
    const query_pairs all{{{"a b", "é&="}, {"x", ""}, {"", "*~"}}};
    EXPECT_EQ(all.to_string(), "a+b=%C3%A9%26%3D&x=&=*%7E");
    EXPECT_EQ(query_pairs::parse(all.to_string()), all);
}

TEST(query_pairs, set_replaces_the_first_and_drops_the_rest)
{
    query_pairs q = query_pairs::parse("a=1&b=2&a=3");
    q.set("a", "x");
    q.set("c", "y");
    EXPECT_EQ(q.to_string(), "a=x&b=2&c=y");
    EXPECT_EQ(q.erase("b"), 1U);
    EXPECT_EQ(q.find("a"), "x");
    EXPECT_EQ(q.find("b"), std::nullopt);
    EXPECT_EQ(query_pairs::parse("a=1&a=2").all("a"), (std::vector<std::string_view>{"1", "2"}));
}

}  // namespace
}  // namespace ferry
