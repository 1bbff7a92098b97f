#include "ferry/core/big_integer.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ferry {
namespace {

std::string hex(const std::vector<std::byte>& data)
{
    std::string text;
    for (const auto b : data) {
        constexpr const char* digits = "0123456789abcdef";
        text += digits[std::to_integer<unsigned>(b) >> 4U];
        text += digits[std::to_integer<unsigned>(b) & 15U];
    }
    return text;
}

TEST(big_integer, writes_twos_complement_as_pickle_does)
{
    struct row {
        const char* decimal;
        const char* little_endian;
    };
    for (const row& r : {
             row{"0", ""},
             row{"1", "01"},
             row{"-1", "ff"},
             row{"127", "7f"},
             row{"128", "8000"},
             row{"-128", "80"},
             row{"-129", "7fff"},
             row{"255", "ff00"},
             row{"-256", "00ff"},
             row{"-549755813888", "0000000080"},
             row{"4294967296", "0000000001"},
             row{"-4294967296", "00000000ff"},
             row{"9223372036854775808", "000000000000008000"},
             row{"-9223372036854775808", "0000000000000080"},
             row{"-9223372036854775809", "ffffffffffffff7fff"},
             row{"18446744073709551616", "000000000000000001"},
         }) {
        SCOPED_TRACE(r.decimal);
        const auto n = big_integer::try_parse(r.decimal);
        ASSERT_TRUE(n);
        EXPECT_EQ(n->to_string(), r.decimal);
        EXPECT_EQ(hex(n->to_bytes()), r.little_endian);
        EXPECT_EQ(big_integer::from_bytes(n->to_bytes()), *n);
    }
}

TEST(big_integer, reads_bytes_that_are_longer_than_needed)
{
    const std::vector<std::byte> data(20, std::byte{0xFF});
    EXPECT_EQ(big_integer::from_bytes(data).to_string(), "-1");
}

TEST(big_integer, refuses_what_is_no_integer)
{
    for (const char* text : {"", "-", "+1", "1.0", " 1", "1 ", "0x1", "1e3"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(big_integer::try_parse(text));
    }
    EXPECT_EQ(big_integer::try_parse("-000")->to_string(), "0");
}

TEST(big_integer, orders)
{
    const char* const ordered[] = {"-100000000000000000000", "-9", "0", "9", "18446744073709551615",
                                   "100000000000000000000"};
    for (std::size_t i = 0; i < std::size(ordered); ++i) {
        for (std::size_t k = 0; k < std::size(ordered); ++k) {
            EXPECT_TRUE((*big_integer::try_parse(ordered[i]) <=>
                         *big_integer::try_parse(ordered[k])) == (i <=> k));
        }
    }
}

TEST(big_integer, narrows_only_what_fits)
{
    EXPECT_EQ(big_integer{INT64_MIN}.to_int64(), INT64_MIN);
    EXPECT_EQ(big_integer::of_unsigned(UINT64_MAX).to_uint64(), UINT64_MAX);
    EXPECT_FALSE(big_integer::of_unsigned(UINT64_MAX).to_int64());
    EXPECT_FALSE(big_integer{-1}.to_uint64());
    EXPECT_EQ(big_integer::try_parse("100000000000000000000")->to_double(), 1e20);
    EXPECT_TRUE(std::isinf(big_integer::try_parse(std::string(400, '9'))->to_double()));
}

}  // namespace
}  // namespace ferry
