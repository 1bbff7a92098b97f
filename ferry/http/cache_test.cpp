#include "ferry/http/cache.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/compress/encoder.hpp"
#include "ferry/http/detail/cache_policy.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/http_script.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using detail::reuse;
using ferry::testing::answers;
using ferry::testing::fault_server;
using ferry::testing::script;
using ferry::testing::temporary_directory;
using ferry::testing::url_of;
using ::testing::HasSubstr;
using ::testing::Not;

const timestamp noon = http_date::parse("Sun, 06 Nov 1994 12:00:00 GMT");
constexpr std::string_view at_noon = "Sun, 06 Nov 1994 12:00:00 GMT";

headers fields(std::string_view text)
{
    headers all;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        const std::size_t colon = line.find(':');
        if (colon != line.npos) all.add(line.substr(0, colon), line.substr(colon + 1));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

cache::entry entry_of(std::string_view response, int status = 200)
{
    cache::entry e;
    e.status = status;
    e.headers = fields(response);
    if (!e.headers.contains("Date")) e.headers.add("Date", at_noon);
    e.requested = e.received = noon;
    return e;
}

TEST(cache_policy, keeps_what_may_be_kept)
{
    const struct {
        const char* response;
        int status;
        const char* request;
        bool kept;
    } rows[] = {
        {"Cache-Control: max-age=60", 200, "", true},
        {"Cache-Control: max-age=60", 599, "", true},
        {"Cache-Control: max-age=60", 302, "", true},
        {"Cache-Control: max-age=60", 206, "", false},
        {"Cache-Control: max-age=60", 304, "", false},
        {"Cache-Control: max-age=60, no-store", 200, "", false},
        {"Cache-Control: max-age=60", 200, "Cache-Control: no-store", false},
        {"Cache-Control: private, max-age=60", 200, "", true},
        {"Cache-Control: no-cache\nETag: \"a\"", 200, "", true},
        {"Expires: 0\nETag: \"a\"", 200, "", true},
        {"ETag: \"a\"", 200, "", true},
        {"Last-Modified: Sun, 06 Nov 1994 11:00:00 GMT", 404, "", true},
        {"ETag: \"a\"", 302, "", false},
        {"Cache-Control: public\nETag: \"a\"", 302, "", true},
        {"", 200, "", false},
        {"Cache-Control: max-age=60\nVary: *", 200, "", false},
        {"Cache-Control: max-age=60\nVary: A, B", 200, "", true},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(fmt::format("{} {} {}", r.response, r.status, r.request));
        EXPECT_EQ(detail::may_store(fields(r.request), r.status, fields(r.response)), r.kept);
    }
}

TEST(cache_policy, counts_freshness_and_age)
{
    const struct {
        const char* response;
        int status;
        std::chrono::seconds lifetime;
        std::chrono::seconds age;  // a minute after noon
    } rows[] = {
        {"Cache-Control: max-age=60", 200, 60s, 60s},
        {"Cache-Control: max-age=60, s-maxage=5", 200, 60s, 60s},
        {"Cache-Control: max-age=x\nExpires: Sun, 06 Nov 1994 13:00:00 GMT", 200, 0s, 60s},
        {"Cache-Control: max-age=99999999999", 200, std::chrono::seconds(1LL << 31), 60s},
        {"Expires: Sun, 06 Nov 1994 13:00:00 GMT", 200, 3600s, 60s},
        {"Expires: 0", 200, 0s, 60s},
        {"Expires: -1", 200, 0s, 60s},
        {"Expires: Sun, 06 Nov 1994 11:00:00 GMT", 200, 0s, 60s},
        {"Last-Modified: Sun, 06 Nov 1994 11:00:00 GMT", 200, 360s, 60s},
        {"Last-Modified: Sun, 06 Nov 1994 11:00:00 GMT", 302, 0s, 60s},
        {"Last-Modified: Sun, 06 Nov 1994 11:00:00 GMT\nCache-Control: no-cache", 200, 0s, 60s},
        {"Cache-Control: max-age=60\nAge: 30", 200, 60s, 90s},
        {"Cache-Control: max-age=60\nAge: x", 200, 60s, 60s},
        {"Cache-Control: max-age=60\nDate: Sun, 06 Nov 1994 11:59:00 GMT", 200, 60s, 120s},
        {"Cache-Control: max-age=60\nDate: Sun, 06 Nov 1994 12:30:00 GMT", 200, 60s, 60s},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.response);
        const auto e = entry_of(r.response, r.status);
        EXPECT_EQ(detail::freshness_lifetime(e), r.lifetime);
        EXPECT_EQ(detail::current_age(e, noon + 60s), r.age);
    }
    auto slow = entry_of("Cache-Control: max-age=60");
    slow.requested -= 10s;
    EXPECT_EQ(detail::current_age(slow, noon), 10s);
}

