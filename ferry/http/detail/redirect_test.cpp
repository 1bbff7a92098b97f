#include "ferry/http/detail/redirect.hpp"

#include "ferry/http/error.hpp"

#include <gtest/gtest.h>

namespace ferry::http::detail {
namespace {

TEST(redirect, methods_change_as_rfc_9110_says)
{
    const struct {
        int status;
        const char* method;
        const char* next;
        bool keeps_body;
    } rows[] = {
        {301, "POST", "GET", false},     {302, "POST", "GET", false}, {303, "POST", "GET", false},
        {307, "POST", "POST", true},     {308, "POST", "POST", true}, {301, "PUT", "PUT", true},
        {302, "DELETE", "DELETE", true}, {303, "PUT", "GET", false},  {303, "HEAD", "HEAD", false},
        {301, "HEAD", "HEAD", true},     {302, "GET", "GET", true},   {307, "PATCH", "PATCH", true},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(std::to_string(r.status) + " " + r.method);
        const auto step = plan_redirect(r.status, headers("Location", "/b"),
                                        url::parse("http://h/a"), r.method, false);
        ASSERT_TRUE(step);
        EXPECT_EQ(step->method, r.next);
        EXPECT_EQ(step->keeps_body, r.keeps_body);
        EXPECT_EQ(step->to.href(), "http://h/b");
        EXPECT_TRUE(step->same_origin);
    }
}

TEST(redirect, other_responses_are_final)
{
    const url from = url::parse("http://h/a");
    EXPECT_FALSE(plan_redirect(302, headers(), from, "GET", false));
    EXPECT_FALSE(plan_redirect(304, headers("Location", "/b"), from, "GET", false));
    EXPECT_FALSE(plan_redirect(300, headers("Location", "/b"), from, "GET", false));
    EXPECT_FALSE(plan_redirect(200, headers("Location", "/b"), from, "GET", false));
}

TEST(redirect, another_scheme_host_or_port_is_another_origin)
{
    const struct {
        const char* to;
        bool same;
    } rows[] = {
        {"http://h/x", true},      {"//h/x", true},       {"HTTP://H:80/", true},
        {"http://h:81/", false},   {"https://h/", false}, {"http://sub.h/", false},
        {"http://other/x", false},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.to);
        const auto step =
            plan_redirect(302, headers("Location", r.to), url::parse("http://h/a"), "GET", false);
        EXPECT_EQ(step->same_origin, r.same);
    }
}

TEST(redirect, the_first_fragment_travels_along)
{
    const url from = url::parse("http://h/a#top");
    const auto go = [&](const char* to) {
        return plan_redirect(302, headers("Location", to), from, "GET", false)->to.href();
    };
    EXPECT_EQ(go("/b"), "http://h/b#top");
    EXPECT_EQ(go("/b#c"), "http://h/b#c");
}

TEST(redirect, out_of_http_or_tls_is_refused)
{
    const struct {
        const char* to;
        errc code;
    } rows[] = {
        {"http://[bad", errc::bad_url},
        {"http://", errc::bad_url},
        {"ftp://x/", errc::refused_redirect},
        {"file:///etc/passwd", errc::refused_redirect},
        {"javascript:alert(1)", errc::refused_redirect},
        {"data:,x", errc::refused_redirect},
        {"http://h/", errc::refused_redirect},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.to);
        try {
            plan_redirect(302, headers("Location", r.to), url::parse("https://h/a"), "GET", false);
            ADD_FAILURE() << "followed";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), r.code) << e.what();
        }
    }
    EXPECT_TRUE(plan_redirect(302, headers("Location", "http://h/"), url::parse("https://h/a"),
                              "GET", true));
}

TEST(redirect_chain, ends_at_the_limit_and_in_circles)
{
    redirect_chain chain(30);
    for (int i = 0; i <= 30; ++i) chain.visit("GET", url::parse("http://h/" + std::to_string(i)));
    try {
        chain.visit("GET", url::parse("http://h/31"));
        FAIL();
    } catch (const too_many_redirects& e) {
        EXPECT_EQ(e.chain().size(), 32U);
        EXPECT_STREQ(e.what(), "more than 30 redirects");
    }
    redirect_chain circle(30);
    circle.visit("GET", url::parse("http://u:secret@h/a"));
    circle.visit("GET", url::parse("http://u:secret@h/a"));
    try {
        circle.visit("GET", url::parse("http://u:secret@h/a"));
        FAIL();
    } catch (const too_many_redirects& e) {
        EXPECT_EQ(std::string_view(e.what()).find("secret"), std::string_view::npos);
    }
}

}  // namespace
}  // namespace ferry::http::detail
