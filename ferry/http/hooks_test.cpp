#include "ferry/http/hooks.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/http_script.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using ::testing::ElementsAre;
using testing::fault_server;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ok_response;
using testing::script;
using testing::url_of;

TEST(hooks, are_told_what_happens_in_its_order)
{
    fault_server server(answers({
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok_response,
    }));
    std::vector<std::string> told;
    const auto note = [&told](const std::string& what) { told.push_back(what); };
    session api(retry(1).backoff(1ms), on_request([&](outgoing& q) {
                    note(fmt::format("request {} {} {}", q.attempt(), q.method(), q.url().path()));
                }),
                on_response([&](const outgoing&, const response& r) {
                    note(fmt::format("response {}", r.status));
                }),
                on_redirect([&](const outgoing&, const response&, const url& to) {
                    note("redirect " + std::string(to.path()));
                }),
                on_retry([&](const outgoing&, const retry_event& e) {
                    note(fmt::format("retry {} {}", e.attempt, e.status));
                }),
                on_informational([&](const outgoing&, const response& r) {
                    note(fmt::format("early {} {}", r.status, r.headers["Link"]));
                }),
                on_error([&](const outgoing&, const error&) { note("error"); }),
                on_done([&](const outgoing&, const response& r) { note("done " + r.text()); }));
    run(api.get(url_of(server, "/a")));
    EXPECT_THAT(told, ElementsAre("request 1 GET /a", "response 503", "retry 1 503",
                                  "request 2 GET /a", "response 302", "redirect /b",
                                  "request 3 GET /b", "early 103 </x>", "response 200", "done ok"));
}

TEST(hooks, may_wait_set_fields_and_refuse)
{
    fault_server server(answers({ok_response, ok_response}));
    std::string whole;
    session api(headers("X-Api-Key", "k"), on_request([](outgoing& q) -> awaitable<void> {
                    co_await ferry::sleep(1ms);
                    q.set("X-Signed", "by session");
                }),
                on_request([&whole](outgoing& q) {
                    for (const auto [name, content] : q.prepared().headers) {
                        whole += fmt::format("{}: {}; ", name, content);
                    }
                }));
    run(api.get(url_of(server), headers("x-signed", "by caller"), basic_auth("u", "p")));
    EXPECT_THAT(whole, HasSubstr("Accept: */*; "));
    EXPECT_THAT(whole, HasSubstr("X-Api-Key: k; X-Signed: by session; Authorization: Basic "));
    EXPECT_THAT(server.received(0), HasSubstr("X-Signed: by session\r\n"));
    EXPECT_THAT(server.received(0), Not(HasSubstr("by caller")));
    int seen = 0;
    const auto refuse = on_response(
        [](const outgoing&, const response&) { throw error(ferry::errc::denied, "not this one"); });
    try {
        run(api.get(url_of(server), refuse, on_error([&](const outgoing&, const error& e) {
                        ++seen;
                        EXPECT_THAT(e.what(), HasSubstr("not this one"));
                    })));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(std::string(e.what()), "GET " + url_of(server) + ": not this one");
    }
    EXPECT_EQ(seen, 1);
}

TEST(hooks, of_the_session_come_before_those_of_the_request)
{
    fault_server server(answers({ok_response}));
    std::string order;
    session api(on_done([&](const outgoing&, const response&) { order += "1"; }),
                on_done([&](const outgoing&, const response&) { order += "2"; }));
    run(api.get(url_of(server), on_done([&](const outgoing&, const response&) { order += "3"; })));
    EXPECT_EQ(order, "123");
}

TEST(hooks, see_the_end_of_a_stream_and_its_failure)
{
    fault_server server(std::vector<script>{
        answers({ok_response}), script()
                                    .receive_until("\r\n\r\n")
                                    .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")});
    std::string order;
    session api(on_done([&](const outgoing&, const response&) { order += "done "; }),
                on_error([&](const outgoing&, const error&) { order += "error "; }));
    const auto drain = [](session* s, std::string at) -> awaitable<void> {
        auto stream = co_await s->stream("GET", std::move(at));
        for (;;) {
            const auto part = co_await stream.next();
            if (!part) break;
        }
    };
    run(drain(&api, url_of(server)));
    server.connections();
    session other(on_error([&](const outgoing&, const error&) { order += "error "; }));
    EXPECT_THROW(run(drain(&other, url_of(server))), incomplete_body);
    EXPECT_EQ(order, "done error ");
}

TEST(log, has_one_line_a_request_without_secrets)
{
    std::vector<std::string> lines;
    log::set_sink([&](const log::record& r) {
        if (r.message.starts_with("http request")) lines.push_back(log::line(r));
    });
    log::set_level(log::level::info);
    fault_server server(answers({ok_response}));
    session api{traceparent()};
    run(api.get(fmt::format("http://u:secret@127.0.0.1:{}/x", server.port())));
    EXPECT_THROW(run(api.get("http://u:secret@127.0.0.1:1/x")), connection_error);
    log::set_level(log::level::warning);
    log::set_sink({});
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], ::testing::MatchesRegex(
                              fmt::format("http request method=GET url=http://127.0.0.1:{}/x "
                                          "status=200 attempts=1 received=2 elapsed=[0-9]+us "
                                          "trace=[0-9a-f]+",
                                          server.port())));
    EXPECT_THAT(lines[1], HasSubstr("http request failed method=GET url=http://127.0.0.1:1/x "
                                    "attempts=1 received=0 elapsed="));
    EXPECT_THAT(lines[1], HasSubstr("failure=\"GET http://127.0.0.1:1/x: connect"));
    for (const std::string& l : lines) EXPECT_THAT(l, Not(HasSubstr("secret")));
}

TEST(traceparent, joins_attempts_in_one_trace)
{
    fault_server server(answers({"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", ok_response}));
    session api(traceparent(), retry(1).backoff(1ms));
    run(api.get(url_of(server)));
    const std::string& sent = server.received(0);
    const auto field = [&](std::size_t from) {
        const std::size_t at = sent.find("traceparent: 00-", from);
        return std::pair(at, sent.substr(at + 16, 32 + 1 + 16 + 3));
    };
    const auto [first_at, first] = field(0);
    const auto [second_at, second] = field(first_at + 1);
    ASSERT_NE(second_at, sent.npos);
    EXPECT_EQ(first.substr(0, 32), second.substr(0, 32));
    EXPECT_NE(first.substr(33, 16), second.substr(33, 16));
    EXPECT_EQ(first.substr(49), "-01");
}

TEST(traceparent, goes_on_with_the_callers_trace_and_checks_it)
{
    const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    fault_server server(answers({ok_response}));
    session api;
    run(api.get(url_of(server), traceparent(parent)));
    EXPECT_THAT(server.received(0), HasSubstr("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    EXPECT_THAT(server.received(0), Not(HasSubstr("00f067aa0ba902b7")));
    for (const char* bad : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                            "00-00000000000000000000000000000000-00f067aa0ba902b7-00",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-00",
                            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
                            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-00",
                            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"}) {
        SCOPED_TRACE(bad);
        EXPECT_THROW(static_cast<void>(traceparent(bad)), error);
    }
}

}  // namespace
}  // namespace ferry::http
