#include "ferry/http/cookie_file.hpp"

#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

cookie sample(std::string_view name)
{
    cookie c(name, "a b");
    c.domain = "example.com";
    c.path = "/x";
    c.expires = timestamp(2'000'000'000s);
    return c;
}

TEST(cookies_txt, is_written_as_python_writes_it)
{
    cookie session("s", "1");
    session.domain = "h.example";
    cookie wide = sample("w");
    wide.host_only = false;
    wide.secure = true;
    wide.http_only = true;
    const cookie all[] = {session, wide};
    EXPECT_EQ(write_cookies_txt(all),
              "# Netscape HTTP Cookie File\n# Made by ferry. Do not edit.\n\n"
              "h.example\tFALSE\t/\tFALSE\t0\ts\t1\n"
              "#HttpOnly_.example.com\tTRUE\t/x\tTRUE\t2000000000\tw\ta b\n");
}

TEST(cookies_txt, is_read_in_all_its_dialects)
{
    const auto all = read_cookies_txt(
        "# HTTP Cookie File\r\n\r\n# comment\r\n"
        ".Example.com\tTRUE\t/\tTRUE\t2000000000.5\ta\t1\r\n"
        "#HttpOnly_h.example\tFALSE\t/p\tfalse\t\tb\t\n"
        "h.example\tFALSE\tp\tFALSE\t0\tc\n"
        "localhost.local\tFALSE\t/\tFALSE\t\t\tnameless\n"
        "h.example\tFALSE\t/\tFALSE\t0\td\tx\ty");
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all[0].domain, "example.com");
    EXPECT_FALSE(all[0].host_only);
    EXPECT_TRUE(all[0].secure);
    EXPECT_EQ(all[0].expires, timestamp(2'000'000'000s));
    EXPECT_TRUE(all[1].http_only && all[1].host_only && !all[1].expires);
    EXPECT_EQ(all[1].path, "/p");
    EXPECT_EQ(all[2].path, "/");
    EXPECT_EQ(all[2].value, "");
    EXPECT_EQ(all[3].domain, "localhost");
    EXPECT_EQ(all[3].name, "nameless");
    EXPECT_EQ(all[4].value, "x\ty");
}

TEST(cookies_txt, refuses_what_is_no_cookie_file)
{
    for (const char* bad : {"hello", "a\tb\tc", "<html>\n</html>", "h\tFALSE\t/\tFALSE\tsoon\tn\tv",
                            "h\tFALSE\t/\tFALSE\t12x\tn\tv"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(read_cookies_txt(bad), parse_error);
    }
    try {
        read_cookies_txt("# fine\n\nnot fine\n");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_EQ(e.where().line, 3U);
    }
}

TEST(cookies_txt, leaves_out_what_would_break_a_line)
{
    cookie tab = sample("t");
    tab.value = "a\tb";
    EXPECT_THAT(write_cookies_txt(std::vector{tab, sample("u")}),
                ::testing::Not(HasSubstr("\tt\t")));
}

TEST(lwp_cookies, are_read)
{
    const auto all = read_lwp_cookies(
        "#LWP-Cookies-2.0\n"
        "Set-Cookie3: a=1; path=\"/\"; domain=\".example.com\"; path_spec; domain_dot; secure; "
        "expires=\"2033-05-18 03:33:20Z\"; HttpOnly=None; version=0\n"
        "Set-Cookie3: \"b c\"=\"x; \\\"y\\\"\"; path=\"/p\"; domain=\"h.example\"; discard; "
        "version=0\n");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name, "a");
    EXPECT_EQ(all[0].expires, timestamp(2'000'000'000s));
    EXPECT_TRUE(all[0].secure && all[0].http_only && !all[0].host_only);
    EXPECT_EQ(all[1].value, "x; \"y\"");
    EXPECT_TRUE(all[1].host_only);
    for (const char* bad : {"", "# Netscape", "#LWP-Cookies-2.0\nSet-Cookie3: =x",
                            "#LWP-Cookies-2.0\nSet-Cookie3: a=b; expires=soon"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(read_lwp_cookies(bad), parse_error);
    }
}

TEST(cookie_jar, survives_on_disk)
{
    const ferry::testing::temporary_directory dir;
    for (const auto format : {cookie_format::netscape, cookie_format::sqlite}) {
        const std::string file = dir / (format == cookie_format::sqlite ? "c.db" : "c.txt");
        cookie_jar jar;
        const url here = url::parse("https://www.example.com/a/b");
        jar.store(here, "a=1; Domain=example.com; Max-Age=1000; Secure; HttpOnly; SameSite=Lax");
        jar.store(here, "b=2; Path=/");
        jar.save(file, format);
        jar.set(sample("later"));
        jar.save(file, format);
        EXPECT_EQ(std::filesystem::status(file).permissions() & std::filesystem::perms(0777),
                  std::filesystem::perms(0600));
        cookie_jar back;
        back.load(file);
        EXPECT_EQ(back.size(), 3U);
        EXPECT_EQ(back.header(here), jar.header(here));
        EXPECT_EQ(back.find("a")->http_only, true);
        EXPECT_FALSE(back.find("b")->expires);
        if (format == cookie_format::sqlite) {
            EXPECT_EQ(back.find("a")->same_site, same_site::lax);
            EXPECT_EQ(back.find("a")->expires, jar.find("a")->expires);
        }
    }
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 2);
}

TEST(cookie_jar, is_unchanged_by_a_file_that_it_cannot_read)
{
    const ferry::testing::temporary_directory dir;
    cookie_jar jar;
    jar.set(sample("kept"));
    EXPECT_THROW(jar.load(dir / "none"), error);
    std::ofstream(dir / "bad") << "h.example\tFALSE\t/\tFALSE\t0\tn\tv\nnonsense\n";
    try {
        jar.load(dir / "bad");
        FAIL();
    } catch (const parse_error& e) {
        EXPECT_THAT(e.what(), HasSubstr(dir / "bad"));
    }
    EXPECT_EQ(jar.size(), 1U);
    EXPECT_THROW(jar.save("/nonexistent/folder/c.txt"), error);
    EXPECT_THROW(jar.save("/nonexistent/folder/c.db", cookie_format::sqlite), error);
}

}  // namespace
}  // namespace ferry::http
