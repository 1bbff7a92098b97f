#include "ferry/http/session.hpp"

#include "ferry/async/blocking.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/compress/encoder.hpp"
#include "ferry/http/error.hpp"
#include "ferry/testing/http_script.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using testing::answer;
using testing::answers;
using testing::fault_server;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ok_response;
using testing::script;
using ::testing::StartsWith;
using testing::url_of;

TEST(session, sends_what_requests_sends)
{
    fault_server server(answer(ok_response));
    session api(headers("X-Session", "s"), without("Accept"));
    auto r = run(api.get(url_of(server, "/a?x=1#frag"), params("q", "caf\xc3\xa9 &", "n", 2),
                         headers("X-Mine", "m")));
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.text(), "ok");
    EXPECT_EQ(r.url().fragment(), "frag");
    EXPECT_EQ(server.received(0),
              fmt::format("GET /a?x=1&q=caf%C3%A9+%26&n=2 HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n"
                          "User-Agent: ferry/0.1\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
                          "X-Session: s\r\nX-Mine: m\r\n\r\n",
                          server.port()));
}

TEST(session, request_headers_override_the_sessions)
{
    fault_server server(answer(ok_response));
    session api(headers("User-Agent", "a", "X-A", "1"));
    run(api.get(url_of(server), headers("user-agent", "b", "Host", "other.example")));
    EXPECT_THAT(server.received(0), HasSubstr("user-agent: b\r\n"));
    EXPECT_THAT(server.received(0), HasSubstr("X-A: 1\r\n"));
    EXPECT_THAT(server.received(0), HasSubstr("Host: other.example\r\n"));
    EXPECT_THAT(server.received(0), Not(HasSubstr("User-Agent")));
}

TEST(session, bodies_come_with_their_type_and_length)
{
    const auto sent = [](const http::body& body, const char* end = "!") {
        fault_server server(script().receive_until(end).send(ok_response));
        session api;
        run(api.post(url_of(server, "/"), body));
        const std::string got = server.received(0);
        return got.substr(got.find("*/*\r\n") + 5);
    };
    EXPECT_EQ(sent(http::body("raw!")), "Content-Length: 4\r\n\r\nraw!");
    EXPECT_EQ(sent(http::body("raw!", "text/plain")),
              "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nraw!");
    EXPECT_EQ(sent(form("a", 1, "b", "x y", "c", std::vector{1, 2}, "d", true, "e", "!"), "%21"),
              "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 30\r\n\r\n"
              "a=1&b=x+y&c=1&c=2&d=true&e=%21");
    EXPECT_EQ(sent(json(value::object("a", "!"))),
              "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\":\"!\"}");
}

TEST(session, keeps_the_connection_for_the_next_request)
{
    fault_server server(answers({ok_response, ok_response, ok_response}));
    session api;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(run(api.get(url_of(server))).text(), "ok");
    EXPECT_EQ(server.connections(), 1U);
}

TEST(session, does_not_keep_what_it_cannot_trust)
{
    for (const std::string response : {
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
             "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok more",
             "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
         }) {
        SCOPED_TRACE(response);
        fault_server server(answers({response, response}));
        session api;
        run(api.get(url_of(server)));
        run(api.get(url_of(server)));
        EXPECT_EQ(server.connections(), 2U);
    }
}

TEST(session, replaces_a_dead_connection_once)
{
    const auto closes =
        script().receive_until("\r\n\r\n").send(ok_response).receive_until("\r\n\r\n");
    fault_server server(std::vector<script>{closes, answers({ok_response})});
    session api;
    run(api.get(url_of(server)));
    EXPECT_EQ(run(api.get(url_of(server))).text(), "ok");
    EXPECT_EQ(server.connections(), 2U);
}