TEST(cache_policy, plans_reuse)
{
    const struct {
        const char* response;
        const char* request;
        std::chrono::seconds after;
        reuse plan;
    } rows[] = {
        {"Cache-Control: max-age=60", "", 59s, reuse::fresh},
        {"Cache-Control: max-age=60", "", 60s, reuse::validate},
        {"Cache-Control: max-age=60, no-cache", "", 1s, reuse::validate},
        {"Cache-Control: max-age=60", "Cache-Control: no-cache", 1s, reuse::validate},
        {"Cache-Control: max-age=60", "Pragma: no-cache", 1s, reuse::validate},
        {"Cache-Control: max-age=60", "Pragma: no-cache\nCache-Control: max-age=9", 1s,
         reuse::fresh},
        {"Cache-Control: max-age=60", "Cache-Control: no-store", 1s, reuse::never},
        {"Cache-Control: max-age=60", "Cache-Control: max-age=5", 5s, reuse::fresh},
        {"Cache-Control: max-age=60", "Cache-Control: max-age=5", 6s, reuse::validate},
        {"Cache-Control: max-age=60", "Cache-Control: min-fresh=10", 50s, reuse::fresh},
        {"Cache-Control: max-age=60", "Cache-Control: min-fresh=10", 51s, reuse::validate},
        {"Cache-Control: max-age=60", "Cache-Control: max-stale=10", 70s, reuse::fresh},
        {"Cache-Control: max-age=60", "Cache-Control: max-stale=10", 71s, reuse::validate},
        {"Cache-Control: max-age=60", "Cache-Control: max-stale", 9999s, reuse::fresh},
        {"Cache-Control: max-age=60, must-revalidate", "Cache-Control: max-stale", 61s,
         reuse::validate},
        {"Cache-Control: max-age=60, stale-while-revalidate=10", "", 70s, reuse::while_validating},
        {"Cache-Control: max-age=60, stale-while-revalidate=10", "", 71s, reuse::validate},
        {"Cache-Control: max-age=60, stale-while-revalidate=10, must-revalidate", "", 65s,
         reuse::validate},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(fmt::format("{} | {} | {}", r.response, r.request, r.after.count()));
        EXPECT_EQ(detail::plan_reuse(entry_of(r.response), fields(r.request), noon + r.after),
                  r.plan);
    }
}

TEST(cache_policy, stands_in_for_failures)
{
    const auto with = entry_of("Cache-Control: max-age=60, stale-if-error=30");
    EXPECT_TRUE(detail::may_stand_in(with, {}, noon + 90s));
    EXPECT_FALSE(detail::may_stand_in(with, {}, noon + 91s));
    const auto without = entry_of("Cache-Control: max-age=60");
    EXPECT_FALSE(detail::may_stand_in(without, {}, noon + 61s));
    EXPECT_TRUE(
        detail::may_stand_in(without, fields("Cache-Control: stale-if-error=5"), noon + 65s));
    const auto strict = entry_of("Cache-Control: max-age=60, stale-if-error=30, must-revalidate");
    EXPECT_FALSE(detail::may_stand_in(strict, {}, noon + 61s));
}

