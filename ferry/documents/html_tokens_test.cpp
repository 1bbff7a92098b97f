#include "ferry/documents/html_tokens.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace ferry::html {
namespace {

std::string shown(const token& t)
{
    switch (t.type) {
        case token::kind::text: return '"' + t.text + '"';
        case token::kind::comment: return "<!--" + t.text + "-->";
        case token::kind::doctype: return "<!" + t.name + '>';
        case token::kind::end_tag: return "</" + t.name + '>';
        case token::kind::start_tag: break;
    }
    std::string out = '<' + t.name;
    for (const auto& [name, value] : t.attributes) out += ' ' + name + '=' + value;
    return out + (t.self_closing ? "/>" : ">");
}

std::string read(std::string_view page, std::size_t piece)
{
    std::string out;
    tokens reader([&](const token& t) { out += shown(t); });
    for (std::size_t at = 0; at < page.size(); at += piece) reader.feed(page.substr(at, piece));
    reader.finish();
    return out;
}

TEST(html_tokens, are_the_same_however_the_page_is_cut)
{
    struct row {
        const char* page;
        const char* read;
    };
    const row rows[] = {
        {"<!DOCTYPE html><p Class=a b='c d'>x &amp; y</p>",
         "<!html><p class=a b=c d>\"x & y\"</p>"},
        {"<script>if (a<b) '</p>' <!--<script></script>--></script>x",
         "<script>\"if (a<b) '</p>' <!--<script></script>-->\"</script>\"x\""},
        {"<title>a<b>&lt;</title><textarea></p></textarea><style></b></style>",
         "<title>\"a<b><\"</title><textarea>\"</p>\"</textarea><style>\"</b>\"</style>"},
        {"<svg><title>a<b></title><![CDATA[<x>]]><desc><![CDATA[y]]></desc></svg><![CDATA[z]]>",
         "<svg><title>\"a\"<b></title>\"<x>\"<desc><!--[CDATA[y]]--></desc></"
         "svg><!--[CDATA[z]]-->"},
        {"a\r\nb\rc\xc3\xa9\xf0\x9f\x98\x80<br/>", "\"a\nb\nc\u00e9\U0001F600\"<br/>"},
        {"<!--x--><!-- - -- --><a\nhref='&notin;'", "<!--x--><!-- - -- -->"},
        {"x\xff\xe2\x82", "\"x\ufffd\ufffd\""},
        {"<plaintext></plaintext>", "<plaintext>\"</plaintext>\""},
        {"&am", "\"&am\""},
        {"<svg>a<![CDATA[b]]c<x>", "<svg>\"ab]]c<x>\""},
        {"<", "\"<\""},
        {"", ""},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.page);
        for (std::size_t piece : {1, 2, 3, 5, 7, 1000}) EXPECT_EQ(read(r.page, piece), r.read);
    }
}

TEST(html_tokens, know_their_place_and_attributes)
{
    std::vector<token> all;
    tokens reader([&](const token& t) { all.push_back(t); });
    reader.feed("<p>ab</p>");
    reader.feed("<a href=x>");
    reader.finish();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[2].offset, 5U);
    EXPECT_EQ(all[3].offset, 9U);
    EXPECT_EQ(*all[3].find("href"), "x");
    EXPECT_EQ(all[3].find("src"), nullptr);
}

TEST(html_tokens, have_each_attribute_once_however_many_there_are)
{
    std::string tag = "<a";
    for (int i = 0; i < 20; ++i) tag += " x" + std::to_string(i) + '=' + std::to_string(i);
    for (int i = 0; i < 20; ++i) tag += " x" + std::to_string(i) + "=again";
    std::vector<token> all;
    tokens reader([&](const token& t) { all.push_back(t); });
    reader.feed(tag + "><b x1=1 x2=2 X1=3>");
    reader.finish();
    ASSERT_EQ(all.size(), 2U);
    ASSERT_EQ(all[0].attributes.size(), 20U);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(all[0].attributes[i].second, std::to_string(i));
    EXPECT_EQ(shown(all[1]), "<b x1=1 x2=2>");
}

TEST(html_tokens, stay_linear_and_end_in_a_limit)
{
    const auto begin = std::chrono::steady_clock::now();
    std::size_t count = 0;
    tokens reader([&](const token&) { ++count; });
    for (int i = 0; i < 100'000; ++i) reader.feed("<!-- x");
    reader.finish();
    EXPECT_EQ(count, 1U);
    tokens limited([](const token&) {}, 1000);
    EXPECT_THROW(for (int i = 0; i < 10'000; ++i) limited.feed("<a b='xxxxxxxx "), limit_error);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took.count(), 10.0);
}

}  // namespace
}  // namespace ferry::html
