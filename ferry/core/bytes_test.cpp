#include "ferry/core/bytes.hpp"

#include "ferry/core/buffer.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(bytes, views_and_copies_of_text_round_trip)
{
    const std::string_view text{"a\0b\xFF", 4};
    EXPECT_EQ(as_text(as_bytes(text)), text);
    EXPECT_EQ(to_string(to_bytes(text)), text);
    bytes out = to_bytes("x");
    append(out, text);
    EXPECT_EQ(as_text(out), std::string_view("xa\0b\xFF", 5));
}

TEST(bytes, resize_with_a_value_fills)
{
    bytes b;
    b.resize(3, std::byte{7});
    EXPECT_EQ(b, bytes(3, std::byte{7}));
}

TEST(buffer, takes_over_memory_without_a_copy)
{
    bytes data = to_bytes(std::string(1000, 'x'));
    const std::byte* where = data.data();
    const buffer b = std::move(data);
    EXPECT_EQ(b.data(), where);
    EXPECT_EQ(b.size(), 1000U);
}

TEST(buffer, a_slice_shares_memory_and_outlives_the_whole)
{
    buffer part;
    {
        const buffer whole = std::string("hello, world, this is a long text");
        part = whole.slice(7, 5);
        EXPECT_EQ(part.data(), whole.data() + 7);
    }
    EXPECT_EQ(part.text(), "world");
}

TEST(buffer, a_slice_outside_is_cut_as_in_python)
{
    const buffer b = std::string("abc");
    EXPECT_EQ(b.slice(1).text(), "bc");
    EXPECT_EQ(b.slice(2, 100).text(), "c");
    EXPECT_TRUE(b.slice(9, 1).empty());
    EXPECT_TRUE(buffer{}.slice(0, 1).empty());
}

TEST(buffer, compares_by_content)
{
    EXPECT_EQ(buffer::copy("abc"), buffer::copy("xabc").slice(1));
    EXPECT_NE(buffer::copy("abc"), buffer::copy("abd"));
}

}  // namespace
}  // namespace ferry