TEST(cache_policy, tells_variants_apart)
{
    const std::vector<std::string> vary = *detail::vary_of(fields("Vary: Accept, X-A\nvary: x-a"));
    EXPECT_EQ(vary, (std::vector<std::string>{"accept", "x-a"}));
    const auto of = [&](std::string_view request) {
        return detail::variant_of(vary, fields(request));
    };
    EXPECT_EQ(of("Accept: a\nX-B: 1"), of("accept: a"));
    EXPECT_NE(of("Accept: a"), of("Accept: b"));
    EXPECT_NE(of("Accept: a"), of("X-A: a"));
    EXPECT_NE(of("Accept: a\nAccept: b"), of("Accept: a"));
    EXPECT_NE(of("Authorization: x"), of("Authorization: y"));
}

TEST(cache_policy, refreshes_an_entry_by_a_304)
{
    auto e =
        entry_of("Cache-Control: max-age=60\nETag: \"a\"\nX-Old: 1\nAge: 50\nContent-Type: t/x");
    EXPECT_TRUE(detail::refresh(
        e, fields("Cache-Control: max-age=5\nETag: W/\"a\"\nX-Old: 2\nContent-Length: 7"), noon,
        noon + 1s));
    EXPECT_EQ(e.headers["X-Old"], "2");
    EXPECT_EQ(e.headers["Content-Type"], "t/x");
    EXPECT_FALSE(e.headers.contains("Age"));
    EXPECT_FALSE(e.headers.contains("Content-Length"));
    EXPECT_EQ(e.received, noon + 1s);
    EXPECT_FALSE(detail::refresh(e, fields("ETag: \"b\""), noon, noon));
    EXPECT_EQ(
        detail::storable_fields(fields("Connection: X-A\nX-A: 1\nSet-Cookie: a=b\nX-B: 2")).size(),
        1U);
}

cache::entry stored(const std::string& url, const std::string& variant, std::size_t size = 10)
{
    cache::entry e;
    e.url = url;
    e.variant = variant;
    e.vary = {"accept", "x-a"};
    e.reason = "Fine";
    e.headers = headers("ETag", "\"a\"", "X-A", "1", "X-A", "2");
    e.body = buffer(std::string(size, 'x'));
    e.requested = noon;
    e.received = noon + 1s;
    return e;
}

TEST(cache_store, keeps_entries_and_forgets_the_oldest)
{
    const temporary_directory dir;
    const cache::option options[] = {cache::memory(10'000), cache::sqlite(dir / "c.db", 10'000)};
    for (const cache::option& o : options) {
        cache::store& s = *o.in();
        SCOPED_TRACE(s.blocks());
        s.put(stored("u", "1"));
        s.put(stored("u", "2"));
        s.put(stored("u", "2", 20));
        const auto found = s.find("u");
        ASSERT_EQ(found.size(), 2U);
        const auto& second = found[0].variant == "2" ? found[0] : found[1];
        EXPECT_EQ(second.body.size(), 20U);
        EXPECT_EQ(second.vary, (std::vector<std::string>{"accept", "x-a"}));
        EXPECT_EQ(second.headers, stored("u", "2").headers);
        EXPECT_EQ(second.received, noon + 1s);
        s.erase("u");
        EXPECT_TRUE(s.find("u").empty());
        for (int i = 0; i < 20; ++i) s.put(stored(fmt::format("u{}", i), "1", 1000));
        EXPECT_TRUE(s.find("u0").empty());
        EXPECT_FALSE(s.find("u19").empty());
        s.clear();
        EXPECT_TRUE(s.find("u19").empty());
    }
    EXPECT_EQ(std::filesystem::status(dir / "c.db").permissions() & std::filesystem::perms(0777),
              std::filesystem::perms(0600));
    cache::sqlite(dir / "d.db").in()->put(stored("kept", "1"));
    EXPECT_EQ(cache::sqlite(dir / "d.db").in()->find("kept").size(), 1U);
}

std::string answer_with(std::string_view fields, std::string_view body = "ok")
{
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), fields,
                       body);
}

const std::string not_modified = "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n";

std::size_t requests(const fault_server& server)
{
    std::size_t count = 0;
    const std::string& got = server.received(0);
    for (std::size_t at = got.find("\r\n\r\n"); at != got.npos; at = got.find("\r\n\r\n", at + 4)) {
        ++count;
    }
    return count;
}

