#include "ferry/http/headers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

TEST(media_type, is_read_as_servers_write_it)
{
    const struct {
        const char* field;
        const char* essence;
        const char* charset;
        const char* boundary;
    } rows[] = {
        {"text/html; charset=utf-8", "text/html", "utf-8", ""},
        {"Text/HTML;CHARSET=\"UTF-8\"", "text/html", "UTF-8", ""},
        {"multipart/form-data; boundary=\"a;b\\\"c\"; x", "multipart/form-data", "", "a;b\"c"},
        {"text/html;; charset = latin1 ;", "text/html", "latin1", ""},
        {"text/html; charset=\"utf-8", "text/html", "utf-8", ""},
        {"text/html; charset=a; charset=b", "text/html", "a", ""},
        {"; charset=x", "", "x", ""},
        {"", "", "", ""},
        {";;;===", "", "", ""},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.field);
        const media_type type(r.field);
        EXPECT_EQ(type.essence(), r.essence);
        EXPECT_EQ(type.charset(), r.charset);
        EXPECT_EQ(type.boundary(), r.boundary);
    }
    EXPECT_EQ(media_type("image/svg+xml").type(), "image");
    EXPECT_EQ(media_type("image/svg+xml").subtype(), "svg+xml");
    EXPECT_EQ(media_type("image").subtype(), "");
}

TEST(content_disposition, gives_the_file_name)
{
    const struct {
        const char* field;
        const char* type;
        const char* name;
    } rows[] = {
        {"attachment; filename=a.txt", "attachment", "a.txt"},
        {"Attachment;FILENAME=\"a b.txt\"", "attachment", "a b.txt"},
        {"inline; filename=\"a;b\\\".txt\"", "inline", "a;b\".txt"},
        {"attachment; filename=x; filename*=UTF-8''%e2%82%ac%20r", "attachment", "\xe2\x82\xac r"},
        {"attachment; filename*=iso-8859-1'en'%A3", "attachment", "\xc2\xa3"},
        {"attachment; filename*=bogus''x; filename=y", "attachment", "y"},
        {"attachment; filename*=nonsense; filename=y", "attachment", "y"},
        {"attachment; filename=\"\xe9\"", "attachment", "\xc3\xa9"},
        {"attachment; filename=\"\xc3\xa9\"", "attachment", "\xc3\xa9"},
        {"filename=x", "", "x"},
        {"attachment", "attachment", "none"},
        {"", "", "none"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.field);
        const content_disposition d(r.field);
        EXPECT_EQ(d.type(), r.type);
        EXPECT_EQ(d.filename().value_or("none"), r.name);
    }
}

TEST(safe_filename, stays_in_its_folder)
{
    const struct {
        std::string name;
        std::string safe;
    } rows[] = {
        {"a.txt", "a.txt"},
        {"../../etc/passwd", "passwd"},
        {"C:\\temp\\x.exe", "x.exe"},
        {"..", ""},
        {".", ""},
        {"", ""},
        {"/", ""},
        {".bashrc", "bashrc"},
        {". . /. .x ", "x"},
        {std::string("a\0b\x1f\x7f\n.txt", 10), "ab.txt"},
        {"\xe9t\xe9", "\xc3\xa9t\xc3\xa9"},
        {std::string(300, 'x'), std::string(255, 'x')},
        {std::string(254, 'x') + "\xc3\xa9", std::string(254, 'x')},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(safe_filename(r.name), r.safe);
    }
}

TEST(links, are_read_by_rfc_8288)
{
    const auto all = parse_links(
        "<https://h.example/?page=2>; rel=\"next\", </a,b>; rel=\"Prev  last\"; title=\"x, y\" ,"
        "<c>;title*=UTF-8''%c3%a9;title=e, <d;e>; rel=up; REL=down");
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all["next"].url, "https://h.example/?page=2");
    EXPECT_EQ(all["NEXT"].rel, "next");
    EXPECT_EQ(all["prev"].url, "/a,b");
    EXPECT_EQ(all["last"].title, "x, y");
    EXPECT_EQ(all[""].title, "\xc3\xa9");
    EXPECT_EQ(all["up"].url, "d;e");
    EXPECT_FALSE(all.contains("down"));
    EXPECT_THROW(all["down"], lookup_error);
    for (const char* bad : {"", "next", "<", "<a", ", ,", "\"<a>", "; rel=next"}) {
        SCOPED_TRACE(bad);
        EXPECT_LE(parse_links(bad).size(), 1U);
    }
    std::string many = "<a>; rel=\"";
    for (int i = 0; i < 10'000; ++i) many += "x ";
    EXPECT_EQ(parse_links(many + '"').size(), 16U);
}

TEST(cache_control, gives_directives_and_seconds)
{
    const cache_control c(
        "Max-Age=60, no-store, private=\"a, b\", s-maxage=\"5\", stale-if-error=x,,"
        "stale-while-revalidate=99999999999999999999");
    EXPECT_EQ(c.max_age(), 60s);
    EXPECT_TRUE(c.no_store());
    EXPECT_FALSE(c.no_cache());
    EXPECT_EQ(c.directives().find("private"), "a, b");
    EXPECT_EQ(c.seconds("s-maxage"), 5s);
    EXPECT_FALSE(c.seconds("stale-if-error"));
    EXPECT_TRUE(c.has("stale-if-error"));
    EXPECT_EQ(c.seconds("stale-while-revalidate"), std::chrono::seconds(std::int64_t{1} << 31));
}

TEST(headers, have_readers_for_what_they_say)
{
    const headers h("Content-Type", "text/html; charset=utf-8", "ETag", "W/\"a\"", "Link",
                    "<a>; rel=x", "link", "<b>; rel=y", "Retry-After", "120", "Date",
                    "Sun, 06 Nov 1994 08:49:37 GMT", "Cache-Control", "no-cache", "cache-control",
                    "max-age=1", "Content-Disposition", "attachment; filename=f");
    EXPECT_EQ(h.content_type().charset(), "utf-8");
    EXPECT_TRUE(h.etag()->weak);
    EXPECT_EQ(h.etag()->text(), "W/\"a\"");
    EXPECT_EQ(h.link().size(), 2U);
    EXPECT_EQ(h.retry_after(), 120s);
    EXPECT_EQ(iso8601::format(*h.date()), "1994-11-06T08:49:37+00:00");
    EXPECT_TRUE(h.cache_control().no_cache());
    EXPECT_EQ(h.cache_control().max_age(), 1s);
    EXPECT_EQ(h.content_disposition().filename(), "f");
    EXPECT_FALSE(h.last_modified());

    const timestamp now = *h.date();
    EXPECT_EQ(headers("Retry-After", "Sun, 06 Nov 1994 08:50:37 GMT").retry_after(now), 60s);
    EXPECT_EQ(headers("Retry-After", "Sun, 06 Nov 1994 08:40:37 GMT").retry_after(now), 0s);
    for (const char* bad : {"soon", "-1", "", "1.5"}) {
        EXPECT_FALSE(headers("Retry-After", bad).retry_after(now));
    }
    for (const char* bad : {"", "a", "\"", "W/", "\"a\"b\"", "w/\"a\""}) {
        EXPECT_FALSE(parse_entity_tag(bad)) << bad;
    }
}

}  // namespace
}  // namespace ferry::http
