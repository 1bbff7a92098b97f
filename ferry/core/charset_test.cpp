#include "ferry/core/charset.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"

#include <gtest/gtest.h>

namespace ferry {
namespace {

using charset::encoding;
using namespace std::string_literals;

TEST(charset, finds_labels_in_any_case_with_spaces_around)
{
    struct row {
        const char* label;
        std::optional<encoding> expected;
    };
    for (const row& r : {
             row{"utf-8", encoding::utf_8},
             row{"UTF8", encoding::utf_8},
             row{" \tUtf-8\r\n\f", encoding::utf_8},
             row{"iso-8859-1", encoding::windows_1252},
             row{"latin1", encoding::windows_1252},
             row{"us-ascii", encoding::windows_1252},
             row{"iso-8859-9", encoding::windows_1254},
             row{"tis-620", encoding::windows_874},
             row{"gb2312", encoding::gbk},
             row{"sjis", encoding::shift_jis},
             row{"ks_c_5601-1987", encoding::euc_kr},
             row{"utf-16", encoding::utf_16le},
             row{"unicodefffe", encoding::utf_16be},
             row{"hz-gb-2312", encoding::replacement},
             row{"x-user-defined", encoding::x_user_defined},
             row{"zyx", std::nullopt},
             row{"", std::nullopt},
             row{"utf-7", std::nullopt},
             row{"utf\xC2\xA0", std::nullopt},
             row{"\vutf-8", std::nullopt},
             row{"a-label-that-is-longer-than-any-label-of-the-standard", std::nullopt},
         }) {
        SCOPED_TRACE(r.label);
        EXPECT_EQ(charset::find(r.label), r.expected);
    }
}

TEST(charset, a_name_is_a_label_of_its_encoding)
{
    for (int i = 0; i <= static_cast<int>(encoding::x_user_defined); ++i) {
        const auto e = static_cast<encoding>(i);
        EXPECT_EQ(charset::find(charset::name(e)), e) << charset::name(e);
    }
    EXPECT_EQ(charset::name(*charset::find("utf8")), "utf-8");
}

struct sample {
    encoding from;
    std::string data;
    std::string text;
    std::size_t malformed_at = std::string::npos;
};

TEST(charset, decodes_and_replaces_as_the_standard_does)
{
    for (const sample& s : {
             sample{encoding::utf_8, "caf\xC3\xA9", "café"},
             sample{encoding::utf_8, "a\xFF"s + "b\xE2\x82", "a\uFFFDb\uFFFD", 1},
             sample{encoding::utf_16le, "\x3d\xd8\x00\xde"s + "a\0"s, "😀a"},
             sample{encoding::utf_16be, "\xd8\x3d\xde\x00"s, "😀"},
             sample{encoding::utf_16le, "a\0\x3d\xd8"s + "b\0"s, "a\uFFFDb", 2},
             sample{encoding::utf_16le, "a\0b"s, "a\uFFFD", 2},
             sample{encoding::utf_16le, "\x3d\xd8z"s, "\uFFFD", 0},
             sample{encoding::windows_1252, "\x93quoted\x94 \x80 \x81", "“quoted” € \u0081"},
             sample{encoding::windows_1253, "\xE1\xAA", "α\uFFFD", 1},
             sample{encoding::windows_1255, "\xCA", "\u05BA"},
             sample{encoding::koi8_u, "\xAE\xBE", "ўЎ"},
             sample{encoding::iso_8859_16, "\xA4\xAA\xFF", "€Șÿ"},
             sample{encoding::iso_8859_8_i, "\xF9\xEC", "של"},
             sample{encoding::macintosh, "\x80\xDB", "Ä€"},
             sample{encoding::x_mac_cyrillic, "\x80\xA2\xFF", "АҐ€"},
             sample{encoding::shift_jis, "\x93\xFA\x96\x7B\x81\x60\xB1", "日本～ｱ"},
             sample{encoding::shift_jis, "\x81 \xA0z", "\uFFFD \uFFFDz", 0},
             sample{encoding::euc_jp, "\xC6\xFC\xCB\xDC\x8F\xB0\xA1\x8E\xB1", "日本丂ｱ"},
             sample{encoding::euc_jp, "a\x8F\xA1", "a\uFFFD", 1},
             sample{encoding::iso_2022_jp, "\x1b$BF|K\\\x1b(B.", "日本."},
             sample{encoding::iso_2022_jp, "\x1b(B\x1b(Ba", "\uFFFDa", 3},
             sample{encoding::iso_2022_jp, "\x1b(J\\~\x1b(I1", "¥‾ｱ"},
             sample{encoding::euc_kr, "\xC7\xD1\xB1\xDB\xB6\x7D", "한글\uFFFD}", 4},
             sample{encoding::big5, "\xA4\xA4\xA4\xE5\x88\x62", "中文Ê̄"},
             sample{encoding::big5, "\x87\x40\x80", "䏰\uFFFD", 2},
             sample{encoding::gbk, "\xD6\xD0\xCE\xC4\x80", "中文€"},
             sample{encoding::gb18030, "\x94\x39\xDA\x33\x81\x30\x81\x30", "💩\u0080"},
             sample{encoding::gb18030, "\xA6\xD9\xA3\xA0", "\uFE10\u3000"},
             sample{encoding::gb18030, "\x81\x30z", "\uFFFD0z", 0},
             sample{encoding::gb18030, "z\x81\x30\x81", "z\uFFFD", 1},
             sample{encoding::replacement, "anything", "\uFFFD", 0},
             sample{encoding::replacement, "", ""},
             sample{encoding::x_user_defined, "a\x80\xFF", "a\uF780\uF7FF"},
         }) {
        SCOPED_TRACE(std::string{charset::name(s.from)} + " " + s.text);
        EXPECT_EQ(charset::decode(as_bytes(s.data), s.from), s.text);
        if (s.malformed_at == std::string::npos) {
            EXPECT_EQ(charset::decode_strict(as_bytes(s.data), s.from), s.text);
            continue;
        }
        try {
            charset::decode_strict(as_bytes(s.data), s.from);
            FAIL() << "accepted";
        } catch (const parse_error& e) {
            EXPECT_EQ(e.where().offset, s.malformed_at);
        }
    }
}

TEST(charset, a_byte_order_mark_beats_the_fallback)
{
    const auto decode = [](std::string_view data) {
        return charset::decode_text(as_bytes(data), encoding::windows_1252);
    };
    EXPECT_EQ(decode("\xEF\xBB\xBF\xC3\xA9"), "é");
    EXPECT_EQ(decode("\xFF\xFE\xE9\x00"s), "é");
    EXPECT_EQ(decode("\xFE\xFF\x00\xE9"s), "é");
    EXPECT_EQ(decode("\xE9"), "é");
    EXPECT_EQ(decode("\xEF\xBB"), "ï»");
    EXPECT_FALSE(charset::sniff_bom({}));
}

// Whatever can be encoded decodes to itself, but for what the Japanese encoders fold.
TEST(charset, what_encodes_decodes_to_itself)
{
    const auto folded = [](char32_t c) {
        return c == 0xA5 || c == 0x203E || c == 0x2212 || (c >= 0xFF61 && c <= 0xFF9F);
    };
    for (int i = 0; i <= static_cast<int>(encoding::x_user_defined); ++i) {
        const auto to = static_cast<encoding>(i);
        if (to == encoding::replacement) continue;
        SCOPED_TRACE(std::string{charset::name(to)});
        const bool japanese =
            to == encoding::euc_jp || to == encoding::shift_jis || to == encoding::iso_2022_jp;
        std::string all;
        for (char32_t c = 1; c < 0x11000; c += c < 0x500 ? 1 : 97) {
            if (c >= 0xD800 && c < 0xE000) continue;
            std::string one;
            utf8::append(one, c);
            const bytes data = charset::encode_with_references(one, to);
            if (as_text(data).starts_with("&#") || (japanese && folded(c))) continue;
            ASSERT_EQ(charset::decode_strict(data, to), one) << static_cast<int>(c);
            all += one;
        }
        ASSERT_GT(all.size(), 127);
        ASSERT_EQ(charset::decode_strict(charset::encode(all, to), to), all);
    }
}

TEST(charset, encoding_says_where_a_character_is_missing)
{
    struct row {
        encoding to;
        std::string text;
        std::string data;
        std::size_t missing_at = std::string::npos;
    };
    for (const row& s : {
             row{encoding::windows_1252, "a€", "a\x80"},
             row{encoding::windows_1252, "aé日b", "a\xE9&#26085;b", 3},
             row{encoding::iso_2022_jp, "a日😀b", "a\x1B$BF|\x1B(B&#128512;b", 4},
             row{encoding::iso_2022_jp, "日¥a", "\x1B$BF|\x1B(J\\a\x1B(B"},
             row{encoding::iso_2022_jp, "ｱ", "\x1B$B%\"\x1B(B"},
             row{encoding::shift_jis, "¥−ｱ", "\\\x81\x7C\xB1"},
             row{encoding::gbk, "€", "\x80"},
             row{encoding::gbk, "😀", "&#128512;", 0},
             row{encoding::gb18030, "€😀", "\xA2\xE3\x94\x39\xFC\x36"},
             row{encoding::big5, "五", "\xA4\xAD"},
             row{encoding::utf_16le, "é😀", "\xE9\0\x3D\xD8\0\xDE"s},
             row{encoding::utf_16be, "é", "\0\xE9"s},
             row{encoding::utf_8, "é", "é"},
             row{encoding::replacement, "é", "é"},
             row{encoding::x_user_defined, "é", "&#233;", 0},
         }) {
        SCOPED_TRACE(std::string{charset::name(s.to)} + " " + s.text);
        EXPECT_EQ(as_text(charset::encode_with_references(s.text, s.to)), s.data);
        if (s.missing_at == std::string::npos) {
            EXPECT_EQ(as_text(charset::encode(s.text, s.to)), s.data);
            continue;
        }
        try {
            charset::encode(s.text, s.to);
            FAIL() << "accepted";
        } catch (const parse_error& e) {
            EXPECT_EQ(e.where().offset, s.missing_at);
            EXPECT_TRUE(e.code() == errc::unsupported);
        }
    }
    for (const encoding to : {encoding::utf_8, encoding::windows_1252}) {
        EXPECT_THROW(charset::encode("a\xC3", to), parse_error);
    }
    EXPECT_EQ(as_text(charset::encode_with_references("a\xC3", encoding::utf_8)), "a\uFFFD");
    EXPECT_EQ(as_text(charset::encode_with_references("a\xC3", encoding::koi8_r)), "a&#65533;");
}

}  // namespace
}  // namespace ferry
