#include "ferry/http/detail/line_splitter.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::http::detail {
namespace {

std::vector<std::string> split(std::string_view text, std::size_t piece)
{
    std::vector<std::string> all;
    line_splitter s(100);
    while (!text.empty()) {
        s.feed(text.substr(0, piece));
        text.remove_prefix(std::min(piece, text.size()));
        while (const auto line = s.next()) all.emplace_back(*line);
    }
    if (const auto last = s.rest()) all.emplace_back(*last);
    return all;
}

TEST(line_splitter, cuts_at_every_kind_of_line_end)
{
    using lines = std::vector<std::string>;
    const struct {
        const char* text;
        lines wanted;
    } rows[] = {
        {"", {}},
        {"a", {"a"}},
        {"a\n", {"a"}},
        {"a\nb", {"a", "b"}},
        {"a\r\nb\rc\nd", {"a", "b", "c", "d"}},
        {"\n\r\n\r", {"", "", ""}},
        {"a\n\rb", {"a", "", "b"}},
        {"a\r\r\nb", {"a", "", "b"}},
        {"a\r\n", {"a"}},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.text);
        for (std::size_t piece = 1; piece < 6; ++piece) EXPECT_EQ(split(r.text, piece), r.wanted);
    }
}

TEST(line_splitter, ends_a_line_at_its_cr_without_waiting)
{
    line_splitter s(10);
    s.feed("a\r");
    EXPECT_EQ(s.next(), "a");
    s.feed("\n");
    EXPECT_FALSE(s.next());
    EXPECT_FALSE(s.rest());
}

TEST(line_splitter, has_a_limit)
{
    line_splitter s(10);
    s.feed("0123456789\n0123456789");
    EXPECT_EQ(s.next(), "0123456789");
    EXPECT_FALSE(s.next());
    s.feed("x");
    EXPECT_THROW(s.next(), limit_error);
    line_splitter whole(10);
    whole.feed("0123456789x\n");
    EXPECT_THROW(whole.next(), limit_error);
}

}  // namespace
}  // namespace ferry::http::detail
