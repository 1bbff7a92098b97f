#include "ferry/http/response.hpp"

#include "ferry/http/error.hpp"

#include <gtest/gtest.h>

namespace ferry::http {
namespace {

response of(std::string_view type, std::string data)
{
    response r;
    if (!type.empty()) r.headers.add("Content-Type", type);
    r.content = body(std::move(data));
    return r;
}

TEST(response, text_is_decoded_by_what_says_its_encoding)
{
    const struct {
        const char* name;
        const char* type;
        std::string data;
        const char* text;
        bool guessed;
    } rows[] = {
        {"header", "text/plain; charset=\"ISO-8859-1\"", "caf\xe9", "café", false},
        {"BOM before header", "text/plain; charset=latin1",
         "\xef\xbb\xbf"
         "caf\xc3\xa9",
         "café", false},
        {"UTF-16", "text/plain",
         std::string("\xff\xfe"
                     "a\0",
                     4),
         "a", false},
        {"UTF-8 without a word", "text/html", "caf\xc3\xa9", "café", true},
        {"windows-1252 without a word", "text/html", "caf\xe9 \x80", "café €", true},
        {"meta", "text/html", "<meta charset='koi8-r'>\xc1", "<meta charset='koi8-r'>а", false},
        {"http-equiv", "text/html", "<META content=\"text/html; charset=koi8-r\">\xc1",
         "<META content=\"text/html; charset=koi8-r\">а", false},
        {"XML", "application/xml", "<?xml version='1.0' encoding='koi8-r'?>\xc1",
         "<?xml version='1.0' encoding='koi8-r'?>а", false},
        {"bogus charset", "text/plain; charset=bogus", "caf\xc3\xa9", "café", true},
        {"invalid UTF-8", "text/plain; charset=utf-8", "a\xff", "a\xef\xbf\xbd", false},
        {"not sniffed in text", "text/plain", "charset=koi8-r \xc3\xa9", "charset=koi8-r é", true},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const response got = of(r.type, r.data);
        EXPECT_EQ(got.text(), r.text);
        EXPECT_EQ(got.charset_guessed(), r.guessed);
    }
}

TEST(response, text_is_read_in_another_encoding_if_so_asked)
{
    const response r = of("text/plain; charset=utf-8", "caf\xe9");
    EXPECT_EQ(r.text("iso-8859-1"), "café");
    EXPECT_THROW(static_cast<void>(r.text("nonsense")), error);
}

TEST(response, has_the_cookies_that_it_sets)
{
    response r;
    r.headers.add("Set-Cookie", "a=b; Path=/x; Secure");
    r.headers.add("Set-Cookie", "=;");
    r.headers.add("Set-Cookie", "c=d; Domain=a.example");
    const auto all = r.cookies();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name + '=' + all[0].value + ' ' + all[0].path, "a=b /x");
    EXPECT_TRUE(all[0].secure);
    EXPECT_EQ(all[1].domain, "a.example");
}

TEST(response, a_moved_one_gives_its_body_away)
{
    buffer kept = of("", "abc").bytes();
    EXPECT_EQ(kept.text(), "abc");
    EXPECT_THROW(static_cast<void>(response().url()), error);
}

TEST(media_type, is_read_leniently)
{
    const media_type type("Text/HTML ; Charset=\"a\\\"b\" ;; x=1; nonsense");
    EXPECT_EQ(type.essence(), "text/html");
    EXPECT_EQ(type.parameter("charset"), "a\"b");
    EXPECT_EQ(type.parameter("X"), "1");
    EXPECT_EQ(type.parameter("none"), "");
    EXPECT_EQ(media_type("").essence(), "");
}

TEST(response, json_errors_show_what_came)
{
    const struct {
        const char* type;
        std::string data;
        const char* shown;
    } rows[] = {
        {"application/json", "{", "body of type application/json, \"{\": "},
        {"text/html", "<html>\n", "body of type text/html, \"<html>"},
        {"", "", "body of type none, \"\": "},
        {"application/json", "\xff\xfe", "body of type application/json"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.data);
        try {
            static_cast<void>(of(r.type, r.data).json());
            ADD_FAILURE();
        } catch (const parse_error& e) {
            EXPECT_EQ(std::string_view(e.what()).substr(0, std::string_view(r.shown).size()),
                      r.shown);
        }
        EXPECT_THROW(static_cast<void>(of(r.type, r.data).json<std::vector<int>>()), parse_error);
    }
    EXPECT_EQ(of("application/json", "{\"a\":1}").json()["a"].as<int>(), 1);
    EXPECT_EQ(of("", std::string("[\0"
                                 "1\0]\0",
                                 6))
                  .json<std::vector<int>>(),
              std::vector{1});
}

TEST(response, comes_in_portions)
{
    const response r = of("text/plain; charset=latin1", "a\xe9\r\nb\n\nc");
    EXPECT_EQ(r.lines(), (std::vector<std::string>{"a\xc3\xa9", "b", "", "c"}));
    const auto chunks = r.chunks(3);
    ASSERT_EQ(chunks.size(), 3U);
    EXPECT_EQ(chunks[1].text(), "\nb\n");
    EXPECT_EQ(chunks[2].text(), "\nc");
    EXPECT_EQ(of("", "1\n\n2").json_lines<int>(), (std::vector{1, 2}));
    EXPECT_THROW(static_cast<void>(of("", "1\nx").json_lines<int>()), parse_error);
    EXPECT_TRUE(of("", "").lines().empty());
    EXPECT_TRUE(of("", "").chunks(1).empty());
}

}  // namespace
}  // namespace ferry::http
