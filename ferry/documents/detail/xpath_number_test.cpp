#include "ferry/documents/detail/xpath_number.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ferry::xpath::detail {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(xpath_number, is_written_in_decimal_form_without_an_exponent)
{
    struct row {
        double number;
        const char* text;
    };
    for (const row& r : {
             row{0, "0"},
             row{-0.0, "0"},
             row{1, "1"},
             row{-17, "-17"},
             row{0.1, "0.1"},
             row{-0.5, "-0.5"},
             row{1.0 / 3, "0.3333333333333333"},
             row{1e15, "1000000000000000"},
             row{1e20, "100000000000000000000"},
             row{1e-7, "0.0000001"},
             row{123456789.125, "123456789.125"},
             row{nan, "NaN"},
             row{infinity, "Infinity"},
             row{-infinity, "-Infinity"},
         }) {
        SCOPED_TRACE(r.text);
        std::string out;
        append_number(out, r.number);
        EXPECT_EQ(out, r.text);
    }
    std::string longest;
    append_number(longest, std::numeric_limits<double>::denorm_min());
    append_number(longest, std::numeric_limits<double>::lowest());
    EXPECT_EQ(longest.find('e'), std::string::npos);
}

TEST(xpath_number, is_read_without_exponents_and_signs_of_plus)
{
    struct row {
        const char* text;
        double number;
    };
    for (const row& r : {
             row{"0", 0},
             row{"12", 12},
             row{" \t\r\n-12.50 ", -12.5},
             row{".5", 0.5},
             row{"5.", 5},
             row{"-.5", -0.5},
             row{"00012", 12},
             row{"123456789012345678901234567890", 123456789012345678901234567890.0},
             row{"0.1", 0.1},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(to_number(r.text), r.number);
    }
    for (const char* text : {"", " ", ".", "-", "-.", "+1", "1e3", "1 2", "--1", "- 1", "1.2.3",
                             "x", "0x10", "Infinity", "NaN", "1,5",
                             "\xC2\xA0"
                             "1"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(std::isnan(to_number(text)));
    }
    EXPECT_TRUE(std::signbit(to_number("-0")));
    EXPECT_EQ(to_number("9" + std::string(400, '9')), infinity);
    EXPECT_EQ(to_number("-1" + std::string(400, '0')), -infinity);
    EXPECT_EQ(to_number("0." + std::string(400, '0') + "1"), 0);
}

TEST(xpath_number, is_rounded_half_up_and_keeps_the_sign_of_zero)
{
    struct row {
        double from;
        double to;
    };
    for (const row& r : {
             row{2.5, 3},
             row{2.4, 2},
             row{-2.5, -2},
             row{-2.6, -3},
             row{0.5, 1},
             row{0.49999999999999994, 0},
             row{4503599627370497, 4503599627370497},
             row{infinity, infinity},
         }) {
        SCOPED_TRACE(r.from);
        EXPECT_EQ(round_half_up(r.from), r.to);
    }
    for (const double zero : {-0.5, -0.2, -0.0}) {
        SCOPED_TRACE(zero);
        EXPECT_EQ(round_half_up(zero), 0);
        EXPECT_TRUE(std::signbit(round_half_up(zero)));
    }
    EXPECT_FALSE(std::signbit(round_half_up(0.2)));
    EXPECT_TRUE(std::isnan(round_half_up(nan)));
}

}  // namespace
}  // namespace ferry::xpath::detail