TEST(session_cache, answers_what_is_fresh)
{
    const temporary_directory dir;
    for (const cache::option& store : {cache::memory(), cache::sqlite(dir / "c.db")}) {
        fault_server server(answers({answer_with("Cache-Control: max-age=60\r\n")}));
        session api(store);
        const auto first = run(api.get(url_of(server, "/?a#x")));
        EXPECT_FALSE(first.from_cache());
        for (int i = 0; i < 3; ++i) {
            const auto again = run(api.get(url_of(server, "/?a#y")));
            EXPECT_TRUE(again.from_cache());
            EXPECT_EQ(again.text(), "ok");
            EXPECT_TRUE(again.headers.contains("Age"));
        }
        EXPECT_EQ(requests(server), 1U);
    }
}

TEST(session_cache, validates_what_is_stale)
{
    fault_server server(answers({answer_with("Cache-Control: no-cache\r\nETag: \"a\"\r\n"),
                                 not_modified, answer_with("ETag: \"b\"\r\n", "new")}));
    session api(cache::memory());
    run(api.get(url_of(server)));
    const auto second = run(api.get(url_of(server)));
    EXPECT_TRUE(second.from_cache());
    EXPECT_EQ(second.status, 200);
    EXPECT_EQ(second.text(), "ok");
    EXPECT_THAT(server.received(0), HasSubstr("If-None-Match: \"a\"\r\n"));
    const auto third = run(api.get(url_of(server)));
    EXPECT_FALSE(third.from_cache());
    EXPECT_EQ(third.text(), "new");
}

TEST(session_cache, keeps_what_is_coded_and_decodes_it_again)
{
    const std::string packed = to_string(compress::gzip(as_bytes(std::string("the text"))));
    fault_server server(
        answers({answer_with("Cache-Control: max-age=60\r\nContent-Encoding: gzip\r\n", packed)}));
    session api(cache::memory());
    EXPECT_EQ(run(api.get(url_of(server))).text(), "the text");
    const auto again = run(api.get(url_of(server)));
    EXPECT_TRUE(again.from_cache());
    EXPECT_EQ(again.text(), "the text");
}

TEST(session_cache, tells_variants_apart)
{
    fault_server server(
        answers({answer_with("Cache-Control: max-age=60\r\nVary: X-A\r\n", "one"),
                 answer_with("Cache-Control: max-age=60\r\nVary: X-A\r\n", "two"),
                 answer_with("Cache-Control: max-age=60\r\nVary: X-A\r\n", "secret")}));
    session api(cache::memory());
    const auto get = [&](const char* a) { return run(api.get(url_of(server), headers("X-A", a))); };
    EXPECT_EQ(get("1").text(), "one");
    EXPECT_EQ(get("2").text(), "two");
    EXPECT_EQ(get("1").text(), "one");
    EXPECT_TRUE(get("2").from_cache());
    EXPECT_EQ(
        run(api.get(url_of(server), headers("X-A", "1"), basic_auth("somebody", "else"))).text(),
        "secret");
}

TEST(session_cache, is_invalidated_by_what_changes_things)
{
    const std::string fresh = answer_with("Cache-Control: max-age=60\r\n");
    fault_server server(answers({fresh, fresh, answer_with("Location: /b\r\n"), fresh, fresh}));
    session api(cache::memory());
    run(api.get(url_of(server, "/a")));
    run(api.get(url_of(server, "/b")));
    run(api.post(url_of(server, "/a"), body("x")));
    EXPECT_FALSE(run(api.get(url_of(server, "/a"))).from_cache());
    EXPECT_FALSE(run(api.get(url_of(server, "/b"))).from_cache());
    EXPECT_TRUE(run(api.get(url_of(server, "/b"))).from_cache());
}

