#include "ferry/http/cookies.hpp"

#include "ferry/http/error.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

const timestamp today = iso8601::parse("2026-11-25T12:00:00Z").utc;

struct exchange {
    const char* name;
    const char* from;
    std::vector<std::string> set;
    const char* to;
    std::string sent;
};

void check(const exchange& e)
{
    SCOPED_TRACE(e.name);
    cookie_jar jar;
    for (const std::string& line : e.set) jar.store(url::parse(e.from), line, today);
    EXPECT_EQ(jar.header(url::parse(e.to), today), e.sent);
}

TEST(cookie_jar, reads_what_servers_write)
{
    const char* const here = "http://www.example.com/a/b";
    const exchange rows[] = {
        {"plain", here, {"a=b"}, here, "a=b"},
        {"blanks", here, {"  a\t= b c  ; x"}, here, "a=b c"},
        {"quotes are kept", here, {"a=\"x y\""}, here, "a=\"x y\""},
        {"equals signs", here, {"a=b=c"}, here, "a=b=c"},
        {"commas", here, {"a=b, c=d"}, here, "a=b, c=d"},
        {"empty value", here, {"a="}, here, "a="},
        {"no name", here, {"=b", "b", ""}, here, ""},
        {"control character", here, {"a=b\x01"}, here, ""},
        {"UTF-8", here, {"a=\xc3\xa9"}, here, "a=\xc3\xa9"},
        {"replaced", here, {"a=1", "b=2", "a=3"}, here, "a=3; b=2"},
        {"4096 bytes", here, {"a=" + std::string(4095, 'x')}, here, "a=" + std::string(4095, 'x')},
        {"4097 bytes", here, {"a=" + std::string(4096, 'x')}, here, ""},
    };
    for (const exchange& e : rows) check(e);
}

TEST(cookie_jar, keeps_to_domains)
{
    const char* const here = "http://www.example.com/";
    const exchange rows[] = {
        {"host only", here, {"a=b"}, "http://sub.www.example.com/", ""},
        {"not above", here, {"a=b"}, "http://example.com/", ""},
        {"parent", here, {"a=b; Domain=example.com"}, "http://other.example.com/", "a=b"},
        {"leading dot", here, {"a=b; Domain=.Example.com"}, "http://example.com/", "a=b"},
        {"stranger", here, {"a=b; Domain=example.org"}, "http://example.org/", ""},
        {"child", here, {"a=b; Domain=x.www.example.com"}, "http://x.www.example.com/", ""},
        {"half a label", here, {"a=b; Domain=ample.com"}, "http://ample.com/", ""},
        {"public suffix", here, {"a=b; Domain=com"}, here, ""},
        {"public suffix, two labels",
         "http://shop.co.uk/",
         {"a=b; Domain=co.uk"},
         "http://other.co.uk/",
         ""},
        {"public suffix, private",
         "http://me.github.io/",
         {"a=b; Domain=github.io"},
         "http://you.github.io/",
         ""},
        {"suffix itself",
         "http://github.io/",
         {"a=b; Domain=github.io"},
         "http://github.io/",
         "a=b"},
        {"suffix itself is host only",
         "http://github.io/",
         {"a=b; Domain=github.io"},
         "http://x.github.io/",
         ""},
        {"last domain counts", here, {"a=b; Domain=example.org; Domain=example.com"}, here, "a=b"},
        {"empty domain", here, {"a=b; Domain=example.com; Domain="}, "http://example.com/", ""},
        {"address", "http://127.0.0.1/", {"a=b; Domain=127.0.0.1"}, "http://127.0.0.1/", "a=b"},
        {"address tail", "http://127.0.0.1/", {"a=b; Domain=0.0.1"}, "http://127.0.0.1/", ""},
        {"localhost", "http://localhost:8080/", {"a=b"}, "http://localhost:9090/", "a=b"},
    };
    for (const exchange& e : rows) check(e);
}

