#include "ferry/harvest/run.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/compress/compress.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/documents/json_lines.hpp"
#include "ferry/http/server.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>

namespace ferry::harvest {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A loopback site whose pages are made by a function, and what was asked of it.
class site {
public:
    using maker = std::function<http::response(const std::string& path)>;

    explicit site(maker make) : make_{std::move(make)}, listener_{net::tcp("127.0.0.1", 0)}
    {
        port_ = listener_.port();
        server_.get("/", [this](http::request& q) { return answer(this, q.target); });
        server_.get("/{rest:path}", [this](http::request& q) { return answer(this, q.target); });
        serving_ = spawn(server_.serve(std::move(listener_)));
    }
    ~site() { serving_.cancel(); }

    std::string url(const std::string& path = "/") const
    {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    std::map<std::string, int> asked;

private:
    static awaitable<http::response> answer(site* self, std::string path)
    {
        ++self->asked[path];
        co_return self->make_(path);
    }

    maker make_;
    http::server server_;
    net::listener listener_;
    std::uint16_t port_ = 0;
    task<void> serving_;
};

http::response page(const std::string& title, const std::vector<std::string>& links)
{
    std::string text = "<!doctype html><title>" + title + "</title><h1>" + title + "</h1>";
    for (const auto& link : links) text += "<a href='" + link + "'>x</a> ";
    return http::html(text);
}

std::string recipe_text(const site& on, const std::string& more = {})
{
    return "[harvest]\nname = 'test'\nuser_agent = 'test/1.0'\n[[start]]\nurl = '" + on.url() +
           "'\n[page.page]\nfollow = [{ xpath = '//a' }]\n[page.page.record.page]\n"
           "fields.title = { xpath = '//h1' }\nfields.url = { meta = 'url' }\n"
           "[politeness]\ndelay = '0ms'\n[retry]\ntimes = 2\nbackoff = '1ms..2ms'\n"
           "[[output]]\nfile = 'out.jsonl'\n" +
           more;
}

report run_recipe(const std::string& text, run_options with)
{
    return ferry::run(timeout(20s, run(recipe::parse(text, "test.toml"), std::move(with))));
}

std::vector<std::string> lines_of(const std::string& text)
{
    std::vector<std::string> all;
    for (const auto& row : json::lines(text)) all.push_back(row.at("title").to<std::string>());
    std::sort(all.begin(), all.end());
    return all;
}

std::uint64_t failures(const report& r, std::string_view cause)
{
    for (const auto& f : r.failures) {
        if (f.name == cause) return f.n;
    }
    return 0;
}

TEST(harvest_run, follows_links_once_and_writes_records)
{
    testing::temporary_directory folder;
    site on([](const std::string& path) -> http::response {
        if (path == "/robots.txt") return http::response(404);
        if (path == "/") return page("start", {"/a", "/a#x", "b", "/a?", "mailto:x@y", "http://["});
        if (path == "/a") return page("A", {"/", "/b", "http://elsewhere.example/"});
        return page("B", {"/a"});
    });
    const auto done = run_recipe(recipe_text(on), run_options().directory(folder / "s"));
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(done.exit_code, 0);
    EXPECT_EQ(done.pages, 3U);
    EXPECT_EQ(done.failed, 0U);
    EXPECT_THAT(lines_of(testing::read_file(folder / "s/out.jsonl")),
                ElementsAre("A", "B", "start"));
    for (const auto& [path, n] : on.asked) EXPECT_EQ(n, 1) << path;
    EXPECT_THAT(testing::read_file(folder / "s/report.json"), HasSubstr("\"pages\": 3"));
    ASSERT_EQ(done.records.size(), 1U);
    EXPECT_EQ(done.records[0].written, 3U);
    EXPECT_EQ(done.records[0].fields.at(0).n, 3U);

    const auto again = run_recipe(recipe_text(on), run_options().directory(folder / "s"));
    EXPECT_TRUE(again.complete);
    EXPECT_EQ(on.asked["/"], 1);
    run_recipe(recipe_text(on), run_options().directory(folder / "s").fresh(true));
    EXPECT_EQ(on.asked["/"], 2);
}

TEST(harvest_run, counts_what_is_wrong_with_pages_and_goes_on)
{
    testing::temporary_directory folder;
    const std::vector<std::string> paths{"/gone",  "/broken", "/loop",   "/out",  "/image",  "/nul",
                                         "/large", "/empty",  "/latin1", "/fine", "/nowhere"};
    site on([&](const std::string& path) -> http::response {
        const auto html = "text/html; charset=utf-8";
        if (path == "/robots.txt") return http::response(404);
        if (path == "/") return page("start", paths);
        if (path == "/gone") return http::response(410);
        if (path == "/broken") return http::response(500);
        if (path == "/loop") return http::response(302).with("Location", "/loop");
        if (path == "/out") return http::response(302).with("Location", "http://10.0.0.1/");
        if (path == "/nowhere") return http::response(302);
        if (path == "/image")
            return http::response(200, http::body(std::string("GIF89a"), "image/gif"));
        if (path == "/nul") return http::response(200, http::body(std::string("\0\1\2", 3), html));
        if (path == "/large")
            return http::response(200, http::body(std::string(300'000, 'x'), html));
        if (path == "/empty") return http::response(200, http::body(std::string(), html));
        if (path == "/latin1")
            return http::response(200, http::body(std::string("<h1>caf\xE9</h1>"), html));
        return page("fine", {});
    });
    const auto done = run_recipe(recipe_text(on, "[http]\nmax_body = 200000\n"),
                                 run_options().directory(folder / "s"));
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(failures(done, "http 410"), 1U);
    EXPECT_EQ(failures(done, "http 500"), 1U);
    EXPECT_EQ(failures(done, "redirect out of scope"), 1U);
    EXPECT_EQ(failures(done, "redirect without target"), 1U);
    EXPECT_EQ(failures(done, "not HTML"), 1U);
    EXPECT_EQ(failures(done, "binary data"), 1U);
    EXPECT_EQ(failures(done, "too large"), 1U);
    EXPECT_EQ(failures(done, "empty page"), 1U);
    EXPECT_EQ(done.redirects, 1U);
    EXPECT_EQ(done.misencoded, 1U);
    EXPECT_EQ(done.pages, 3U);
    EXPECT_EQ(done.retries, 2U);
    EXPECT_EQ(on.asked["/broken"], 3);
    EXPECT_EQ(on.asked["/gone"], 1);
    EXPECT_THAT(lines_of(testing::read_file(folder / "s/out.jsonl")),
                ElementsAre("caf\xEF\xBF\xBD", "fine", "start"));
    EXPECT_THAT(to_text(done), HasSubstr("http 500: 1"));
}

TEST(harvest_run, ends_redirects_that_never_end)
{
    testing::temporary_directory folder;
    site on([n = 0](const std::string& path) mutable -> http::response {
        if (path == "/robots.txt") return http::response(404);
        return http::response(302).with("Location", "/" + std::to_string(++n));
    });
    const auto done = run_recipe(recipe_text(on), run_options().directory(folder / "s"));
    EXPECT_EQ(failures(done, "too many redirects"), 1U);
    EXPECT_EQ(done.redirects, 10U);
    EXPECT_EQ(done.exit_code, 3);
}

TEST(harvest_run, lists_a_server_that_is_down)
{
    testing::temporary_directory folder;
    std::string text;
    {
        site gone([](const std::string&) -> http::response { return http::response(404); });
        text = recipe_text(gone);
    }
    ferry::run(sleep(1ms));
    const auto done = run_recipe(text, run_options().directory(folder / "s"));
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(done.exit_code, 3);
    EXPECT_EQ(failures(done, "robots.txt unreachable"), 1U);
}

TEST(harvest_run, obeys_robots_txt_and_page_rules)
{
    testing::temporary_directory folder;
    site on([](const std::string& path) -> http::response {
        if (path == "/robots.txt") {
            return http::text("User-agent: test\nDisallow: /private\n");
        }
        if (path == "/") return page("start", {"/private/x", "/meta", "/header", "/b"});
        if (path == "/meta") {
            return http::response(
                http::html("<meta name=robots content='NoFollow, noindex'><h1>meta"
                           "</h1><a href=/secret>x</a>"));
        }
        if (path == "/header") return page("header", {"/secret2"}).with("X-Robots-Tag", "none");
        return page("other", {});
    });
    const auto done = run_recipe(recipe_text(on), run_options().directory(folder / "s"));
    EXPECT_EQ(failures(done, "robots.txt"), 1U);
    EXPECT_FALSE(on.asked.contains("/private/x"));
    EXPECT_FALSE(on.asked.contains("/secret"));
    EXPECT_FALSE(on.asked.contains("/secret2"));
    EXPECT_THAT(lines_of(testing::read_file(folder / "s/out.jsonl")),
                ElementsAre("other", "start"));
}

TEST(harvest_run, stops_on_request_and_goes_on_later)
{
    testing::temporary_directory folder;
    site on([](const std::string& path) -> http::response {
        if (path == "/robots.txt") return http::response(404);
        if (path != "/") return page(path, {});
        std::vector<std::string> links;
        for (int i = 0; i < 300; ++i) links.push_back("/" + std::to_string(i));
        return page("start", links);
    });
    const auto stop = std::make_shared<event>();
    run_options with;
    with.directory(folder / "s").stop(stop);
    with.on_progress([&](const progress& now) {
        if (now.pages > 10) stop->set();
    });
    const auto first = run_recipe(recipe_text(on), with);
    EXPECT_FALSE(first.complete);
    EXPECT_EQ(first.exit_code, 4);
    EXPECT_GT(first.waiting, 0U);
    EXPECT_THAT(first.stopped_because, HasSubstr("on request"));
    EXPECT_EQ(status(folder / "s").stopped_because, "not running");

    const auto second = run_recipe(recipe_text(on), run_options().directory(folder / "s"));
    EXPECT_TRUE(second.complete);
    EXPECT_EQ(second.pages, 301U);
    EXPECT_EQ(lines_of(testing::read_file(folder / "s/out.jsonl")).size(), 301U);
    for (const auto& [path, n] : on.asked) {
        if (path != "/robots.txt") {
            EXPECT_EQ(n, 1) << path;
        }
    }
}

TEST(harvest_run, refuses_a_state_that_is_anothers)
{
    testing::temporary_directory folder;
    site on([](const std::string&) -> http::response { return page("x", {}); });
    run_recipe(recipe_text(on), run_options().directory(folder / "s"));
    try {
        run_recipe(recipe_text(on, "[scope]\ndepth = 1\n"), run_options().directory(folder / "s"));
        FAIL();
    } catch (const error& e) {
        EXPECT_THAT(e.what(), HasSubstr("begun with another recipe"));
    }
    EXPECT_THROW(status(folder / "nothing"), error);
}

TEST(harvest_run, writes_every_kind_of_file)
{
    testing::temporary_directory folder;
    site on([](const std::string& path) -> http::response {
        if (path == "/robots.txt") return http::response(404);
        if (path != "/") return page("p" + path.substr(1), {});
        std::vector<std::string> links;
        for (int i = 0; i < 50; ++i) links.push_back("/" + std::to_string(i));
        return page("start", links);
    });
    const auto text =
        recipe_text(on,
                    "[[output]]\nfile='o/a.jsonl.gz'\n[[output]]\nfile='o/a.jsonl.zst'\n"
                    "[[output]]\nfile='o/a.sqlite'\n");
    const auto done = run_recipe(text, run_options().directory(folder / "s"));
    EXPECT_EQ(done.exit_code, 0);
    const auto plain = lines_of(testing::read_file(folder / "s/out.jsonl"));
    EXPECT_EQ(plain.size(), 51U);
    for (const auto* name : {"s/o/a.jsonl.gz", "s/o/a.jsonl.zst"}) {
        const auto packed = testing::read_file(folder / name);
        const auto data = compress::expand(as_bytes(std::string_view{packed}));
        EXPECT_EQ(lines_of(std::string{as_text(data)}), plain);
    }
    sqlite::database db{folder / "s/o/a.sqlite"};
    auto rows = db.query("SELECT title FROM page ORDER BY title");
    std::vector<std::string> titles;
    while (rows.step()) titles.emplace_back(rows.text(0));
    EXPECT_EQ(titles, plain);
    ASSERT_EQ(done.files.size(), 4U);
    for (const auto& f : done.files) EXPECT_EQ(f.records, 51U) << f.path;
}

TEST(harvest_run, drops_records_with_a_key_that_was_seen)
{
    testing::temporary_directory folder;
    site on([](const std::string& path) -> http::response {
        if (path == "/robots.txt") return http::response(404);
        return page("same", {"/a", "/b"});
    });
    auto text = recipe_text(on);
    text.insert(text.find("[politeness]"), "key = ['title']\n");
    const auto done = run_recipe(text, run_options().directory(folder / "s"));
    EXPECT_EQ(done.pages, 3U);
    EXPECT_EQ(done.records.at(0).written, 1U);
    EXPECT_EQ(done.records.at(0).duplicates, 2U);
}

TEST(harvest_run, stops_when_required_fields_are_missing)
{
    testing::temporary_directory folder;
    site on([](const std::string& path) -> http::response {
        if (path == "/robots.txt") return http::response(404);
        std::vector<std::string> links;
        for (int i = 0; path == "/" && i < 400; ++i) links.push_back("/" + std::to_string(i));
        return page("", links);
    });
    auto text = recipe_text(on);
    text.replace(text.find("xpath = '//h1'"), 14, "xpath = '//h1', required = true");
    const auto done = run_recipe(text, run_options().directory(folder / "s"));
    EXPECT_FALSE(done.complete);
    EXPECT_EQ(done.exit_code, 4);
    EXPECT_THAT(done.stopped_because, HasSubstr("layout has changed"));
    ASSERT_FALSE(done.misses.empty());
    EXPECT_EQ(done.misses[0].name, "page.title");
    EXPECT_FALSE(done.misses[0].samples.empty());
}

TEST(harvest_run, ends_at_its_limit)
{
    testing::temporary_directory folder;
    site on([n = 0](const std::string& path) mutable -> http::response {
        if (path == "/robots.txt") return http::response(404);
        ++n;
        return page("p", {"/" + std::to_string(2 * n), "/" + std::to_string(2 * n + 1)});
    });
    const auto done = run_recipe(recipe_text(on), run_options().directory(folder / "s").limit(20));
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(done.pages, 20U);
}

TEST(harvest_run, leaves_a_full_disk_in_a_state_that_can_go_on)
{
    testing::temporary_directory folder;
    site on([](const std::string& path) -> http::response {
        if (path == "/robots.txt") return http::response(404);
        std::vector<std::string> links;
        for (int i = 0; path == "/" && i < 300; ++i) links.push_back("/" + std::to_string(i));
        return page(path + std::string(200, '.'), links);
    });
    // A limit on the size of files stands for the disk; SIGXFSZ is what a program may ignore.
    const auto before = ::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    ::getrlimit(RLIMIT_FSIZE, &old);
    rlimit small = old;
    small.rlim_cur = 40'000;
    ::setrlimit(RLIMIT_FSIZE, &small);
    EXPECT_THROW(run_recipe(recipe_text(on), run_options().directory(folder / "s")), error);
    ::setrlimit(RLIMIT_FSIZE, &old);
    ::signal(SIGXFSZ, before);
    const auto done =
        run_recipe(recipe_text(on), run_options().directory(folder / "s").fresh(false));
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(done.pages, 301U);
    EXPECT_EQ(lines_of(testing::read_file(folder / "s/out.jsonl")).size(), 301U);
}

TEST(harvest_try, shows_what_one_page_gives)
{
    site on([](const std::string&) -> http::response { return page("one", {"/a", "/b"}); });
    const auto made = ferry::run(try_page(recipe::parse(recipe_text(on), "t.toml"), on.url("/x")));
    EXPECT_EQ(made.at("status").as<int>(), 200);
    EXPECT_EQ(made.at("records").size(), 1U);
    EXPECT_EQ(made.at("records").at(0).at("fields").at("title").as<std::string>(), "one");
    EXPECT_EQ(made.at("links").size(), 2U);
    EXPECT_EQ(made.at("links").at(0).at("url").as<std::string>(), on.url("/a"));
    EXPECT_THROW(ferry::run(try_page(recipe::parse(recipe_text(on), "t.toml"), "ftp://x")), error);
}

}  // namespace
}  // namespace ferry::harvest