TEST(session, does_not_repeat_a_post_that_may_have_been_acted_upon)
{
    const auto closes = script().receive_until("\r\n\r\n").send(ok_response).receive_until("!");
    fault_server server(std::vector<script>{closes, answers({ok_response})});
    session api;
    run(api.get(url_of(server)));
    EXPECT_THROW(run(api.post(url_of(server), http::body("pay!"))), connection_error);
    EXPECT_EQ(server.connections(), 1U);
}

TEST(session, follows_redirects_and_keeps_their_history)
{
    fault_server server(answers({
        "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 3\r\n\r\nxyz",
        "HTTP/1.1 301 Moved\r\nLocation: c?d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ok_response,
    }));
    session api;
    const auto r = run(api.get(url_of(server, "/a#f")));
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.url().href(), url_of(server, "/c?d#f"));
    ASSERT_EQ(r.history.size(), 2U);
    EXPECT_EQ(r.history[0].status, 302);
    EXPECT_EQ(r.history[1].headers["location"], "c?d");
    EXPECT_EQ(server.connections(), 1U);
}

TEST(session, credentials_never_leave_their_origin)
{
    fault_server target(answer(ok_response));
    fault_server first(answer(fmt::format(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", url_of(target))));
    session api(headers("X-Api-Key", "k1"));
    run(api.get(url_of(first), basic_auth("u", "p"), cookies("c", "1"),
                headers("X-Auth-Token", "k2", "X-Other", "stays")));
    EXPECT_THAT(first.received(0), HasSubstr("Authorization: Basic dTpw\r\n"));
    EXPECT_THAT(first.received(0), HasSubstr("Cookie: c=1\r\n"));
    EXPECT_THAT(first.received(0), HasSubstr("X-Api-Key: k1\r\n"));
    for (const char* secret : {"Authorization", "Cookie", "X-Api-Key", "X-Auth-Token"}) {
        EXPECT_THAT(target.received(0), Not(HasSubstr(secret)));
    }
    EXPECT_THAT(target.received(0), HasSubstr("X-Other: stays\r\n"));
}

TEST(session, redirects_that_lead_nowhere_are_errors)
{
    const struct {
        const char* location;
        errc code;
    } rows[] = {
        {"http://[bad", errc::bad_url},
        {"ftp://x/", errc::refused_redirect},
        {"file:///etc/passwd", errc::refused_redirect},
        {"/", errc::too_many_redirects},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.location);
        const std::string bytes = fmt::format(
            "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", r.location);
        fault_server server(answers({bytes, bytes, bytes, bytes, bytes}));
        session api;
        try {
            run(api.get(url_of(server)));
            ADD_FAILURE() << "no error";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), r.code) << e.what();
        }
        EXPECT_EQ(run(api.get(url_of(server), redirects(0))).status, 302);
    }
}

TEST(session, a_streamed_body_is_chunked_and_cannot_be_sent_twice)
{
    struct counter {
        int left = 2;
    };
    const auto make = [] {
        auto state = std::make_shared<counter>();
        return [state]() -> awaitable<buffer> {
            auto part = [](std::shared_ptr<counter> s) -> awaitable<buffer> {
                co_return s->left-- > 0 ? buffer::copy("abc") : buffer();
            };
            return part(state);
        };
    };
    fault_server server(script().receive_until("0\r\n\r\n").send(ok_response));
    session api;
    run(api.put(url_of(server), generator(make(), "text/plain")));
    EXPECT_THAT(server.received(0), HasSubstr("Content-Type: text/plain\r\n"
                                              "Transfer-Encoding: chunked\r\n\r\n"
                                              "3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n"));
    fault_server sized(script().receive_until("abcabc").send(ok_response));
    run(api.put(url_of(sized), generator(make(), {}, 6)));
    EXPECT_THAT(sized.received(0), HasSubstr("Content-Length: 6\r\n\r\nabcabc"));
    fault_server moved(
        script()
            .receive_until("0\r\n\r\n")
            .send("HTTP/1.1 307 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"));
    try {
        run(api.put(url_of(moved), generator(make())));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::unrewindable_body);
    }
}

