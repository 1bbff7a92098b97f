#include "ferry/http/headers.hpp"

#include "ferry/http/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::http {
namespace {

using ::testing::ElementsAre;

TEST(headers, keep_order_and_duplicates_and_compare_names_without_case)
{
    const headers h("Accept", "text/html", "X-A", "1", "x-a", "2");
    EXPECT_EQ(h.get("ACCEPT"), "text/html");
    EXPECT_EQ(h["x-A"], "1");
    EXPECT_THAT(h.get_all("X-a"), ElementsAre("1", "2"));
    EXPECT_EQ(h.joined("x-a"), "1, 2");
    EXPECT_EQ(h.joined("none"), "");
    EXPECT_FALSE(h.get("none"));
    EXPECT_THROW(h["none"], lookup_error);
    std::string all;
    for (const auto [name, value] : h) all += std::string(name) + "=" + std::string(value) + ";";
    EXPECT_EQ(all, "Accept=text/html;X-A=1;x-a=2;");
}

TEST(headers, set_replaces_all_in_the_first_ones_place)
{
    headers h("A", "1", "B", "2", "a", "3");
    h.set("a", "4");
    EXPECT_EQ(h, headers("a", "4", "B", "2"));
    h.set("C", "5");
    EXPECT_EQ(h, headers("A", "4", "b", "2", "c", "5"));
    EXPECT_EQ(h.erase("B"), 1U);
    EXPECT_EQ(h.erase("B"), 0U);
    EXPECT_EQ(h.size(), 2U);
}

TEST(headers, a_view_into_the_same_headers_may_be_added)
{
    headers h("Name", std::string(100, 'v'));
    for (int i = 0; i < 10; ++i) h.add(h.get_all("Name").size() % 2 ? "Name" : "name", h["Name"]);
    for (const auto value : h.get_all("Name")) EXPECT_EQ(value, std::string(100, 'v'));
    EXPECT_EQ(h.size(), 11U);
}

TEST(headers, blanks_around_a_value_are_dropped)
{
    const headers h("A", " \t x y \t ", "B", "  ");
    EXPECT_EQ(h["A"], "x y");
    EXPECT_EQ(h["B"], "");
}

TEST(headers, reject_what_could_split_a_message)
{
    const struct {
        std::string_view name;
        std::string_view value;
    } rows[] = {
        {"", "x"},       {"A B", "x"},      {"A:", "x"},
        {"A\r\nB", "x"}, {"\xc3\xa9", "x"}, {"A", "x\r\nB: y"},
        {"A", "x\ny"},   {"A", "x\ry"},     {"A", std::string_view("x\0y", 3)},
        {"A", "x\x7f"},  {"A", "\x01"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(std::string(r.name) + ": " + std::string(r.value));
        headers h;
        try {
            h.add(r.name, r.value);
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_header);
            EXPECT_EQ(std::string_view(e.what()).find_first_of("\r\n"), std::string_view::npos);
        }
        EXPECT_TRUE(h.empty());
    }
}

TEST(headers, values_keep_bytes_above_0x7f)
{
    EXPECT_EQ(headers("A", "caf\xe9")["a"], "caf\xe9");
}

}  // namespace
}  // namespace ferry::http
