#include "ferry/http/sse.hpp"

#include "ferry/async/run.hpp"
#include "ferry/http/detail/sse_parser.hpp"
#include "ferry/http/error.hpp"
#include "ferry/testing/http_script.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using ferry::testing::answer;
using ferry::testing::fault_server;
using ferry::testing::script;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> parse(std::string_view text, std::size_t piece)
{
    detail::sse_parser parser(1000);
    std::vector<std::string> all;
    while (!text.empty()) {
        parser.feed(text.substr(0, piece));
        text.remove_prefix(std::min(piece, text.size()));
        while (const auto e = parser.next()) {
            all.push_back(e->event + "|" + e->data + "|" + e->id +
                          (e->retry ? "|" + std::to_string(e->retry->count()) : ""));
        }
    }
    return all;
}

TEST(sse_parser, reads_what_the_standard_shows)
{
    using events = std::vector<std::string>;
    const struct {
        const char* name;
        std::string text;
        events wanted;
    } rows[] = {
        {"two lines", "data: YHOO\ndata: +2\ndata: 10\n\n", {"message|YHOO\n+2\n10|"}},
        {"comment, id, id taken away",
         ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third "
         "event\n\n",
         {"message|first event|1", "message|second event|", "message| third event|"}},
        {"empty data", "data\n\ndata\ndata\n\ndata:", {"message||", "message|\n|"}},
        {"blank after the colon",
         "data:test\n\ndata: test\n\n",
         {"message|test|", "message|test|"}},
        {"type", "event: add\ndata: 73857293\n\ndata: x\n\n", {"add|73857293|", "message|x|"}},
        {"type without data", "event: add\n\ndata: x\n\n", {"message|x|"}},
        {"CR and CR LF",
         "data: a\r\rdata: b\r\n\r\ndata: c\n\n",
         {"message|a|", "message|b|", "message|c|"}},
        {"BOM",
         "\xef\xbb\xbf"
         "data: a\n\n\xef\xbb\xbf"
         "data: b\n\n",
         {"message|a|"}},
        {"half a BOM",
         "\xef\xbb"
         "data: a\n\n",
         {}},
        {"unknown field", "what: ever\ndata: a\n: data: b\n\n", {"message|a|"}},
        {"id with NUL",
         std::string("id: a\ndata: x\n\nid: b\0c\ndata: y\n\n", 32),
         {"message|x|a", "message|y|a"}},
        {"retry",
         "retry: 1000\ndata: x\n\nretry: 1s\ndata: y\n\n",
         {"message|x||1000", "message|y|"}},
        {"retry alone", "retry: 50\n\ndata: x\n\n", {"message|x||50"}},
        {"not UTF-8", "data: \xff\n\n", {"message|\xef\xbf\xbd|"}},
        {"not ended", "data: a\n\ndata: b\n", {"message|a|"}},
        {"nothing", "\n\n\n", {}},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        for (const std::size_t piece : {1, 2, 3, 1000}) EXPECT_EQ(parse(r.text, piece), r.wanted);
    }
}

TEST(sse_parser, has_a_limit)
{
    EXPECT_THROW(parse("data: " + std::string(1001, 'x'), 7), limit_error);
    std::string many;
    for (int i = 0; i < 200; ++i) many += "data: 01234567\n";
    EXPECT_THROW(parse(many, 7), limit_error);
}

std::string opened(std::string_view events)
{
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n" +
           std::string(events);
}

awaitable<std::vector<std::string>> read_all(std::string from, int max_failures)
{
    session api;
    auto events = sse(api, std::move(from)).reconnect_after(1ms).max_failures(max_failures);
    std::vector<std::string> all;
    for (;;) {
        const auto e = co_await events.next();
        if (!e) break;
        all.push_back(e->data);
    }
    co_return all;
}

TEST(sse, reconnects_where_it_was)
{
    fault_server server({answer(opened("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: lost")),
                         script().receive_until("\r\n\r\n").send(opened("data: c\n\n")).reset(),
                         answer(opened("id\ndata: d\n\n")),
                         answer("HTTP/1.1 204 No Content\r\n\r\n")});
    EXPECT_THAT(run(read_all(url_of(server), 3)), ElementsAre("a", "b", "c", "d"));
    EXPECT_THAT(server.received(0), HasSubstr("Accept: text/event-stream\r\n"));
    EXPECT_EQ(server.received(0).find("Last-Event-ID"), std::string::npos);
    EXPECT_THAT(server.received(1), HasSubstr("Last-Event-ID: 2\r\n"));
    EXPECT_THAT(server.received(2), HasSubstr("Last-Event-ID: 2\r\n"));
    EXPECT_EQ(server.received(3).find("Last-Event-ID"), std::string::npos);
}

TEST(sse, ends_with_the_connection_if_it_may_not_reconnect)
{
    const fault_server server(answer(opened("data: a\n\n")));
    EXPECT_THAT(run(read_all(url_of(server), 0)), ElementsAre("a"));
}

TEST(sse, gives_up_after_failures)
{
    const fault_server server(script().receive_until("\r\n\r\n").reset());
    EXPECT_THROW(run(read_all(url_of(server), 2)), connection_error);
    EXPECT_GE(server.connections(), 3U);
}

TEST(sse, refuses_what_is_no_event_stream)
{
    const fault_server html(
        answer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx"));
    EXPECT_THROW(run(read_all(url_of(html), 2)), protocol_error);
    const fault_server none(answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_THROW(run(read_all(url_of(none), 2)), status_error);
}

TEST(sse, can_be_told_where_to_begin)
{
    fault_server server(answer(opened("data: a\n\n")));
    session api;
    auto events = sse(api, url_of(server), headers("X-A", "b")).last_event_id("7");
    EXPECT_EQ(run(events.next())->id, "7");
    EXPECT_EQ(events.last_event_id(), "7");
    EXPECT_THAT(server.received(0), HasSubstr("X-A: b\r\n"));
    EXPECT_THAT(server.received(0), HasSubstr("Last-Event-ID: 7\r\n"));
}

}  // namespace
}  // namespace ferry::http
