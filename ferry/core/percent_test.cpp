#include "ferry/core/percent.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(percent, encodes_as_quote)
{
    EXPECT_EQ(percent::encode("/a b~é%&"), "/a%20b~%C3%A9%25%26");
    EXPECT_EQ(percent::encode("/a&b", ""), "%2Fa%26b");
    EXPECT_EQ(percent::encode("a&b=c", "&="), "a&b=c");
    EXPECT_EQ(percent::encode_plus("a b+c/"), "a+b%2Bc%2F");
    EXPECT_EQ(percent::encode(std::string_view("\0\x7F", 2)), "%00%7F");
}

TEST(percent, decodes_what_it_can)
{
    EXPECT_EQ(percent::decode("a%20b%2f%C3%A9"), "a b/é");
    EXPECT_EQ(percent::decode("%zz%2"), "%zz%2");
    EXPECT_EQ(percent::decode("100%"), "100%");
    EXPECT_EQ(percent::decode("%%41"), "%A");
    EXPECT_EQ(percent::decode("a+b"), "a+b");
    EXPECT_EQ(percent::decode_plus("a+b%2B"), "a b+");
}

TEST(percent, the_sets_keep_what_is_encoded)
{
    std::string out;
    percent::append_encoded(out, "a%20 b\"é", percent::path);
    EXPECT_EQ(out, "a%20%20b%22%C3%A9");
}

}  // namespace
}  // namespace ferry
