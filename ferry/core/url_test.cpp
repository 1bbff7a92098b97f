#include "ferry/core/url.hpp"

#include "ferry/core/error.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

namespace ferry {
namespace {

TEST(url, normalises_as_a_browser_does)
{
    struct row {
        const char* text;
        const char* href;
    };
    for (const row& r : {
             row{"http://example.com", "http://example.com/"},
             row{"HTTP://EXAMPLE.com:80/a", "http://example.com/a"},
             row{"https://example.com:80/", "https://example.com:80/"},
             row{"  http://a/\tb\nc \x01", "http://a/bc"},
             row{"http:a", "http://a/"},
             row{"http:\\\\a\\b?\\#\\", "http://a/b?\\#\\"},
             row{"http://a/b/./c/../../d/%2e%2E/e", "http://a/e"},
             row{"http://a/..", "http://a/"},
             row{"http://a/é a%20b%zz", "http://a/%C3%A9%20a%20b%zz"},
             row{"http://a/?q=é'\"<>#f`", "http://a/?q=%C3%A9%27%22%3C%3E#f%60"},
             row{"http://bücher.example/", "http://xn--bcher-kva.example/"},
             row{"http://faß.example/", "http://xn--fa-hia.example/"},
             row{"http://EX%41MPLE/", "http://example/"},
             row{"http://0x7f.1/", "http://127.0.0.1/"},
             row{"http://0300.168.0xF0/", "http://192.168.0.240/"},
             row{"http://4294967295/", "http://255.255.255.255/"},
             row{"http://1.2.3.4./", "http://1.2.3.4/"},
             row{"http://[1:0:0:2:0:0:0:3]/", "http://[1:0:0:2::3]/"},
             row{"http://[::FFFF:1.2.3.4]:8080/", "http://[::ffff:102:304]:8080/"},
             row{"http://[0:0:0:0:0:0:0:0]", "http://[::]/"},
             row{"http://u:p@h/", "http://u:p@h/"},
             row{"http://u@x:p@h/", "http://u%40x:p@h/"},
             row{"http://u:@h/", "http://u@h/"},
             row{"http://:@h/", "http://h/"},
             row{"http://:p@h/", "http://:p@h/"},
             row{"file:///C|/x/../..", "file:///C:/"},
             row{"file://localhost/etc", "file:///etc"},
             row{"file:x", "file:///x"},
             row{"mailto:a b", "mailto:a b"},
             row{"web:/.//x", "web:/.//x"},
             row{"foo://Host/A/../b", "foo://Host/b"},
             row{"foo://h", "foo://h"},
             row{"data:x \t?q", "data:x%20?q"},
         }) {
        SCOPED_TRACE(r.text);
        const url got = url::parse(r.text);
        EXPECT_EQ(got.href(), r.href);
        EXPECT_EQ(url::parse(got.href()), got);
    }
}

TEST(url, refuses_and_names_the_part)
{
    struct row {
        const char* text;
        const char* part;
    };
    for (const row& r : {
             row{"", "no scheme"},
             row{"localhost", "no scheme"},
             row{"//h/p", "no scheme"},
             row{"1http://a", "no scheme"},
             row{"http://", "host is empty"},
             row{"http://u@/x", "host is empty"},
             row{"http://:80/", "host is empty"},
             row{"http://a b/", "forbidden character"},
             row{"http://a%00/", "forbidden character"},
             row{"http://a<b/", "forbidden character"},
             row{"foo://a^b/", "forbidden character"},
             row{"http://[::1/", "closing bracket"},
             row{"http://[::1::]/", "not an IPv6 address"},
             row{"http://[1:2]/", "not an IPv6 address"},
             row{"http://[::12345]/", "not an IPv6 address"},
             row{"http://[::1.2.3]/", "not an IPv6 address"},
             row{"http://[::01.2.3.4]/", "not an IPv6 address"},
             row{"http://[:1]/", "not an IPv6 address"},
             row{"http://256.1.1.1/", "not an IPv4 address"},
             row{"http://1.2.3.4.5/", "not an IPv4 address"},
             row{"http://a.0x/b.09/../../x", "not an IPv4 address"},
             row{"http://a:99999/", "port is above 65535"},
             row{"http://a:abc/", "port is not a number"},
             row{"http://a:-1/", "port is not a number"},
             row{"http://\xCC\x80"
                 "a/",
                 "international domain name"},
             row{"http://a\u05D0.1a.example/", "international domain name"},
         }) {
        SCOPED_TRACE(r.text);
        EXPECT_FALSE(url::try_parse(r.text));
        try {
            url::parse(r.text);
            FAIL() << "accepted";
        } catch (const parse_error& e) {
            EXPECT_NE(std::string_view{e.what()}.find(r.part), std::string_view::npos) << e.what();
        }
    }
}

TEST(url, resolves_references_as_a_browser_does)
{
    struct row {
        const char* base;
        const char* reference;
        const char* href;  ///< null if invalid
    };
    const char* http = "http://u:p@h:81/a/b?q#f";
    for (const row& r : {
             row{http, "", "http://u:p@h:81/a/b?q"},
             row{http, "#x", "http://u:p@h:81/a/b?q#x"},
             row{http, "?x", "http://u:p@h:81/a/b?x"},
             row{http, "c", "http://u:p@h:81/a/c"},
             row{http, "./c/.", "http://u:p@h:81/a/c/"},
             row{http, "../../c", "http://u:p@h:81/c"},
             row{http, "/c", "http://u:p@h:81/c"},
             row{http, "\\c", "http://u:p@h:81/c"},
             row{http, "//x/c", "http://x/c"},
             row{http, "///x/c", "http://x/c"},
             row{http, "http:c", "http://u:p@h:81/a/c"},
             row{http, "https:c", "https://c/"},
             row{http, "mailto:x", "mailto:x"},
             row{http, "//", nullptr},
             row{http, "http://[", nullptr},
             row{"mailto:x", "#f", "mailto:x#f"},
             row{"mailto:x", "y", nullptr},
             row{"file:///C:/a/b", "..", "file:///C:/"},
             row{"file:///C:/a/b", "/x", "file:///C:/x"},
             row{"file:///C:/a/b", "D|/x", "file:///D:/x"},
             row{"file://h/a", "//C:/x", "file:///C:/x"},
             row{"file://h/a", "b", "file://h/b"},
             row{"web:/.//a/b", "c", "web:/.//a/c"},
             row{"web:/.//a/b", "../../c", "web:/c"},
             row{"web:/a", "/.//b", "web:/.//b"},
             row{"foo://h", "x", "foo://h/x"},
             row{"foo://h/a", "//", "foo://"},
         }) {
        SCOPED_TRACE(std::string{r.base} + " + " + r.reference);
        const url base = url::parse(r.base);
        url into = url::parse("http://old:1/x?y#z");
        EXPECT_EQ(base.resolve_into(r.reference, into), r.href != nullptr);
        EXPECT_EQ(into.href(), r.href != nullptr ? r.href : "");
        if (r.href != nullptr) {
            EXPECT_EQ(base.resolve(r.reference).href(), r.href);
        } else {
            EXPECT_FALSE(base.try_resolve(r.reference));
            EXPECT_THROW(base.resolve(r.reference), parse_error);
        }
    }
}

TEST(url, parts_are_views_into_the_whole)
{
    const url u = url::parse("https://me:pw@Example.com:8443/a/b?x=1#top");
    EXPECT_EQ(u.scheme(), "https");
    EXPECT_EQ(u.username(), "me");
    EXPECT_EQ(u.password(), "pw");
    EXPECT_TRUE(u.has_credentials());
    EXPECT_EQ(u.hostname(), "example.com");
    EXPECT_EQ(u.host(), "example.com:8443");
    EXPECT_EQ(u.port(), 8443);
    EXPECT_EQ(u.port_or_default(), 8443);
    EXPECT_EQ(u.path(), "/a/b");
    EXPECT_EQ(u.query(), "x=1");
    EXPECT_EQ(u.fragment(), "top");
    EXPECT_EQ(u.path_and_query(), "/a/b?x=1");
    EXPECT_EQ(u.without_fragment(), "https://me:pw@example.com:8443/a/b?x=1");
    EXPECT_EQ(u.origin(), "https://example.com:8443");
    EXPECT_EQ(u.redacted(), "https://me:***@example.com:8443/a/b?x=1#top");
}

TEST(url, an_empty_one_has_empty_parts)
{
    const url u;
    EXPECT_TRUE(u.empty());
    for (const auto part : {u.scheme(), u.username(), u.password(), u.host(), u.hostname(),
                            u.path(), u.query(), u.fragment(), u.path_and_query()}) {
        EXPECT_EQ(part, "");
    }
    EXPECT_EQ(u.port_or_default(), 0);
    EXPECT_FALSE(u.try_resolve("/x"));
    EXPECT_TRUE(u.try_resolve("http://a/"));
}

TEST(url, parts_that_are_absent_differ_from_empty_ones)
{
    const url plain = url::parse("mailto:x");
    EXPECT_FALSE(plain.has_host() || plain.has_query() || plain.has_fragment());
    EXPECT_TRUE(plain.has_opaque_path());
    EXPECT_EQ(plain.origin(), "null");
    const url marks = url::parse("http://a/?#");
    EXPECT_TRUE(marks.has_query() && marks.has_fragment());
    EXPECT_EQ(marks.query(), "");
    EXPECT_EQ(marks.path_and_query(), "/?");
    EXPECT_EQ(url::parse("wss://a").port_or_default(), 443);
    EXPECT_EQ(url::parse("ftp://a").port_or_default(), 21);
    EXPECT_EQ(url::parse("blob:https://a:1/x").origin(), "https://a:1");
}

TEST(url, setters_keep_the_rest)
{
    url u = url::parse("http://h/p?q#f");
    u.set_query("a b");
    EXPECT_EQ(u.href(), "http://h/p?a%20b#f");
    EXPECT_EQ(u.fragment(), "f");
    u.set_query(std::nullopt);
    EXPECT_EQ(u.href(), "http://h/p#f");
    u.set_fragment("x y");
    EXPECT_EQ(u.href(), "http://h/p#x%20y");
    u.set_credentials("me", "p@w");
    EXPECT_EQ(u.href(), "http://me:p%40w@h/p#x%20y");
    EXPECT_EQ(u.password(), "p%40w");
    EXPECT_EQ(u.path(), "/p");
    u.set_port(8080);
    EXPECT_EQ(u.host(), "h:8080");
    u.set_path("a/../é?");
    EXPECT_EQ(u.href(), "http://me:p%40w@h:8080/%C3%A9%3F#x%20y");
    u.set_port(80);
    EXPECT_EQ(u.port(), std::nullopt);
    u.set_credentials("", "");
    u.set_fragment(std::nullopt);
    EXPECT_EQ(u.href(), "http://h/%C3%A9%3F");
    EXPECT_EQ(url::parse(u.href()).path_and_query(), u.path_and_query());
}

TEST(url, setters_work_without_a_path_or_a_host)
{
    url u = url::parse("foo://h");
    u.set_query("q");
    u.set_port(9);
    u.set_credentials("u", "");
    EXPECT_EQ(u.href(), "foo://u@h:9?q");
    EXPECT_EQ(u.path(), "");
    EXPECT_EQ(u.hostname(), "h");
    url hostless = url::parse("web:/a");
    hostless.set_path("//b");
    EXPECT_EQ(hostless.href(), "web:/.//b");
    EXPECT_EQ(hostless.path(), "//b");
    hostless.set_port(1);
    hostless.set_credentials("u", "p");
    EXPECT_EQ(hostless.href(), "web:/.//b");
    url opaque = url::parse("mailto:x");
    opaque.set_path("y");
    EXPECT_EQ(opaque.href(), "mailto:x");
}

TEST(url, an_error_never_shows_a_password)
{
    try {
        url::parse("http://me:secret@a:99999/");
        FAIL() << "accepted";
    } catch (const parse_error& e) {
        EXPECT_EQ(std::string_view{e.what()}.find("secret"), std::string_view::npos) << e.what();
    }
}

TEST(url, compares_and_hashes_by_its_text)
{
    const std::unordered_set<url> seen{url::parse("http://a/"), url::parse("HTTP://A:80")};
    EXPECT_EQ(seen.size(), 1U);
    EXPECT_LT(url::parse("http://a/"), url::parse("http://b/"));
}

TEST(url, an_overlong_text_is_a_limit)
{
    const std::string text(url::max_bytes + 1, 'a');
    EXPECT_THROW(url::parse(text), limit_error);
    EXPECT_FALSE(url::try_parse(text));
}

}  // namespace
}  // namespace ferry
