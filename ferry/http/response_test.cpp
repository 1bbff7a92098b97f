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

TEST(response, json_errors_name_place_and_type)
{
    EXPECT_EQ(of("application/json", "{\"a\":1}").json()["a"].as<int>(), 1);
    for (const char* bad : {"{", "<html>", "", "\xff\xfe"}) {
        SCOPED_TRACE(bad);
        try {
            static_cast<void>(of("text/html", bad).json());
            ADD_FAILURE() << "accepted";
        } catch (const parse_error& e) {
            EXPECT_NE(std::string_view(e.what()).find("body of type text/html: "),
                      std::string_view::npos)
                << e.what();
        }
    }
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

}  // namespace
}  // namespace ferry::http
