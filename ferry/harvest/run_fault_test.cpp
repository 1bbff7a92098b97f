#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/compress/compress.hpp"
#include "ferry/documents/json_lines.hpp"
#include "ferry/harvest/run.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>

namespace ferry::harvest {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::fault_server;
using ::testing::HasSubstr;
using testing::script;

script answers(const std::string& bytes)
{
    return script().receive_until("\r\n\r\n").send(bytes);
}

std::string head(const std::string& fields, const std::string& type = "text/html; charset=utf-8")
{
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: " + type + "\r\n" + fields +
           "\r\n";
}

std::string whole(const std::string& body, const std::string& type = "text/html; charset=utf-8")
{
    return head("Content-Length: " + std::to_string(body.size()) + "\r\n", type) + body;
}

std::string host(const fault_server& s)
{
    return "127.0.0.1:" + std::to_string(s.port());
}

/// One page that links to servers, each with a fault of its own, and to one that is well.
class hub {
public:
    void add(script one) { servers_.emplace_back(std::move(one)); }
    const fault_server& server(std::size_t i) const { return servers_.at(i); }

    report harvest(const std::string& more, std::vector<std::string> hosts = {},
                   run_options with = run_options())
    {
        const fault_server fine{answers(whole("<h1>fine</h1>"))};
        hosts.push_back(host(fine));
        for (const auto& s : servers_) hosts.push_back(host(s));
        std::string start_page = "<h1>start</h1>";
        for (const auto& h : hosts) start_page += "<a href='http://" + h + "/'>x</a>";
        const fault_server start{answers(whole(start_page))};
        std::string list = '\'' + host(start) + '\'';
        for (const auto& h : hosts) list += ", '" + h + '\'';
        const auto text =
            "[harvest]\nname = 'test'\nuser_agent = 'test/1.0'\n[[start]]\nurl = "
            "'http://" +
            host(start) + "/'\n[scope]\nhosts = [" + list +
            "]\nprivate_addresses = 'yes'\n[page.page]\nfollow = [{ xpath = '//a' "
            "}]\n[page.page.record.page]\nfields.title = { xpath = '//h1' }\n"
            "[politeness]\nrobots = 'ignore'\ndelay = '0ms'\n[[output]]\n"
            "file = 'out.jsonl'\n" +
            more;
        auto running = run(recipe::parse(text, "test.toml"), with.directory(folder_ / "s"));
        return ferry::run(timeout(20s, std::move(running)));
    }

