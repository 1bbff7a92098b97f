#include "ferry/http/auth.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/http_script.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using testing::fault_server;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ok_response;
using testing::script;
using testing::url_of;

std::string refusal(const std::string& challenge)
{
    return fmt::format(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {}\r\nContent-Length: 2\r\n\r\nno",
        challenge);
}

TEST(basic_auth, speaks_utf_8_or_latin_1)
{
    EXPECT_EQ(basic_auth("é", "ü").value(), "Basic w6k6w7w=");
    EXPECT_EQ(basic_auth("é", "ü").latin1().value(), "Basic 6Tr8");
    EXPECT_EQ(basic_auth("a", "b").latin1().value(), basic_auth("a", "b").value());
    EXPECT_THROW(basic_auth("€", "x").latin1(), error);
    EXPECT_THROW(basic_auth("a:b", "x"), error);
}

TEST(digest_auth, answers_a_challenge_and_uses_the_nonce_again)
{
    fault_server server(answers(
        {refusal("Digest realm=\"r\", nonce=\"n1\", qop=\"auth\""), ok_response, ok_response}));
    session api(digest_auth("u", "p"));
    EXPECT_EQ(run(api.get(url_of(server, "/a?b"))).text(), "ok");
    EXPECT_EQ(run(api.get(url_of(server, "/c"))).text(), "ok");
    const std::string& sent = server.received(0);
    EXPECT_THAT(sent, HasSubstr("Authorization: Digest username=\"u\", realm=\"r\", nonce=\"n1\", "
                                "uri=\"/a?b\", response=\""));
    EXPECT_THAT(sent, HasSubstr("qop=auth, nc=00000001, cnonce=\""));
    EXPECT_THAT(sent, HasSubstr("uri=\"/c\""));
    EXPECT_THAT(sent, HasSubstr("nc=00000002"));
    EXPECT_EQ(server.connections(), 1U);
}

TEST(digest_auth, takes_a_new_nonce_for_a_stale_one_but_no_refusal_twice)
{
    fault_server server(answers({
        refusal("Digest realm=\"r\", nonce=\"n1\", qop=\"auth\""),
        ok_response,
        refusal("Digest realm=\"r\", nonce=\"n2\", qop=\"auth\", stale=true"),
        ok_response,
        refusal("Digest realm=\"r\", nonce=\"n3\", qop=\"auth\""),
        refusal("Digest realm=\"r\", nonce=\"n4\", qop=\"auth\""),
        ok_response,
    }));
    session api(digest_auth("u", "p"));
    EXPECT_EQ(run(api.get(url_of(server))).status, 200);
    EXPECT_EQ(run(api.get(url_of(server))).status, 200);
    EXPECT_EQ(run(api.get(url_of(server))).status, 401);
    EXPECT_THAT(server.received(0), HasSubstr("nonce=\"n3\""));
    EXPECT_THAT(server.received(0), Not(HasSubstr("nonce=\"n4\"")));
}

TEST(digest_auth, follows_nextnonce)
{
    const std::string moved =
        "HTTP/1.1 200 OK\r\nAuthentication-Info: nextnonce=\"n2\", qop=auth\r\nContent-Length: "
        "0\r\n\r\n";
    fault_server server(
        answers({refusal("Digest realm=\"r\", nonce=\"n1\", qop=\"auth\""), moved, ok_response}));
    session api(digest_auth("u", "p"));
    run(api.get(url_of(server)));
    run(api.get(url_of(server)));
    EXPECT_THAT(server.received(0), HasSubstr("nonce=\"n2\""));
}

TEST(digest_auth, hashes_the_body_for_auth_int)
{
    const std::string challenge =
        "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\", algorithm=SHA-256, userhash=true";
    fault_server server(script()
                            .receive_until("body")
                            .send(refusal(challenge))
                            .receive_until("body")
                            .send(ok_response));
    session api(digest_auth("u", "p"));
    EXPECT_EQ(run(api.post(url_of(server), body("body"))).status, 200);
    EXPECT_THAT(server.received(0), HasSubstr("qop=auth-int"));
    EXPECT_THAT(server.received(0), HasSubstr("userhash=true"));
    EXPECT_THAT(server.received(0), Not(HasSubstr("username=\"u\"")));
}