TEST(session_cache, stands_in_for_a_server_that_fails)
{
    const std::string stale =
        answer_with("Cache-Control: max-age=0, stale-if-error=60\r\nETag: \"a\"\r\n");
    session api(cache::memory());
    std::string where;
    {
        fault_server server({answers({stale, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"})});
        where = url_of(server);
        run(api.get(where));
        const auto r = run(api.get(where));
        EXPECT_EQ(r.status, 200);
        EXPECT_TRUE(r.from_cache());
    }
    EXPECT_EQ(run(api.get(where)).text(), "ok");
    EXPECT_THROW(run(api.get(where, headers("Cache-Control", "no-cache"))), connection_error);
}

awaitable<void> get_twice_and_wait(session* api, std::string where, const fault_server* server)
{
    co_await api->get(where);
    const auto stale = co_await api->get(where);
    EXPECT_TRUE(stale.from_cache());
    while (requests(*server) < 2) co_await sleep(1ms);
    for (;;) {
        const auto r = co_await api->get(where);
        if (r.text() == "new") break;
        co_await sleep(1ms);
    }
}

TEST(session_cache, validates_in_the_background_where_it_may)
{
    fault_server server(answers(
        {answer_with("Cache-Control: max-age=0, stale-while-revalidate=60\r\nETag: \"a\"\r\n"),
         answer_with("Cache-Control: max-age=60\r\n", "new")}));
    session api(cache::memory(), limits().per_host(1));
    run(ferry::timeout(10s, get_twice_and_wait(&api, url_of(server), &server)));
    EXPECT_EQ(requests(server), 2U);
    EXPECT_THAT(server.received(0), HasSubstr("If-None-Match: \"a\"\r\n"));
}

TEST(session_cache, heeds_the_requests_own_words)
{
    const std::string fresh = answer_with("Cache-Control: max-age=60\r\n");
    fault_server server(answers({fresh, fresh, fresh}));
    session api(cache::memory());
    const auto get = [&](const char* words) {
        return run(api.get(url_of(server), headers("Cache-Control", words)));
    };
    EXPECT_EQ(get("only-if-cached").status, 504);
    run(api.get(url_of(server)));
    EXPECT_EQ(get("only-if-cached").status, 200);
    EXPECT_FALSE(get("no-store").from_cache());
    EXPECT_FALSE(get("no-cache").from_cache());
    EXPECT_EQ(requests(server), 3U);
}

TEST(session_cache, lets_ranges_and_conditions_pass)
{
    const std::string fresh = answer_with("Cache-Control: max-age=60\r\nETag: \"a\"\r\n");
    fault_server server(answers({fresh, fresh, not_modified}));
    session api(cache::memory());
    run(api.get(url_of(server)));
    EXPECT_FALSE(run(api.get(url_of(server), headers("Range", "bytes=0-1"))).from_cache());
    EXPECT_EQ(run(api.get(url_of(server), headers("If-None-Match", "\"a\""))).status, 304);
}

TEST(session_cache, does_not_keep_what_is_cut_off_or_too_long)
{
    fault_server server(
        {script()
             .receive_until("\r\n\r\n")
             .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nCache-Control: "
                   "max-age=60\r\n\r\nok"),
         answers({answer_with("Cache-Control: max-age=60\r\n", std::string(2000, 'x')),
                  answer_with("Cache-Control: max-age=60\r\n")})});
    session api(cache::memory(8000));
    EXPECT_THROW(run(api.get(url_of(server))), incomplete_body);
    EXPECT_FALSE(run(api.get(url_of(server))).from_cache());
    EXPECT_FALSE(run(api.get(url_of(server))).from_cache());
    EXPECT_TRUE(run(api.get(url_of(server))).from_cache());
}

TEST(session_cache, keeps_permanent_redirects)
{
    fault_server server(answers(
        {"HTTP/1.1 301 Moved\r\nLocation: /b\r\nCache-Control: max-age=60\r\nContent-Length: "
         "2\r\n\r\nno",
         answer_with("Cache-Control: no-store\r\n"), answer_with("")}));
    session api(cache::memory());
    EXPECT_FALSE(run(api.get(url_of(server, "/a"))).history[0].from_cache());
    const auto second = run(api.get(url_of(server, "/a")));
    EXPECT_TRUE(second.history[0].from_cache());
    EXPECT_FALSE(second.from_cache());
    EXPECT_EQ(requests(server), 3U);
}

}  // namespace
}  // namespace ferry::http