    std::vector<std::string> titles() const
    {
        std::vector<std::string> all;
        const auto text = testing::read_file(folder_ / "s/out.jsonl");
        for (const auto& row : json::lines(text)) {
            all.push_back(row.at("title").to<std::string>());
        }
        std::sort(all.begin(), all.end());
        return all;
    }

private:
    testing::temporary_directory folder_;
    std::deque<fault_server> servers_;
};

/// "cause: url (detail)" of a page that failed, or nothing.
std::string failure_at(const report& r, const std::string& host)
{
    for (const auto& cause : r.failures) {
        for (const auto& sample : cause.samples) {
            if (sample.starts_with("http://" + host + '/')) return cause.name + ": " + sample;
        }
    }
    return {};
}

TEST(harvest_fault, every_bad_page_is_counted_with_its_reason_and_the_run_goes_on)
{
    const std::string chunked = "Transfer-Encoding: chunked\r\n";
    const bytes bomb = compress::gzip(as_bytes(std::string_view{std::string(5'000'000, ' ')}));
    const std::string packed{as_text(bomb)};
    const std::string gzip = "Content-Encoding: gzip\r\nContent-Length: ";
    const struct {
        const char* name;
        script plays;
        const char* cause;
        bool again;  ///< tried as often as the recipe says
    } rows[] = {
        {"ends early", answers(head("Content-Length: 99\r\n") + "<h1>half"), "truncated", true},
        {"ends in a chunk", answers(head(chunked) + "ff\r\n<h1>half"), "truncated", true},
        {"ends without the last chunk", answers(head(chunked) + "4\r\n<h1>\r\n"), "truncated",
         true},
        {"ends in its head", answers("HTTP/1.1 200 OK\r\nContent-"), "no connection", true},
        {"says nothing", answers(""), "no connection", true},
        {"resets", answers("").reset(), "no connection", true},
        {"announces too much", answers(head("Content-Length: 200001\r\n")), "too large", false},
        {"sends too much", answers(head("") + std::string(300'000, 'x')), "too large", false},
        {"expands to too much",
         answers(head(gzip + std::to_string(packed.size()) + "\r\n") + packed), "too large", false},
        {"is not gzip", answers(head(gzip + "4\r\n") + "ferr"), "undecodable body", false},
        {"is not HTTP", answers("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "protocol error", false},
        {"is an image", answers(whole("GIF89a", "image/gif")), "not HTML", false},
        {"is a program",
         answers(whole(std::string("\x7f"
                                   "ELF\2\1\1\0\0\0",
                                   10))),
         "binary data", false},
        {"is empty", answers(whole("")), "empty page", false},
    };
    hub on;
    for (const auto& r : rows) on.add(r.plays);
    on.add(answers(whole("<h1>caf\xE9 \xC3\x28 \xF0\x9F</h1>")));
    const auto done = on.harvest(
        "[http]\nmax_body = 200000\ntimeout.total = '10s'\n[retry]\ntimes = 2\n"
        "backoff = '1ms..2ms'\n");
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(done.exit_code, 0);
    EXPECT_EQ(done.pages, 3U);
    EXPECT_EQ(done.misencoded, 1U);
    EXPECT_EQ(done.failed, std::size(rows));
    std::size_t i = 0;
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const auto& server = on.server(i++);
        EXPECT_THAT(failure_at(done, host(server)), HasSubstr(std::string{r.cause} + ": http://"));
        EXPECT_EQ(server.connections(), r.again ? 3U : 1U);
    }
    const std::string lost = "\xEF\xBF\xBD";
    EXPECT_THAT(on.titles(), ElementsAre("caf" + lost + ' ' + lost + "( " + lost, "fine", "start"));
}

TEST(harvest_fault, pages_that_never_end_run_into_the_time_limit)
{
    hub on;
    on.add(answers(head("")).drip("x", 5ms));
    on.add(answers(head("Transfer-Encoding: chunked\r\n")).drip("1\r\nx\r\n", 5ms));
    on.add(answers("HTTP/1.1 200 OK\r\n").drip("A: b\r\n", 5ms));
    on.add(answers("").stay_silent());
    const auto done =
        on.harvest("[http]\ntimeout.total = '250ms'\n[retry]\ntimes = 1\nbackoff = '1ms..2ms'\n");
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(done.failed, 4U);
    EXPECT_EQ(done.retries, 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        SCOPED_TRACE(i);
        EXPECT_THAT(failure_at(done, host(on.server(i))), HasSubstr("timeout: http://"));
        EXPECT_EQ(on.server(i).connections(), 2U);
    }
    EXPECT_THAT(on.titles(), ElementsAre("fine", "start"));
}

TEST(harvest_fault, a_server_that_is_down_is_tried_again_ever_later_and_then_listed)
{
    std::string down;
    {
        const fault_server gone{script()};
        down = host(gone);
    }
    ferry::run(yield_now());  // in which its socket is closed
    hub on;
    const auto begin = std::chrono::steady_clock::now();
    const auto done = on.harvest("[retry]\ntimes = 3\nbackoff = '20ms..1s'\n", {down});
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 20ms + 40ms + 80ms);
    EXPECT_TRUE(done.complete);
    EXPECT_EQ(done.failed, 1U);
    EXPECT_EQ(done.retries, 3U);
    EXPECT_THAT(failure_at(done, down), HasSubstr("no connection: http://" + down));
    EXPECT_THAT(failure_at(done, down), HasSubstr("refused"));
    EXPECT_THAT(on.titles(), ElementsAre("fine", "start"));
}

TEST(harvest_fault, a_server_that_comes_back_in_time_gives_its_page)
{
    hub on;
    const fault_server recovers{
        std::vector<script>{answers("").reset(),
                            answers("HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Length: 0\r\n"
                                    "\r\n"),
                            answers(whole("<h1>back</h1>"))}};
    const auto done = on.harvest("[retry]\ntimes = 2\nbackoff = '1ms..2ms'\n", {host(recovers)});
    EXPECT_EQ(done.failed, 0U);
    EXPECT_EQ(done.retries, 2U);
    EXPECT_THAT(on.titles(), ElementsAre("back", "fine", "start"));
}

TEST(harvest_fault, workers_that_cannot_live_end_the_run)
{
    hub on;
    try {
        on.harvest({}, {}, run_options().workers(6).worker_command({"/bin/false"}));
        FAIL() << "no error";
    } catch (const error& e) {
        EXPECT_THAT(e.what(), HasSubstr("workers die again and again"));
    }
}

}  // namespace
}  // namespace ferry::harvest
