#include "ferry/harvest/recipe.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace ferry::harvest {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view head = R"([harvest]
name = "books"
user_agent = "books/1.0"
[[start]]
url = "http://localhost:8080/"
)";
constexpr std::string_view tail = R"([page.list]
follow = [{ xpath = "//a", to = "list" }]
)";

/// The problems of a recipe that is right but for `middle`, whose first line is line 6.
std::vector<std::string> problems_with(std::string_view middle)
{
    const auto text = std::string{head} + std::string{middle} + '\n' + std::string{tail};
    std::vector<std::string> all;
    try {
        recipe::parse(text, "b.toml");
    } catch (const recipe_error& e) {
        for (const auto& p : e.problems()) all.push_back(p.text());
    }
    return all;
}

TEST(recipe, reads_every_key)
{
    const auto r = recipe::parse(R"toml(
[harvest]
name = "books"
user_agent = "books-harvest/1.0 (+mailto:ops@localhost)"
max_failures = 10
max_miss_rate = 0.25
[[start]]
url = "http://localhost:8080/{a,b}/page-{08..10}.html"
parse = "list"
[[start]]
url = "http://localhost:8080/book/1"
[scope]
hosts = ["LOCALHOST:8080", "example.org:80"]
allow = ["^/catalogue/"]
deny = ["\\?sort="]
depth = 8
max_pages = 100_000
max_per_host = 50_000
schemes = ["http"]
private_addresses = "yes"
[page.list]
match = { url = "/page-\\d+", type = "text/html" }
follow = [{ xpath = "//h3/a", to = "book" }, { xpath = "//li/@data-next", attr = "data-next", to = "list" }]
[page.book]
match = { url = "/book/" }
[page.book.record.book]
each = "//article"
fields.title = { xpath = [".//h1", ".//h2"], type = "string", required = true }
fields.price = { xpath = ".//p/text()", regex = "([0-9.]+)", type = "decimal(10,2)" }
fields.stock = { xpath = ".//b", replace = ["[^0-9]", ""], type = "int32", default = 0 }
fields.tags = { xpath = ".//i", many = true }
fields.image = { xpath = ".//img", attr = "src", type = "url", strip = false }
fields.when = { xpath = ".//time", attr = "datetime", type = "timestamp", format = "%Y-%m-%d" }
fields.state = { xpath = ".//u", type = "enum(new, used)" }
fields.url = { meta = "url" }
fields.source = { const = "books" }
key = ["url"]
[politeness]
robots = "ignore"
delay = "0ms"
jitter = 0
per_host = 8
total = 16
[http]
timeout = { connect = "1s", read = "2s", total = "1m" }
max_body = "2MiB"
headers = { Accept-Language = "en" }
[retry]
times = 5
backoff = "10ms..2s"
statuses = [500]
[dedupe]
url = { sort_query = false, drop = ["utm_*"], strip_fragment = false, lower_path = true }
content = "sha256"
[[output]]
record = "book"
file = "out/books.jsonl.zst"
[[output]]
file = "out/all.sqlite"
[tasks]
broker = "embedded"
workers = 4
)toml",
                                 "books.toml");
    EXPECT_EQ(r.name, "books");
    EXPECT_EQ(r.max_failures, 10U);
    EXPECT_EQ(r.max_miss_rate, 0.25);
    ASSERT_EQ(r.starts.size(), 7U);
    EXPECT_EQ(r.starts[0].url, "http://localhost:8080/a/page-08.html");
    EXPECT_EQ(r.starts[5].url, "http://localhost:8080/b/page-10.html");
    EXPECT_EQ(r.starts[5].page, "list");
    EXPECT_EQ(r.scope.hosts, (std::vector<std::string>{"localhost:8080", "example.org"}));
    EXPECT_EQ(r.scope.depth, 8U);
    EXPECT_EQ(r.scope.max_pages, 100'000U);
    EXPECT_EQ(r.scope.addresses, scope::private_addresses::yes);
    ASSERT_EQ(r.pages.size(), 2U);
    EXPECT_EQ(r.pages[0].name, "list");
    ASSERT_EQ(r.pages[0].follows.size(), 2U);
    EXPECT_EQ(r.pages[0].follows[0].attribute, "href");
    EXPECT_EQ(r.pages[0].follows[1].attribute, "data-next");
    ASSERT_EQ(r.pages[1].records.size(), 1U);
    const auto& fields = r.pages[1].records[0].fields;
    ASSERT_EQ(fields.size(), 9U);
    EXPECT_EQ(fields[0].name, "title");
    EXPECT_EQ(fields[0].selectors.size(), 2U);
    EXPECT_TRUE(fields[0].required);
    EXPECT_EQ(fields[1].type.text(), "decimal(10,2)");
    EXPECT_EQ(fields[2].fallback, "0");
    EXPECT_EQ(fields[3].type.text(), "list<string>");
    EXPECT_FALSE(fields[4].strip);
    EXPECT_EQ(fields[6].type.text(), "enum(new, used)");
    EXPECT_EQ(fields[8].selectors[0].from, selector::source::constant);
    EXPECT_FALSE(r.politeness.obey_robots);
    EXPECT_EQ(r.politeness.delay, milliseconds{0});
    EXPECT_EQ(r.http.total_timeout, milliseconds{60'000});
    EXPECT_EQ(r.http.max_body_bytes, 2'097'152U);
    EXPECT_EQ(r.retry.longest_wait, milliseconds{2'000});
    EXPECT_EQ(r.retry.statuses, std::vector<int>{500});
    EXPECT_TRUE(r.dedupe.content);
    ASSERT_EQ(r.outputs.size(), 2U);
    EXPECT_EQ(r.outputs[0].packed, output::packing::zstd);
    EXPECT_EQ(r.outputs[1].as, output::format::sqlite);
    EXPECT_EQ(r.workers, 4U);
}

TEST(recipe, has_polite_defaults)
{
    const auto r = recipe::parse(std::string{head} + std::string{tail}, "b.toml");
    EXPECT_TRUE(r.politeness.obey_robots);
    EXPECT_EQ(r.politeness.delay, milliseconds{250});
    EXPECT_EQ(r.politeness.per_host, 2U);
    EXPECT_EQ(r.politeness.total, 32U);
    EXPECT_EQ(r.scope.addresses, scope::private_addresses::only_start_hosts);
}

TEST(recipe, says_file_line_column_and_what_was_probably_meant)
{
    const struct {
        const char* middle;
        const char* problem;
    } rows[] = {
        {"[scope]\ndepht = 3",
         "b.toml:7:1: unknown key \"depht\" in [scope]; did you mean \"depth\"?"},
        {"[scpoe]\ndepth = 3",
         "b.toml:6:2: unknown key \"scpoe\" in the recipe; did you mean \"scope\"?"},
        {"[scope]\nzzzzzz = 3", "b.toml:7:1: unknown key \"zzzzzz\" in [scope]"},
        {"[scope]\ndepth = \"three\"",
         "b.toml:7:9: depth in [scope] must be an integer, not a string"},
        {"[scope]\ndepth = -1", "b.toml:7:9: depth in [scope] must be from 0 to 10000"},
        {"[scope]\nhosts = 5",
         "b.toml:7:9: hosts in [scope] must be an array of strings, not an integer"},
        {"[scope]\nhosts = [\"a\", 5]",
         "b.toml:7:15: hosts in [scope] must be an array of strings, not an integer"},
        {"[scope]\nallow = [\"^/(a\"]", "b.toml:7:9: allow in [scope]: missing ): ^/(a"},
        {"[scope]\nprivate_addresses = \"nevr\"",
         "b.toml:7:21: private_addresses in [scope] must be one of \"never\", "
         "\"only-start-hosts\", \"yes\"; did you mean \"never\"?"},
        {"[scope]\nschemes = [\"ftp\"]",
         "b.toml:7:11: schemes in [scope] may hold \"http\" and \"https\""},
        {"[scope]\ndepth = ", "b.toml:7:9: Error while parsing key-value pair: "},
        {"[politeness]\ndelay = \"soon\"",
         "b.toml:7:9: delay in [politeness] must be a duration such as \"250ms\", \"5s\", \"2m\" "
         "or "
         "\"1h\""},
        {"[politeness]\ndelay = 5",
         "b.toml:7:9: delay in [politeness] must be a duration such as \"250ms\", not an integer"},
        {"[politeness]\nper_host = 0",
         "b.toml:7:12: per_host in [politeness] must be from 1 to 256"},
        {"[politeness]\nrobots = \"ignore\"",
         "b.toml:7:10: robots = \"ignore\" needs the hosts listed in [scope]"},
        {"[politeness]\nrate = \"5/s\"", "b.toml:7:1: \"rate\" in [politeness] is not offered yet"},
        {"[http]\nmax_body = \"20XB\"",
         "b.toml:7:12: max_body in [http] must be a size such as "
         "\"20MB\""},
        {"[http]\ncache = { dir = \"c\" }", "b.toml:7:1: \"cache\" in [http] is not offered yet"},
        {"[http]\ntimeout = { conect = \"1s\" }",
         "b.toml:7:13: unknown key \"conect\" in timeout of [http]; did you mean \"connect\"?"},
        {"[retry]\nbackoff = \"9s..1s\"",
         "b.toml:7:11: backoff in [retry] must be two durations, such as \"1s..60s\""},
        {"[retry]\nstatuses = [200]",
         "b.toml:7:12: statuses in [retry] must be HTTP statuses from 400 to 599"},
        {"[watch]\nevery = \"24h\"", "b.toml:6:2: \"watch\" in the recipe is not offered yet"},
        {"[api.x]\nurl = \"http://a\"", "b.toml:6:2: \"api\" in the recipe is not offered yet"},
        {"[tasks]\nbroker = \"amqp://a\"",
         "b.toml:7:10: broker in [tasks] must be \"embedded\"; others are not offered yet"},
        {"[[output]]\nfile = \"x.csv\"", "b.toml:7:8: output in .csv is not offered yet"},
        {"[[output]]\nfile = \"x.json\"",
         "b.toml:7:8: file in [[output]] must end in .jsonl, "
         ".jsonl.gz, .jsonl.zst or .sqlite"},
        {"[[output]]\nfile = \"x.sqlite.gz\"",
         "b.toml:7:8: file in [[output]] must end in .jsonl, .jsonl.gz, .jsonl.zst or .sqlite"},
        {"[[output]]\nfile = \"x.jsonl\"\n[[output]]\nfile = \"x.jsonl\"",
         "b.toml:9:8: two outputs write \"x.jsonl\""},
        {"[[output]]\nfile = \"x.jsonl\"\nrecord = \"bok\"",
         "b.toml:8:10: [[output]] names no record: \"bok\""},
        {"[[output]]", "b.toml:6:1: [[output]] needs a file"},
        {"[[start]]\nurl = \"ftp://a/\"",
         "b.toml:7:7: url in [[start]]: only http and https URLs can be fetched"},
        {"[[start]]\nurl = \"http://a/{1..}\"",
         "b.toml:7:7: url in [[start]]: a range counts upwards, such as {1..50}"},
        {"[[start]]\nurl = \"http://a/{1..9999999}\"",
         "b.toml:7:7: url in [[start]]: limit max_expansions = 100000 exceeded"},
        {"[[start]]\nurl = \"http://a/\"\nparse = \"lst\"",
         "b.toml:8:9: parse in [[start]] names no page: \"lst\"; did you mean \"list\"?"},
        {"[[start]]\nsitemap = \"http://a/\"",
         "b.toml:7:1: \"sitemap\" in [[start]] is not offered yet"},
        {"[page.p]\nfollow = [{ xpath = \"//a[\", to = \"list\" }]",
         "b.toml:7:26: xpath of follow of [page.p]: XPath: expected "},
        {"[page.p]\nfollow = [{ css = \"a\" }]",
         "b.toml:7:13: \"css\" in follow of [page.p] is not offered yet"},
        {"[page.p]\nfollow = [{ xpath = \"//a\", to = \"lisst\" }]",
         "b.toml:7:33: to in follow of [page.p] names no page: \"lisst\"; did you mean \"list\"?"},
        {"[page.p]\nmatch = { url = '\\d(' }",
         "b.toml:7:18: url of match of [page.p]: missing ): \\d("},
        {"[page.p.record.r]", "b.toml:6:1: [page.p.record.r] has no fields"},
        {"[page.p.record.r]\nfields.a = { }",
         "b.toml:7:12: field a of [page.p.record.r] needs an xpath, a meta or a const"},
        {"[page.p.record.r]\nfields.a = \"//a\"",
         "b.toml:7:12: a in [page.p.record.r] must be a "
         "table, not a string"},
        {"[page.p.record.r]\nfields.a = { xpath = \"//a\", type = \"strng\" }",
         "b.toml:7:37: type of field a of [page.p.record.r]: unknown type \"strng\"; did you mean "
         "\"string\"?"},
        {"[page.p.record.r]\nfields.a = { xpath = \"//a\", type = \"decimal\" }",
         "b.toml:7:37: type of field a of [page.p.record.r]: decimal needs its digits, such as "
         "decimal(10,2)"},
        {"[page.p.record.r]\nfields.a = { xpath = \"//a\", type = \"map<string,string>\" }",
         "b.toml:7:37: type of field a of [page.p.record.r]: the type map<string,string> is not "
         "offered yet"},
        {"[page.p.record.r]\nfields.a = { xpath = \"//a\", type = \"int32\", default = \"x\" }",
         "b.toml:7:55: default of field a of [page.p.record.r] is not a valid int32"},
        {"[page.p.record.r]\nfields.a = { xpath = \"//a\", required = true, default = \"x\" }",
         "b.toml:7:56: a required field has no default: field a of [page.p.record.r]"},
        {"[page.p.record.r]\nfields.a = { xpath = \"//a\", format = \"%Y\" }",
         "b.toml:7:38: format of field a of [page.p.record.r] is for the types date, time and "
         "timestamp, not string"},
        {"[page.p.record.r]\nfields.a = { meta = \"ulr\" }",
         "b.toml:7:21: meta in field a of [page.p.record.r] must be one of \"url\", \"status\", "
         "\"fetched_at\", \"depth\", \"referrer\"; did you mean \"url\"?"},
        {"[page.p.record.r]\nfields.a = { css = \"h1\" }",
         "b.toml:7:14: \"css\" in field a of [page.p.record.r] is not offered yet"},
        {"[page.p.record.r]\nkey = [\"b\"]\nfields.ab = { xpath = \"//a\" }",
         "b.toml:7:7: key of [page.p.record.r] names no field: \"b\"; did you mean \"ab\"?"},
        {"[page.p.record.r]\nfields.a = { xpath = \"//a\" }\n[page.q.record.r]\nfields.a = { xpath "
         "= \"//a\" }",
         "b.toml:8:1: two records are named \"r\""},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.middle);
        const auto found = problems_with(r.middle);
        ASSERT_FALSE(found.empty());
        EXPECT_EQ(found.front().substr(0, std::string_view{r.problem}.size()), r.problem);
    }
}

TEST(recipe, says_what_is_missing)
{
    const struct {
        const char* text;
        std::vector<std::string> problems;
    } rows[] = {
        {"",
         {"b.toml:1:1: a recipe needs [harvest] with name and user_agent",
          "b.toml:1:1: a recipe needs a [[start]] with a url",
          "b.toml:1:1: a recipe needs at least one [page.NAME]"}},
        {"[harvest]\n[[start]]\nurl='http://a/'\n[page.p]",
         {"b.toml:1:1: user_agent is required in [harvest]: say who is asking, such as "
          "\"books/1.0 (+mailto:you@example.org)\""}},
        {"[harvest]\nuser_agent = \"\"\n[[start]]\nurl='http://a/'\n[page.p]",
         {"b.toml:2:14: user_agent in [harvest] must be one line of text"}},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.text);
        try {
            recipe::parse(r.text, "b.toml");
            FAIL();
        } catch (const recipe_error& e) {
            std::vector<std::string> found;
            for (const auto& p : e.problems()) found.push_back(p.text());
            EXPECT_EQ(found, r.problems);
        }
    }
}

TEST(recipe, reports_all_problems_in_the_order_of_the_file)
{
    const auto found = problems_with("[scope]\ndepht = 1\nhosts = 1\n[retry]\ntimes = \"x\"");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].substr(0, 10), "b.toml:7:1");
    EXPECT_EQ(found[1].substr(0, 10), "b.toml:8:9");
    EXPECT_EQ(found[2].substr(0, 11), "b.toml:10:9");
}