TEST(digest_auth, leaves_other_schemes_and_origins_alone)
{
    fault_server basic(answers({refusal("Basic realm=\"r\"")}));
    session api(digest_auth("u", "p"));
    EXPECT_EQ(run(api.get(url_of(basic))).status, 401);
    fault_server target(answers({refusal("Digest realm=\"r\", nonce=\"n\"")}));
    fault_server first(answers({fmt::format(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", url_of(target))}));
    EXPECT_EQ(run(api.get(url_of(first))).status, 401);
    EXPECT_THAT(target.received(0), Not(HasSubstr("Authorization")));
}

TEST(custom_auth, may_set_fields_look_at_answers_and_send_more)
{
    fault_server tokens(answers({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntoken"}));
    fault_server server(answers({refusal("Mine"), ok_response}));
    const std::string token_url = url_of(tokens);
    const auto flow = [token_url](auth_context& c) -> awaitable<void> {
        c.set("X-Signed", c.method() + " " + std::string(c.url().path()));
        const int status = co_await c.send();
        if (status != 401 || c.answer().headers["WWW-Authenticate"] != "Mine") co_return;
        const response token = co_await c.request("GET", token_url, request_options());
        c.set("Authorization", "Mine " + token.text());
        co_await c.send();
    };
    session api(custom_auth(flow));
    EXPECT_EQ(run(api.get(url_of(server, "/x"))).text(), "ok");
    EXPECT_THAT(server.received(0), HasSubstr("X-Signed: GET /x\r\n"));
    EXPECT_THAT(server.received(0), HasSubstr("Authorization: Mine token\r\n"));
    EXPECT_THAT(tokens.received(0), Not(HasSubstr("X-Signed")));

    session silent(custom_auth([](auth_context&) -> awaitable<void> { co_return; }));
    EXPECT_THROW(run(silent.get(url_of(server))), error);
}

TEST(no_auth, keeps_the_sessions_credentials_back)
{
    fault_server server(answers({ok_response}));
    session api(basic_auth("u", "p"));
    run(api.get(url_of(server), no_auth()));
    EXPECT_THAT(server.received(0), Not(HasSubstr("Authorization")));
}

/// A .netrc for as long as it lives.
class user_netrc {
public:
    explicit user_netrc(const std::string& text)
    {
        const std::filesystem::path file = directory_ / "netrc";
        std::ofstream(file) << text;
        std::filesystem::permissions(file, std::filesystem::perms(0600));
        ::setenv("NETRC", file.c_str(), 1);
    }
    ~user_netrc() { ::unsetenv("NETRC"); }
    user_netrc(const user_netrc&) = delete;
    user_netrc& operator=(const user_netrc&) = delete;

private:
    testing::temporary_directory directory_;
};

TEST(netrc_auth, serves_whoever_gives_nothing_else)
{
    const user_netrc file("machine 127.0.0.1 login u password p");
    const auto sent = [](const auto& option) {
        fault_server server(answers({ok_response}));
        session api(option);
        run(api.get(url_of(server)));
        return server.received(0);
    };
    EXPECT_THAT(sent(trust_env(true)), HasSubstr("Authorization: Basic dTpw\r\n"));
    EXPECT_THAT(sent(trust_env(false)), Not(HasSubstr("Authorization")));
    EXPECT_THAT(sent(no_auth()), Not(HasSubstr("Authorization")));
    EXPECT_THAT(sent(bearer("t")), HasSubstr("Authorization: Bearer t\r\n"));
    EXPECT_THAT(sent(headers("Authorization", "Own")), HasSubstr("Authorization: Own\r\n"));
    EXPECT_THAT(sent(headers("Authorization", "Own")), Not(HasSubstr("Basic")));
}

TEST(netrc_auth, goes_along_with_redirects_to_hosts_that_it_names_only)
{
    fault_server target(answers({ok_response, ok_response}));
    const std::string moved = fmt::format(
        "HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", url_of(target));
    {
        const user_netrc file("default login d password secret");
        fault_server first(answers({moved}));
        session api;
        run(api.get(url_of(first)));
        EXPECT_THAT(first.received(0), HasSubstr("Authorization"));
        EXPECT_THAT(target.received(0), Not(HasSubstr("Authorization")));
    }
    const user_netrc file(fmt::format("machine 127.0.0.1:{} login u password p", target.port()));
    fault_server first(answers({moved}));
    session api;
    run(api.get(url_of(first)));
    EXPECT_THAT(first.received(0), Not(HasSubstr("Authorization")));
    EXPECT_THAT(target.received(1), HasSubstr("Authorization: Basic dTpw"));
}

TEST(oauth2, counts_towards_the_whole_time)
{
    fault_server silent(script().receive_until("\r\n\r\n").stay_silent());
    session api(oauth2(url_of(silent), "id", "secret"), timeout().total(40ms));
    try {
        run(api.get("http://127.0.0.1:1/"));
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("GET http://127.0.0.1:1/: "));
    }
}

/// An authorization server with its API behind it, on the calling thread's loop.
class token_site {
public:
    token_site()
    {
        site_.post("/token", [this](request& q) -> awaitable<response> {
            asked.push_back(std::string(q.text()));
            credentials.push_back(std::string(q.headers.get("Authorization").value_or("")));
            co_await ferry::sleep(5ms);
            co_return answer();
        });
        site_.get("/api", [this](request& q) -> awaitable<response> {
            ++calls;
            const bool good = q.headers.get("Authorization") == "Bearer " + valid;
            co_return response(good ? 200 : 401);
        });
        net::listener on(net::tcp("127.0.0.1", 0));
        base_ = fmt::format("http://127.0.0.1:{}", on.port());
        serving_ = spawn(site_.serve(std::move(on)));
    }
    ~token_site() { serving_.cancel(); }
    token_site(const token_site&) = delete;
    token_site& operator=(const token_site&) = delete;

    std::string url(const char* path) const { return base_ + path; }

    std::vector<std::string> asked;
    std::vector<std::string> credentials;
    std::string valid = "t1";
    int calls = 0;
    std::function<response()> answer = [this] {
        return response(200, json(value::object("access_token", valid, "token_type", "Bearer",
                                                "expires_in", 3600)));
    };

private:
    server site_;
    std::string base_;
    task<void> serving_;
};

TEST(oauth2, asks_once_for_many_requests)
{
    token_site site;
    session api(oauth2(site.url("/token"), "id", "s:cret", "read write"));
    std::vector<awaitable<response>> all;
    for (int i = 0; i < 8; ++i) all.push_back(api.get(site.url("/api")));
    for (const auto& r : run(gather(std::move(all)))) EXPECT_EQ(r.status, 200);
    EXPECT_EQ(run(api.get(site.url("/api"))).status, 200);
    ASSERT_EQ(site.asked.size(), 1U);
    EXPECT_EQ(site.asked[0], "grant_type=client_credentials&scope=read+write");
    EXPECT_EQ(site.credentials[0], basic_auth("id", "s%3Acret").value());
}

TEST(oauth2, throws_a_refused_token_away_once)
{
    token_site site;
    session api(oauth2(site.url("/token"), "id", "secret"));
    EXPECT_EQ(run(api.get(site.url("/api"))).status, 200);
    site.valid = "t2";
    EXPECT_EQ(run(api.get(site.url("/api"))).status, 200);
    EXPECT_EQ(site.asked.size(), 2U);
    EXPECT_EQ(site.calls, 3);
    site.answer = [] { return response(200, json(value::object("access_token", "bad"))); };
    site.valid = "t3";
    EXPECT_EQ(run(api.get(site.url("/api"))).status, 401);
    EXPECT_EQ(site.asked.size(), 3U);
}

TEST(oauth2, renews_before_expiry_and_by_refresh_token)
{
    token_site site;
    site.answer = [] {
        return response(200, json(value::object("access_token", "t1", "expires_in", 29,
                                                "refresh_token", "r2")));
    };
    session api(oauth2(site.url("/token"), "id", "").refresh_token("r1"));
    run(api.get(site.url("/api")));
    run(api.get(site.url("/api")));
    ASSERT_EQ(site.asked.size(), 2U);
    EXPECT_EQ(site.asked[0], "grant_type=refresh_token&refresh_token=r1&client_id=id");
    EXPECT_EQ(site.asked[1], "grant_type=refresh_token&refresh_token=r2&client_id=id");
    EXPECT_EQ(site.credentials[0], "");
}

TEST(oauth2, falls_back_to_its_credentials)
{
    token_site site;
    site.answer = [&site] {
        if (site.asked.size() == 1)
            return response(400, json(value::object("error", "invalid_grant")));
        return response(200, json(value::object("access_token", "t1")));
    };
    session api(oauth2(site.url("/token"), "id", "secret")
                    .refresh_token("old")
                    .credentials_in_body()
                    .parameter("audience", "api"));
    EXPECT_EQ(run(api.get(site.url("/api"))).status, 200);
    ASSERT_EQ(site.asked.size(), 2U);
    EXPECT_EQ(site.asked[1],
              "grant_type=client_credentials&audience=api&client_id=id&client_secret=secret");
}

TEST(oauth2, quotes_the_refusal_to_everybody_who_waits)
{
    token_site site;
    site.answer = [] {
        return response(401, json(value::object("error", "invalid_client", "error_description",
                                                "no\r\nsuch client")));
    };
    session api(oauth2(site.url("/token"), "id", "secret"));
    for (int i = 0; i < 2; ++i) {
        try {
            run(api.get(site.url("/api")));
            FAIL();
        } catch (const protocol_error& e) {
            EXPECT_EQ(e.code(), errc::token_refused);
            EXPECT_EQ(std::string(e.what()), fmt::format("GET {}: token endpoint {}: status 401, "
                                                         "\"invalid_client: no..such client\"",
                                                         site.url("/api"), site.url("/token")));
        }
    }
    site.answer = [] { return response(200, text("not json")); };
    EXPECT_THROW(run(api.get(site.url("/api"))), protocol_error);
    EXPECT_EQ(site.calls, 0);
}

TEST(oauth2, a_failure_that_many_wait_for_is_told_to_each_once)
{
    session api(oauth2("http://127.0.0.1:1/token", "id", "secret"));
    const auto all = [](session* s) -> awaitable<std::vector<std::string>> {
        std::vector<task<response>> tasks;
        for (int i = 0; i < 3; ++i) tasks.push_back(spawn(s->get("http://127.0.0.1:1/api")));
        std::vector<std::string> told;
        for (const auto& t : tasks) {
            try {
                co_await t.join();
            } catch (const connection_error& e) {
                told.emplace_back(e.what());
            }
        }
        co_return told;
    };
    for (const std::string& text : run(all(&api))) {
        EXPECT_EQ(text,
                  "GET http://127.0.0.1:1/api: POST http://127.0.0.1:1/token: connect 127.0.0.1:1: "
                  "Connection refused");
    }
}

TEST(oauth2, keeps_secrets_off_plain_http)
{
    session api(oauth2("http://id.example/token", "id", "secret"));
    try {
        run(api.get("https://127.0.0.1:1/"));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::insecure_credentials);
    }
}

TEST(oauth2, is_shared_by_threads)
{
    token_site site;
    const oauth2 credentials(site.url("/token"), "id", "secret");
    session api(credentials);
    const auto held = loop::current().hold();
    std::atomic<int> good = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 5; ++k) good += run(api.get(site.url("/api"))).status == 200;
        });
    }
    const auto wait = [](std::atomic<int>* done) -> awaitable<void> {
        while (done->load() < 20) co_await ferry::sleep(1ms);
    };
    run(ferry::timeout(20s, wait(&good)));
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(site.asked.size(), 1U);
}

}  // namespace
}  // namespace ferry::http
