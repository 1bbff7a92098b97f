#include "ferry/core/value.hpp"
#include "ferry/testing/program.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <sstream>
#include <string>

namespace ferry {
namespace {

value number_of(const std::string& text)
{
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    if (text.find_first_of(".e") != std::string::npos) return value{text}.to<double>();
    return value::integer(text);
}

std::string hex_of(const big_integer& n)
{
    std::string text;
    for (const auto b : n.to_bytes()) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[std::to_integer<unsigned>(b) >> 4U];
        text += digits[std::to_integer<unsigned>(b) & 15U];
    }
    return text.empty() ? "-" : text;
}

TEST(value_interop, numbers_are_ordered_kept_and_written_as_in_python)
{
    const auto ended =
        testing::run_program({FERRY_PYTHON, std::string{FERRY_INTEROP_DIR} + "/value_peer.py"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    std::istringstream lines(ended.out);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
        SCOPED_TRACE(line);
        std::istringstream words(line);
        std::string what;
        std::string a;
        std::string b;
        words >> what >> a >> b;
        if (what == "order") {
            int order = 0;
            words >> order;
            const value x = number_of(a);
            const value y = number_of(b);
            ASSERT_TRUE((x <=> y) == (order <=> 0));
            ASSERT_EQ(x == y, order == 0);
            if (order == 0) {
                ASSERT_EQ(x.hash(), y.hash());
            }
        } else if (what == "bytes") {
            const auto n = value::integer(a).as<big_integer>();
            ASSERT_EQ(hex_of(n), b);
            ASSERT_EQ(big_integer::from_bytes(n.to_bytes()), n);
        } else {
            const double x = std::strtod(a.c_str(), nullptr);
            ASSERT_EQ(value{x}.to<std::string>(), b);
            ASSERT_EQ(value{b}.to<double>(), x);
        }
    }
    EXPECT_GT(count, 1000U);
}

}  // namespace
}  // namespace ferry