TEST(cookie_jar, keeps_to_paths)
{
    const char* const here = "http://h.example/a/b?c";
    const exchange rows[] = {
        {"default path", here, {"x=1"}, "http://h.example/a/c", "x=1"},
        {"default path, other", here, {"x=1"}, "http://h.example/b", ""},
        {"not half a segment", here, {"x=1; Path=/a"}, "http://h.example/ab", ""},
        {"slash", here, {"x=1; Path=/a/"}, "http://h.example/a", ""},
        {"case", here, {"x=1; Path=/A"}, here, ""},
        {"relative path", here, {"x=1; Path=b"}, "http://h.example/a/z", "x=1"},
        {"longest first", here, {"x=1; Path=/", "y=2; Path=/a"}, here, "y=2; x=1"},
        {"oldest first", here, {"y=2; Path=/", "x=1; Path=/"}, here, "y=2; x=1"},
        {"same name, two paths", here, {"x=1; Path=/", "x=2; Path=/a"}, here, "x=2; x=1"},
    };
    for (const exchange& e : rows) check(e);
}

TEST(cookie_jar, secure_cookies_stay_on_tls)
{
    const char* const plain = "http://h.example/";
    const char* const tls = "https://h.example/";
    const exchange rows[] = {
        {"from http", plain, {"a=b; Secure"}, tls, ""},
        {"to http", tls, {"a=b; Secure"}, plain, ""},
        {"to https", tls, {"a=b; secure=x"}, tls, "a=b"},
        {"__Secure- without", tls, {"__Secure-a=b"}, tls, ""},
        {"__Secure- with", tls, {"__Secure-a=b; Secure"}, tls, "__Secure-a=b"},
        {"__Host- with domain", tls, {"__Host-a=b; Secure; Path=/; Domain=h.example"}, tls, ""},
        {"__Host- with path", tls, {"__Host-a=b; Secure; Path=/x"}, tls, ""},
        {"__Host- without path", tls, {"__Host-a=b; Secure"}, tls, ""},
        {"__Host- right", tls, {"__host-a=b; Secure; Path=/"}, tls, "__host-a=b"},
        {"SameSite=None needs Secure", tls, {"a=b; SameSite=None"}, tls, ""},
    };
    for (const exchange& e : rows) check(e);

    cookie_jar jar;
    jar.store(url::parse(tls), "a=safe; Secure", today);
    jar.store(url::parse(plain), "a=evil", today);
    EXPECT_EQ(jar.header(url::parse(tls), today), "a=safe");
}

TEST(cookie_jar, forgets_in_time)
{
    const char* const here = "http://h.example/";
    const exchange rows[] = {
        {"past", here, {"a=b; Expires=Fri, 07 Aug 2007 08:04:19 GMT"}, here, ""},
        {"future", here, {"a=b; Expires=Sat, 07-Aug-27 08:04:19 GMT"}, here, "a=b"},
        {"max-age wins",
         here,
         {"a=b; Max-Age=60; Expires=Fri, 07 Aug 2007 08:04:19 GMT"},
         here,
         "a=b"},
        {"max-age zero", here, {"a=b; Max-Age=0"}, here, ""},
        {"max-age negative", here, {"a=b; Max-Age=-1"}, here, ""},
        {"max-age nonsense", here, {"a=b; Max-Age=1x"}, here, "a=b"},
        {"bad date", here, {"a=b; Expires=someday"}, here, "a=b"},
        {"deleted", here, {"a=b", "a=; Max-Age=0"}, here, ""},
    };
    for (const exchange& e : rows) check(e);

    cookie_jar jar;
    jar.store(url::parse(here), "a=b; Max-Age=60", today);
    jar.store(url::parse(here), "forever=1; Max-Age=99999999999", today);
    EXPECT_EQ(jar.header(url::parse(here), today + 59s), "a=b; forever=1");
    EXPECT_EQ(jar.header(url::parse(here), today + 61s), "forever=1");
    EXPECT_EQ(jar.header(url::parse(here), today + std::chrono::days(401)), "");
}