TEST(session, streams_the_body_after_the_head)
{
    const std::string big(300'000, 'b');
    const std::string small = to_string(compress::gzip(as_bytes(big)));
    const std::string head = "HTTP/1.1 200 OK\r\n";
    fault_server server(answers({
        fmt::format("{}Content-Length: {}\r\n\r\n{}", head, big.size(), big),
        fmt::format("{}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n{}", head, small.size(),
                    small),
        ok_response,
    }));
    session api;
    const auto collect = [](session* s, std::string url) -> awaitable<std::string> {
        auto stream = co_await s->stream("GET", std::move(url));
        std::string all;
        for (;;) {
            const auto part = co_await stream.next();
            if (!part) break;
            all += part->text();
        }
        co_return all;
    };
    EXPECT_TRUE(run(collect(&api, url_of(server))) == big);
    EXPECT_TRUE(run(collect(&api, url_of(server))) == big);
    EXPECT_EQ(run(collect(&api, url_of(server))), "ok");
    EXPECT_EQ(server.connections(), 1U);
}

TEST(session, silence_ends_with_a_timeout)
{
    fault_server server(script().receive_until("\r\n\r\n").stay_silent());
    session api;
    EXPECT_THROW(run(api.get(url_of(server), timeout(50ms))), timeout_error);
    fault_server drip(script().receive_until("\r\n\r\n").send("HTTP/1.1 200 OK\r\n").stay_silent());
    EXPECT_THROW(run(api.get(url_of(drip), timeout().total(50ms))), timeout_error);
}

TEST(session, limits_connections_per_host_and_waits_in_line)
{
    fault_server server(answers(std::vector<std::string>(10, ok_response)));
    session api(limits().per_host(1));
    std::vector<awaitable<response>> all;
    for (int i = 0; i < 10; ++i) all.push_back(api.get(url_of(server)));
    for (const auto& r : run(gather(std::move(all)))) EXPECT_EQ(r.text(), "ok");
    EXPECT_EQ(server.connections(), 1U);

    fault_server silent(script().receive_until("\r\n\r\n").stay_silent());
    std::vector<awaitable<response>> two;
    two.push_back(api.get(url_of(silent), timeout().pool(5s).read(5s)));
    two.push_back(api.get(url_of(silent), timeout().pool(50ms)));
    EXPECT_THROW(run(gather(std::move(two))), timeout_error);
}

TEST(session, serves_several_threads_at_once_with_the_same_cookies)
{
    const std::string sets = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\nok";
    fault_server server(answers(std::vector<std::string>(6, sets)));
    const std::string url = url_of(server);
    session api;
    const auto ask = [&api, &url] {
        int good = 0;
        for (int i = 0; i < 5; ++i) good += run(api.get(url)).text() == "ok";
        return good;
    };
    std::vector<std::future<int>> threads;
    for (int i = 0; i < 4; ++i) threads.push_back(std::async(std::launch::async, ask));
    const auto add_up = [&threads] {
        int sum = 0;
        for (std::future<int>& t : threads) sum += t.get();
        return sum;
    };
    EXPECT_EQ(run(run_blocking(add_up)), 20);
    EXPECT_EQ(server.connections(), 4U);  // one for each thread
    EXPECT_EQ(api.cookies().size(), 1U);
    EXPECT_THAT(server.received(0), HasSubstr("Cookie: a=1\r\n"));
}

TEST(session, cookies_come_back_until_they_are_cleared)
{
    const std::string sets =
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/x\r\nContent-Length: "
        "0\r\n\r\n";
    fault_server server(answers({sets, ok_response, ok_response}));
    session api;
    run(api.get(url_of(server)));
    run(api.get(url_of(server), cookies("mine", "3")));
    EXPECT_THAT(server.received(0), HasSubstr("Cookie: a=1; mine=3\r\n"));
    EXPECT_EQ(api.cookies().size(), 2U);
    api.cookies().clear();
    run(api.get(url_of(server)));
    EXPECT_EQ(server.received(0).rfind("Cookie: "), server.received(0).find("Cookie: a=1; mine"));
}

TEST(session, what_can_be_known_wrong_is_never_sent)
{
    session api(connect_by([](const url&) -> awaitable<net::stream> {
        ADD_FAILURE() << "connected";
        return [](int) -> awaitable<net::stream> { co_return net::stream(); }(0);
    }));
    for (const char* bad :
         {"", "localhost", "http://", "http:///", "http://[::1", "http://h:99999/", "http://h:abc/",
          "//h/p", "ftp://h/", "file:///etc/passwd", "http://a b/", "http://a%00b/"}) {
        SCOPED_TRACE(bad);
        try {
            run(api.get(bad));
            ADD_FAILURE() << "no error";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_url) << e.what();
        }
    }
    EXPECT_THROW(run(api.get(std::string("http://a\0b/", 11))), error);
    EXPECT_THROW(run(api.request("GE T", "http://h/")), error);
    EXPECT_THROW(run(api.request("GET\r\nX: y", "http://h/")), error);
    EXPECT_THROW(run(api.get("http://h/", headers("Content-Length", "3"))), error);
    EXPECT_THROW(headers("A", "x\r\ny"), error);
    EXPECT_THROW(bearer("a\r\nb"), error);
    EXPECT_THROW(cookies("a", "b; c"), error);
}

