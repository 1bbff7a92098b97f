#include "ferry/harvest/robots.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::harvest {
namespace {

constexpr auto agent = "FooBot/1.0 (+mailto:ops@localhost)";

TEST(robots, decides_as_rfc_9309_and_its_large_users_do)
{
    const struct {
        const char* name;
        std::string text;
        const char* path;
        bool allowed;
    } rows[] = {
        {"empty file", "", "/x", true},
        {"no group for us", "User-agent: BarBot\nDisallow: /\n", "/x", true},
        {"the group for all", "User-agent: *\nDisallow: /x\n", "/x/y", false},
        {"rules before any group are ignored", "Disallow: /\nUser-agent: *\nDisallow: /z\n", "/x",
         true},
        {"our group hides that for all",
         "User-agent: *\nDisallow: /\nUser-agent: FooBot\nAllow: /x\n", "/y", true},
        {"an empty group of ours hides it too",
         "User-agent: *\nDisallow: /\n\nUser-agent: foobot\n", "/y", true},
        {"without case", "user-agent: FOOBOT\ndisallow: /x\n", "/x", false},
        {"the path has case", "User-agent: *\nDisallow: /X\n", "/x", true},
        {"a shorter token is another crawler", "User-agent: foo\nDisallow: /\n", "/x", true},
        {"a longer token is another crawler", "User-agent: FooBot-News\nDisallow: /\n", "/x", true},
        {"the version is no part of the token", "User-agent: FooBot/2.0\nDisallow: /x\n", "/x",
         false},
        {"star with words behind", "User-agent: * everyone\nDisallow: /x\n", "/x", false},
        {"several agents in one group", "User-agent: a\nUser-agent: foobot\nDisallow: /x\n", "/x",
         false},
        {"repeated groups are merged",
         "User-agent: foobot\nDisallow: /a\nUser-agent: b\nDisallow: /\nUser-agent: "
         "foobot\nDisallow: /c\n",
         "/a", false},
        {"repeated groups are merged, second",
         "User-agent: foobot\nDisallow: /a\nUser-agent: b\nDisallow: /\nUser-agent: "
         "foobot\nDisallow: /c\n",
         "/c", false},
        {"sitemap does not end a group",
         "User-agent: foobot\nSitemap: http://a/s.xml\nUser-agent: b\nDisallow: /x\n", "/x", false},
        {"unknown lines do not end a group",
         "User-agent: foobot\nCrawl-delay: 1\nUser-agent: b\nDisallow: /x\n", "/x", false},
        {"longest wins", "User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/b/c", true},
        {"longest wins, other order", "User-agent: *\nAllow: /a/b\nDisallow: /a\n", "/a/c", false},
        {"allow wins ties", "User-agent: *\nDisallow: /a\nAllow: /a\n", "/a", true},
        {"stars count as octets", "User-agent: *\nAllow: /page\nDisallow: /*.htm\n", "/page.htm",
         false},
        {"empty disallow allows", "User-agent: *\nDisallow:\n", "/x", true},
        {"dollar anchors", "User-agent: *\nDisallow: /a.gif$\n", "/a.gif?x", true},
        {"dollar anchors, hit", "User-agent: *\nDisallow: /*.gif$\n", "/b/a.gif", false},
        {"dollar inside is a dollar", "User-agent: *\nDisallow: /a$b\n", "/a$bc", false},
        {"star in the middle", "User-agent: *\nDisallow: /a*/c\n", "/abb/x/c/d", false},
        {"star in the middle, miss", "User-agent: *\nDisallow: /a*/c\n", "/abb/x", true},
        {"star takes nothing too", "User-agent: *\nDisallow: /a*b\n", "/ab", false},
        {"anchored piece must not overlap", "User-agent: *\nDisallow: /ab*b$\n", "/ab", true},
        {"many stars", "User-agent: *\nDisallow: /***a**b\n", "/x/a/b", false},
        {"a lone dollar", "User-agent: *\nDisallow: $\n", "/x", true},
        {"query", "User-agent: *\nDisallow: /*?sort=\n", "/a?sort=1", false},
        {"escapes are compared in one case", "User-agent: *\nDisallow: /a%3cd\n", "/a%3Cd.html",
         false},
        {"unreserved escapes are decoded", "User-agent: *\nDisallow: /foo/bar/baz\n",
         "/foo/bar/%62%61%7A", false},
        {"unreserved escapes in the rule", "User-agent: *\nDisallow: /foo/%62\n", "/foo/b", false},
        {"octets are escaped", "User-agent: *\nDisallow: /\xE3\x83\x84\n", "/%E3%83%84", false},
        {"an escaped slash is no slash", "User-agent: *\nDisallow: /a/b\n", "/a%2Fb", true},
        {"escaped star stands for itself", "User-agent: *\nDisallow: /a%2A\n", "/a*", false},
        {"escaped star is no wildcard", "User-agent: *\nDisallow: /a%2Ab\n", "/axb", true},
        {"broken escapes stay", "User-agent: *\nDisallow: /a%zz\n", "/a%zz", false},
        {"robots.txt is always allowed", "User-agent: *\nDisallow: /\n", "/robots.txt", true},
        {"byte order mark", "\xEF\xBB\xBFUser-agent: *\nDisallow: /x\n", "/x", false},
        {"carriage returns only", "User-agent: *\rDisallow: /x\r", "/x", false},
        {"both line ends", "User-agent: *\r\n\r\nDisallow: /x\r\n", "/x", false},
        {"no line end at the end", "User-agent: *\nDisallow: /x", "/x", false},
        {"spaces before the colon", "User-agent : *\nDisallow\t: /x\n", "/x", false},
        {"no colon", "User-agent *\nDisallow /x\n", "/x", false},
        {"no colon and three words is no rule", "User-agent: *\nDisallow /x y\n", "/x", true},
        {"misspelled", "Useragent: *\nDisalow: /x\n", "/x", false},
        {"comments", "User-agent: * # all\nDisallow: /x#y\n", "/x", false},
        {"a page of HTML is no rule", "<html><body>User-agent: *<p>Disallow: /</body>", "/x", true},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_EQ(robots::parse(r.text, agent).allowed(r.path), r.allowed);
    }
}

TEST(robots, allows_everything_or_nothing_without_a_file)
{
    EXPECT_TRUE(robots{}.allowed("/x"));
    EXPECT_FALSE(robots::disallow_all().allowed("/x"));
    EXPECT_FALSE(robots::disallow_all().allowed("/"));
    EXPECT_TRUE(robots::disallow_all().allowed("/robots.txt"));
}

TEST(robots, reads_delays_and_sitemaps)
{
    using std::chrono::milliseconds;
    const struct {
        const char* text;
        std::optional<milliseconds> delay;
    } rows[] = {
        {"User-agent: *\nCrawl-delay: 2.5\n", milliseconds{2500}},
        {"User-agent: *\nCrawl-delay: 3600\n", milliseconds{3'600'000}},
        {"User-agent: *\nCrawl-delay: 1e300\n", milliseconds{86'400'000}},
        {"User-agent: *\nCrawl-delay: -1\n", {}},
        {"User-agent: *\nCrawl-delay: soon\n", {}},
        {"User-agent: *\nCrawl-delay: nan\n", {}},
        {"User-agent: other\nCrawl-delay: 5\n", {}},
        {"User-agent: *\nRequest-rate: 1/5\n", milliseconds{5000}},
        {"User-agent: *\nRequest-rate: 30/1m\n", milliseconds{2000}},
        {"User-agent: *\nRequest-rate: 0/5\n", {}},
        {"User-agent: *\nCrawl-delay: 1\nRequest-rate: 1/5\n", milliseconds{5000}},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.text);
        EXPECT_EQ(robots::parse(r.text, agent).delay(), r.delay);
    }
    const auto with_maps = robots::parse(
        "Sitemap: http://a/1.xml\nUser-agent: x\nDisallow: /\nSitemap:http://a/2.xml", agent);
    EXPECT_EQ(with_maps.sitemaps(), (std::vector<std::string>{"http://a/1.xml", "http://a/2.xml"}));
}

TEST(robots, reads_no_more_than_its_limit)
{
    std::string text = "User-agent: *\nDisallow: /x\n";
    text += '#' + std::string(robots::max_bytes, ' ');
    text += "\nDisallow: /y\n";
    const auto made = robots::parse(text, agent);
    EXPECT_FALSE(made.allowed("/x"));
    EXPECT_TRUE(made.allowed("/y"));
}

}  // namespace
}  // namespace ferry::harvest