TEST(cookie_jar, drops_the_least_used_beyond_50_a_domain_and_3000_in_all)
{
    cookie_jar jar;
    const url here = url::parse("http://h.example/");
    jar.store(here, "first=1", today);
    for (int i = 0; i < 49; ++i) jar.store(here, "c" + std::to_string(i) + "=1", today);
    EXPECT_EQ(jar.size(), 50U);
    jar.store(here, "one-more=1", today);
    EXPECT_EQ(jar.size(), 50U);
    EXPECT_FALSE(jar.find("first"));
    for (int d = 0; d < 70; ++d) {
        const url there = url::parse("http://h" + std::to_string(d) + ".example/");
        for (int i = 0; i < 50; ++i) jar.store(there, "c" + std::to_string(i) + "=1", today);
    }
    EXPECT_EQ(jar.size(), 3000U);
}

TEST(cookie_jar, can_be_read_and_changed)
{
    cookie_jar jar;
    cookie c("name", "value");
    c.domain = "h.example";
    jar.set(c);
    EXPECT_EQ(jar.find("name")->value, "value");
    EXPECT_EQ(jar.all().size(), 1U);
    EXPECT_EQ(jar.header(url::parse("http://h.example/")), "name=value");
    EXPECT_EQ(jar.erase("name", "other.example"), 0U);
    EXPECT_EQ(jar.erase("name"), 1U);
    for (const char* bad : {"a\r\nb", "a;b", ""}) {
        EXPECT_THROW(jar.set(cookie(bad, "x")), error);
        if (*bad != '\0') {
            EXPECT_THROW(jar.set(cookie("x", bad)), error);
        }
    }
}

TEST(cookie_jar, ends_a_line_at_what_cannot_be_in_it)
{
    const url here = url::parse("http://h.example/");
    for (const char end : {'\0', '\r', '\n'}) {
        cookie_jar jar;
        jar.store(here, std::string("a=b") + end + "c; Path=/x", today);
        EXPECT_EQ(jar.header(here, today), "a=b");
    }
}

TEST(cookie_jar, takes_an_escaped_letter_for_the_letter)
{
    const char* const here = "http://h.example/";
    const exchange rows[] = {
        {"in the request", here, {"x=1; Path=/foo/bar"}, "http://h.example/f%6Fo/bar", "x=1"},
        {"in the cookie", here, {"x=1; Path=/f%6fo"}, "http://h.example/foo/bar", "x=1"},
        {"reserved", here, {"x=1; Path=/a/b"}, "http://h.example/a%2Fb", ""},
        {"cut short", here, {"x=1; Path=/a%6"}, "http://h.example/a%6", "x=1"},
    };
    for (const exchange& e : rows) check(e);
}

TEST(cookie_jar, keeps_the_secure_ones_when_a_domain_is_full)
{
    cookie_jar jar;
    const url here = url::parse("https://h.example/");
    jar.store(here, "safe=1; Secure", today);
    for (int i = 0; i < 60; ++i) jar.store(here, "c" + std::to_string(i) + "=1", today);
    EXPECT_EQ(jar.size(), 50U);
    EXPECT_TRUE(jar.find("safe"));
    EXPECT_FALSE(jar.find("c0"));
}

TEST(cookie_date, is_read_by_the_algorithm_of_the_rfc)
{
    const struct {
        const char* text;
        const char* iso;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37+00:00"},
        {"Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37+00:00"},
        {"Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37+00:00"},
        {"6 november 69 8:9:7", "2069-11-06T08:09:07+00:00"},
        {"06-Nov-70 08:49:37", "1970-11-06T08:49:37+00:00"},
        {"29 Feb 2024 00:00:00", "2024-02-29T00:00:00+00:00"},
        {"29 Feb 2023 00:00:00", ""},
        {"06 Nov 1600 00:00:00", ""},
        {"06 Nov 1994 24:00:00", ""},
        {"06 Nov 1994", ""},
        {"Nov 1994 08:49:37", ""},
        {"06 1994 08:49:37", ""},
        {"", ""},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.text);
        const auto date = parse_cookie_date(r.text);
        EXPECT_EQ(date ? iso8601::format(*date) : "", r.iso);
    }
}

}  // namespace
}  // namespace ferry::http
