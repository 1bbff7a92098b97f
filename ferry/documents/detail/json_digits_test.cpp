#include "ferry/documents/detail/json_digits.hpp"

#include "ferry/documents/detail/json_number.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace ferry::json {
namespace {

std::string written(double n)
{
    char buffer[max_real];
    return {buffer, put_real(buffer, n)};
}

std::string written(std::int64_t n)
{
    char buffer[max_integer];
    return {buffer, put_integer(buffer, n)};
}

/// Python's repr by the standard library, whose shortest digits are known to be right.
std::string expected(double n)
{
    char buffer[64];
    const double magnitude = std::fabs(n);
    const bool plain = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    std::string text{buffer, std::to_chars(buffer, std::end(buffer), n, format).ptr};
    if (plain && text.find('.') == std::string::npos) text += ".0";
    return text;
}

double read(const std::string& text)
{
    const char* const end = text.data() + text.size();
    const scanned_number n = scan_number(text.data(), end);
    EXPECT_EQ(n.end, end);
    return to_double(n, text.data());
}

void check(double n)
{
    const std::string text = written(n);
    ASSERT_EQ(text, expected(n));
    ASSERT_EQ(std::bit_cast<std::uint64_t>(read(text)), std::bit_cast<std::uint64_t>(n)) << text;
}

TEST(json_digits, reals_are_the_shortest_that_read_back)
{
    std::mt19937_64 random(1);
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t bits = random();
        const auto any = std::bit_cast<double>(bits);
        if (std::isfinite(any)) check(any);
        // Powers of two and their neighbours, where the interval is not symmetric.
        const std::uint64_t near = (bits & 0xFFF0000000000000U) + random() % 3 - 1;
        if (std::isfinite(std::bit_cast<double>(near))) check(std::bit_cast<double>(near));
        // Short decimals, as people write them.
        check(static_cast<double>(bits % 2'000'000'000) / 1e6);
        check(static_cast<double>(bits % 100'000) *
              std::pow(10, static_cast<int>(bits >> 59U) - 16));
        if (HasFatalFailure()) return;
    }
    for (const double n : {0.0, 1.0, 0.1, 1e15, 1e16, 9007199254740991.0, 9007199254740993.0, 1e-4,
                           9.9999e-5, 1234567890123456.5, 123456789012345.25, 5e-324, 2.5e-323,
                           2.2250738585072014e-308, 1.7976931348623157e308, 1e22, 1e23}) {
        check(n);
        check(-n);
    }
}

TEST(json_digits, integers_of_every_length)
{
    std::mt19937_64 random(2);
    for (int i = 0; i < 100'000; ++i) {
        const auto n = static_cast<std::int64_t>(random() >> (random() % 64));
        ASSERT_EQ(written(n), std::to_string(n));
        ASSERT_EQ(written(-n), std::to_string(-n));
    }
    for (std::int64_t ten = 1; ten < 1'000'000'000'000'000'000; ten *= 10) {
        for (const std::int64_t n : {ten - 1, ten, ten + 1}) {
            ASSERT_EQ(written(n), std::to_string(n));
        }
    }
    const std::int64_t least = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(written(least), std::to_string(least));
}

TEST(json_number, reads_what_the_standard_library_reads)
{
    std::mt19937_64 random(3);
    for (int i = 0; i < 100'000; ++i) {
        std::string text = std::to_string(random() >> (random() % 64));
        if (random() % 3 == 0) text += std::to_string(random());
        if (random() % 2 == 0) text.insert(1 + random() % text.size(), ".");
        if (text.back() == '.') text += '0';
        if (random() % 2 == 0) text += "e" + std::to_string(static_cast<int>(random() % 700) - 350);
        if (text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') continue;
        double right = 0;
        const auto problem = std::from_chars(text.data(), text.data() + text.size(), right).ec;
        if (problem != std::errc{}) continue;
        ASSERT_EQ(std::bit_cast<std::uint64_t>(read(text)), std::bit_cast<std::uint64_t>(right))
            << text;
    }
}

TEST(json_number, rounds_ties_to_even)
{
    struct row {
        const char* text;
        double number;
    };
    for (const row& r : {
             row{"9007199254740993.0", 9007199254740992.0},
             row{"9007199254740995e0", 9007199254740996.0},
             row{"900719925474099.3e1", 9007199254740992.0},
             row{"9007199254740993.0000001", 9007199254740994.0},
             row{"18014398509481986.0", 18014398509481984.0},
             row{"2.2250738585072011e-308", 2.2250738585072011e-308},
             row{"2.4703282292062327e-324", 0.0},
             row{"2.4703282292062328e-324", 5e-324},
             row{"1.7976931348623158e308", 1.7976931348623157e308},
             row{"1.7976931348623159e308", std::numeric_limits<double>::infinity()},
             row{"0.000e400", 0.0},
             row{"0e999999999999999999999", 0.0},
             row{"1e-999999999999999999999", 0.0},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(read(r.text), r.number);
    }
}

}  // namespace
}  // namespace ferry::json