TEST(session, a_bearer_token_stays_off_plain_http)
{
    fault_server server(answer(ok_response));
    session api(bearer("secret-token"));
    run(api.get(url_of(server)));  // this machine
    EXPECT_THAT(server.received(0), HasSubstr("Authorization: Bearer secret-token\r\n"));
    session far(bearer("secret-token"), connect_by([](const url&) {
                    return [](int) -> awaitable<net::stream> {
                        auto two = net::pair();
                        co_return std::move(two.first);
                    }(0);
                }));
    try {
        run(far.get("http://far.example/"));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::insecure_credentials);
        EXPECT_THAT(e.what(), Not(HasSubstr("secret-token")));
    }
}

TEST(session, secrets_in_a_url_become_basic_auth_and_stay_out_of_errors)
{
    fault_server server(answer("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"));
    session api;
    const auto r = run(api.get(fmt::format("http://user:p%40ss@127.0.0.1:{}/x", server.port())));
    EXPECT_THAT(server.received(0), HasSubstr("Authorization: Basic dXNlcjpwQHNz\r\n"));
    EXPECT_FALSE(r.ok());
    try {
        r.raise_for_status();
        FAIL();
    } catch (const status_error& e) {
        EXPECT_THAT(e.what(), StartsWith("404 Client Error: Not Found for url: http://"));
        EXPECT_THAT(e.what(), Not(HasSubstr("p%40ss")));
        EXPECT_EQ(e.code(), condition::not_found);
        EXPECT_EQ(e.excerpt(), "none");
    }
}

TEST(session, refused_and_unknown_hosts_are_connection_errors)
{
    session api;
    try {
        run(api.get("http://127.0.0.1:1/"));
        FAIL();
    } catch (const connection_error& e) {
        EXPECT_STREQ(e.what(), "GET http://127.0.0.1:1/: connect 127.0.0.1:1: Connection refused");
        EXPECT_EQ(e.code(), condition::disconnected);
    }
    EXPECT_THROW(run(api.get("http://no.such.host.invalid/")), resolve_error);
}

TEST(session, base_url_resolves_as_a_browser_does)
{
    fault_server server(answers({ok_response, ok_response, ok_response}));
    session api(base_url(url_of(server, "/v1/")));
    EXPECT_EQ(run(api.get("users")).url().path(), "/v1/users");
    EXPECT_EQ(run(api.get("/users")).url().path(), "/users");
    EXPECT_EQ(run(api.get("../x?y")).url().path_and_query(), "/x?y");
}

}  // namespace
}  // namespace ferry::http
