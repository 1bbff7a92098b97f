#include "ferry/harvest/detail/canonical.hpp"

#include <gtest/gtest.h>

namespace ferry::harvest::detail {
namespace {

/// Beside each row where it differs: what Scrapy makes of it (w3lib 2.1.1).
TEST(canonical_url, makes_one_spelling_of_many)
{
    deduplication rules;
    rules.drop = {"utm_*", "fbclid"};
    const struct {
        const char* from;
        const char* to;
    } rows[] = {
        {"http://a.local", "http://a.local/"},
        {"HTTP://A.Local/B", "http://a.local/B"},
        {"http://a.local:80/", "http://a.local/"},     // Scrapy keeps :80
        {"https://a.local:443/", "https://a.local/"},  // Scrapy keeps :443
        {"http://a.local:8080/", "http://a.local:8080/"},
        {"http://a.local/a/./b/../c", "http://a.local/a/c"},  // Scrapy keeps /a/../b
        {"http://a.local/a/%2e%2e/b", "http://a.local/b"},
        {"http://a.local/a//b", "http://a.local/a//b"},
        {"http://a.local/%7euser", "http://a.local/~user"},
        {"http://a.local/%41", "http://a.local/A"},
        {"http://a.local/%e2%82%ac", "http://a.local/%E2%82%AC"},
        {"http://a.local/\xE2\x82\xAC", "http://a.local/%E2%82%AC"},
        {"http://a.local/%2fx", "http://a.local/%2Fx"},
        {"http://a.local/100%", "http://a.local/100%"},
        {"http://a.local/a b", "http://a.local/a%20b"},
        {"http://a.local/?b=2&a=1", "http://a.local/?a=1&b=2"},
        {"http://a.local/?a=2&b=1&a=1", "http://a.local/?a=2&a=1&b=1"},
        {"http://a.local/?q=a+b", "http://a.local/?q=a%20b"},  // Scrapy makes it a+b
        {"http://a.local/?q=a%20b", "http://a.local/?q=a%20b"},
        {"http://a.local/?a=&b", "http://a.local/?a=&b"},
        {"http://a.local/?a", "http://a.local/?a"},  // Scrapy makes it ?a=
        {"http://a.local/?", "http://a.local/"},
        {"http://a.local/?&&", "http://a.local/"},
        {"http://a.local/?utm_source=x&a=1&fbclid=y", "http://a.local/?a=1"},  // Scrapy keeps them
        {"http://a.local/?utm_source=x", "http://a.local/"},
        {"http://a.local/#top", "http://a.local/"},
        {"http://a.local/#!top", "http://a.local/#!top"},  // Scrapy drops it
        {"http://b\xC3\xBC"
         "cher.example/",
         "http://xn--bcher-kva.example/"},
        {"http://[::1]:80/x", "http://[::1]/x"},
        {"mailto:a@b", nullptr},
        {"javascript:void(0)", nullptr},
        {"ftp://a.local/", nullptr},
        {"file:///etc/passwd", nullptr},
        {"data:text/html,x", nullptr},
        {"http://user:secret@a.local/", nullptr},
        {"http://", nullptr},
        {"http://a b/", nullptr},
        {"/relative", nullptr},
        {"", nullptr},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.from);
        const auto made = canonical(r.from, rules);
        ASSERT_EQ(made.has_value(), r.to != nullptr);
        if (!made) continue;
        EXPECT_EQ(made->url, r.to);
        EXPECT_EQ(split_canonical(made->url).host(), made->host());
        EXPECT_EQ(canonical(made->url, rules)->url, made->url);
    }
}

TEST(canonical_url, keeps_what_it_is_told_to_keep)
{
    deduplication rules;
    rules.sort_query = false;
    rules.strip_fragment = false;
    rules.lower_path = true;
    EXPECT_EQ(canonical("http://a.local/Path?B=2&a=1#Top", rules)->url,
              "http://a.local/path?B=2&a=1#Top");
}

TEST(canonical_url, has_limits)
{
    const deduplication rules;
    EXPECT_TRUE(canonical("http://a/" + std::string(2'000, 'x'), rules));
    EXPECT_FALSE(canonical("http://a/" + std::string(2'100, 'x'), rules));
    std::string query = "http://a/?";
    for (int i = 0; i < 20; ++i) query += "a=1&";
    EXPECT_TRUE(canonical(query, rules));
    EXPECT_FALSE(canonical(query + "b=1", rules));
    EXPECT_FALSE(canonical("http://a/?" + std::string(100'000, '&'), rules));
}

TEST(canonical_url, resolves_against_a_base)
{
    const deduplication rules;
    const auto base = url::parse("http://a.local/dir/page.html");
    url scratch;
    EXPECT_EQ(canonical("../x.html#y", base, rules, scratch)->url, "http://a.local/x.html");
    EXPECT_EQ(canonical("//b.local/z", base, rules, scratch)->host(), "b.local");
    EXPECT_EQ(canonical("?q", base, rules, scratch)->path(), "/dir/page.html?q");
    EXPECT_FALSE(canonical("http://[", base, rules, scratch));
}

TEST(canonical_url, hosts_are_checked)
{
    EXPECT_EQ(canonical_host("Example.ORG:80"), "example.org");
    EXPECT_EQ(canonical_host("localhost:8080"), "localhost:8080");
    for (const auto* bad : {"", "http://a", "a/b", "a?b", "u@a", "a:b", "a b"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(canonical_host(bad), error);
    }
}

}  // namespace
}  // namespace ferry::harvest::detail
