#include "ferry/core/utf8.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using namespace std::string_literals;

TEST(utf8, validates_and_repairs_as_the_standard_does)
{
    struct row {
        std::string text;
        std::size_t invalid_at;
        std::string repaired;
    };
    constexpr auto none = std::string_view::npos;
    for (const row& r : {
             row{"", none, ""},
             row{"plain", none, "plain"},
             row{"caf\xC3\xA9", none, "caf\xC3\xA9"},
             row{"\xF0\x9F\x98\x80", none, "\xF0\x9F\x98\x80"},
             row{"a\0b"s, none, "a\0b"s},
             row{"\xC0\xAF", 0, "\uFFFD\uFFFD"},
             row{"a\x80z", 1, "a\uFFFDz"},
             row{"\xED\xA0\x80", 0, "\uFFFD\uFFFD\uFFFD"},
             row{"\xE2\x82", 0, "\uFFFD"},
             row{"\xE2\x82x", 0, "\uFFFDx"},
             row{"\xF0\x9F\x98 \xF0\x9F\x98", 0, "\uFFFD \uFFFD"},
             row{"\xF4\x90\x80\x80", 0, "\uFFFD\uFFFD\uFFFD\uFFFD"},
             row{"\xF5x\xFF", 0, "\uFFFDx\uFFFD"},
             row{"\xE0\x80\x80", 0, "\uFFFD\uFFFD\uFFFD"},
             row{std::string(40, 'a') + "\xFF", 40, std::string(40, 'a') + "\uFFFD"},
         }) {
        SCOPED_TRACE(r.repaired);
        EXPECT_EQ(utf8::find_invalid(r.text), r.invalid_at);
        EXPECT_EQ(utf8::valid(r.text), r.invalid_at == none);
        EXPECT_EQ(utf8::repair(r.text), r.repaired);
    }
}

TEST(utf8, every_code_point_round_trips)
{
    std::string text;
    for (char32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1U : 0x101U) {
        if (c >= 0xD800 && c <= 0xDFFF) continue;
        text.clear();
        utf8::append(text, c);
        const utf8::decoded step = utf8::decode(text);
        ASSERT_TRUE(step.valid);
        ASSERT_EQ(step.code_point, c);
        ASSERT_EQ(step.size, text.size());
    }
}

TEST(utf8, finds_the_surrogates_of_wtf8)
{
    for (char32_t c = 0xD000; c < 0xE100; ++c) {
        const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        std::string text = "a";
        if (surrogate) {
            utf8::append_surrogate(text, static_cast<char16_t>(c));
        } else {
            utf8::append(text, c);
        }
        ASSERT_EQ(text.size(), 4U);
        ASSERT_EQ(utf8::surrogate_at(text, 1).value_or(0), surrogate ? c : 0);
        ASSERT_FALSE(utf8::surrogate_at(text, 0));
        ASSERT_FALSE(utf8::surrogate_at(text.substr(0, 3), 1));
    }
    EXPECT_FALSE(utf8::surrogate_at("\xED\xA0z", 0));
    EXPECT_FALSE(utf8::surrogate_at("\xED\xC0\x80", 0));
}

TEST(utf8, what_is_no_code_point_becomes_the_replacement)
{
    std::string text;
    utf8::append(text, 0xD800);
    utf8::append(text, 0x110000);
    EXPECT_EQ(text, "\uFFFD\uFFFD");
}

TEST(utf8, counts_code_points)
{
    EXPECT_EQ(utf8::count("aé€😀"), 4U);
}

}  // namespace
}  // namespace ferry
