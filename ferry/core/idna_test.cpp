#include "ferry/core/idna.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(idna, converts_both_ways)
{
    struct row {
        const char* unicode;
        const char* ascii;
    };
    for (const row& r :
         {row{"bücher.example", "xn--bcher-kva.example"}, row{"faß.de", "xn--fa-hia.de"},
          row{"例え.テスト", "xn--r8jz45g.xn--zckzah"}, row{"plain.example", "plain.example"},
          row{"a-.--b", "a-.--b"}}) {
        SCOPED_TRACE(r.ascii);
        EXPECT_EQ(idna::to_ascii(r.unicode), r.ascii);
        EXPECT_EQ(idna::to_unicode(r.ascii), r.unicode);
    }
}

TEST(idna, maps_before_it_converts)
{
    EXPECT_EQ(idna::to_ascii("ＢÜCHER。example"), "xn--bcher-kva.example");
    EXPECT_EQ(idna::to_ascii("a\u00ADb"), "ab");
}

TEST(idna, refuses_invalid_labels)
{
    for (const char* text : {"\u0300a", "a\u05D0", "\u200Dx", "xn--\u00E9", "xn--a", "\uFFFD"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(idna::to_ascii(text));
    }
    EXPECT_FALSE(idna::to_ascii(std::string(20000, 'a')));
}

}  // namespace
}  // namespace ferry