TEST(recipe, takes_overrides)
{
    const auto text = std::string{head} + "[[output]]\nfile = \"a.jsonl\"\n" + std::string{tail};
    const std::vector<std::string> set{"output.0.file=b.jsonl.gz", "politeness.per_host=7",
                                       "politeness.delay=1s", "scope.deny=[\"/x\"]"};
    const auto r = recipe::parse(text, "b.toml", set);
    EXPECT_EQ(r.outputs.at(0).file, "b.jsonl.gz");
    EXPECT_EQ(r.politeness.per_host, 7U);
    EXPECT_EQ(r.politeness.delay, milliseconds{1000});
    EXPECT_EQ(r.scope.deny, std::vector<std::string>{"/x"});

    const struct {
        const char* set;
        const char* problem;
    } rows[] = {
        {"politeness.per_hst=7",
         "--set politeness.per_hst=7: unknown key \"per_hst\" in [politeness]; did you mean "
         "\"per_host\"?"},
        {"politeness.per_host=many",
         "--set politeness.per_host=many: per_host in [politeness] must be an integer, not a "
         "string"},
        {"output.3.file=x", "--set output.3.file=x: there is no element 3 in \"output.3.file\""},
        {"harvest.name.x=1", "--set harvest.name.x=1: \"x\" has nothing inside it"},
        {"nothing", "--set nothing: expected KEY=VALUE"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.set);
        try {
            recipe::parse(text, "b.toml", std::vector<std::string>{row.set});
            FAIL();
        } catch (const recipe_error& e) {
            EXPECT_EQ(e.problems().front().text(), row.problem);
        }
    }
}

TEST(recipe, takes_names_from_the_environment)
{
    ::setenv("FERRY_RECIPE_TEST", "http://localhost:1", 1);
    const auto r = recipe::parse(
        "[harvest]\nuser_agent='a'\n[[start]]\n"
        "url='${FERRY_RECIPE_TEST}/x'\n[page.p]\n",
        "b.toml");
    EXPECT_EQ(r.starts.at(0).url, "http://localhost:1/x");
    try {
        recipe::parse("[harvest]\nuser_agent='a'\n[[start]]\nurl='${FERRY_NO_SUCH}/x'\n[page.p]\n",
                      "b.toml");
        FAIL();
    } catch (const recipe_error& e) {
        EXPECT_EQ(e.problems().front().text(),
                  "b.toml:4:5: the environment has no variable FERRY_NO_SUCH");
    }
}

}  // namespace
}  // namespace ferry::harvest
