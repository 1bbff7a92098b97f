// ferry's authentication and retries against httpbin, nginx and a token endpoint in Python.
#include "ferry/async/gather.hpp"
#include "ferry/http/http.hpp"
#include "ferry/testing/peer.hpp"

#include "tests/interop/http/nginx.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

class httpbin_auth : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        peer = std::make_unique<testing::peer>(FERRY_INTEROP_DIR "/httpbin_peer.py");
    }
    static void TearDownTestSuite() { peer.reset(); }

    static std::string url(std::string_view path)
    {
        return fmt::format("http://127.0.0.1:{}{}", peer->port(), path);
    }

    static inline std::unique_ptr<testing::peer> peer;
};

TEST_F(httpbin_auth, answers_digest_challenges_of_every_algorithm_it_has)
{
    for (const char* qop : {"auth", "auth-int", "both"}) {
        for (const char* algorithm : {"MD5", "SHA-256", "SHA-512"}) {
            const std::string at =
                url(fmt::format("/digest-auth/{}/user/passwd/{}", qop, algorithm));
            SCOPED_TRACE(at);
            session api(digest_auth("user", "passwd"));
            const response r = run(api.get(at));
            EXPECT_EQ(r.status, 200) << r.text();
            EXPECT_EQ(run(api.get(at)).status, 200);
            EXPECT_EQ(run(api.get(at, digest_auth("user", "wrong"))).status, 401);
        }
    }
}

TEST_F(httpbin_auth, answers_stale_nonces)
{
    session api(digest_auth("user", "passwd"));
    const std::string at = url("/digest-auth/auth/user/passwd/SHA-256/1");
    for (int i = 0; i < 4; ++i) EXPECT_EQ(run(api.get(at)).status, 200);
}

TEST_F(httpbin_auth, custom_flows_see_the_answers)
{
    int sent = 0;
    const auto flow = [&sent](auth_context& c) -> awaitable<void> {
        int status = co_await c.send();
        ++sent;
        if (status != 401) co_return;
        c.set("Authorization", "Bearer by-hand");
        status = co_await c.send();
        ++sent;
    };
    session api(custom_auth(flow));
    EXPECT_EQ(run(api.get(url("/bearer"))).json()["token"].as<std::string>(), "by-hand");
    EXPECT_EQ(sent, 2);
}

TEST_F(httpbin_auth, statuses_are_retried_and_hooks_see_it)
{
    int retried = 0;
    session api(retry(2).statuses(500).backoff(1ms),
                on_retry([&](const outgoing&, const retry_event& e) {
                    EXPECT_EQ(e.status, 500);
                    ++retried;
                }));
    EXPECT_EQ(run(api.get(url("/status/500"))).status, 500);
    EXPECT_EQ(retried, 2);
}

TEST(nginx_auth, takes_basic_credentials_from_options_urls_and_netrc)
{
    const nginx server(
        "location /closed { auth_basic \"closed\"; auth_basic_user_file www/users; }");
    server.put("users", "user:{PLAIN}p@ss\n");
    server.put("closed", "open");
    session api;
    EXPECT_EQ(run(api.get(server.url("/closed"))).status, 401);
    EXPECT_EQ(run(api.get(server.url("/closed"), basic_auth("user", "p@ss"))).text(), "open");
    const std::string with = fmt::format("http://user:p%40ss@127.0.0.1:{}/closed", server.port());
    EXPECT_EQ(run(api.get(with)).text(), "open");
    const testing::temporary_directory directory;
    std::ofstream(directory / "netrc")
        << "machine 127.0.0.1:" << server.port() << " login user password p@ss\n";
    std::filesystem::permissions(directory / "netrc", std::filesystem::perms(0600));
    ::setenv("NETRC", (directory / "netrc").c_str(), 1);
    session by_netrc;
    EXPECT_EQ(run(by_netrc.get(server.url("/closed"))).text(), "open");
    session without(trust_env(false));
    EXPECT_EQ(run(without.get(server.url("/closed"))).status, 401);
    ::unsetenv("NETRC");
}

class oauth_server : public ::testing::Test {
protected:
    std::string url(std::string_view path) const
    {
        return fmt::format("http://127.0.0.1:{}{}", peer_.port(), path);
    }
    int given()
    {
        session plain;
        return run(plain.get(url("/count"))).json()["given"].as<int>();
    }

private:
    testing::peer peer_{FERRY_INTEROP_DIR "/oauth_peer.py"};
};

TEST_F(oauth_server, gives_one_token_to_many_requests_and_another_when_it_is_revoked)
{
    session api(oauth2(url("/token"), "id", "secret", "read write"), limits().per_host(4));
    std::vector<awaitable<response>> all;
    for (int i = 0; i < 10; ++i) all.push_back(api.get(url("/api")));
    for (const auto& r : run(gather(std::move(all))))
        EXPECT_EQ(r.json()["token"].as<std::string>(), "t1");
    EXPECT_EQ(given(), 1);
    session plain;
    run(plain.get(url("/revoke")));
    EXPECT_EQ(run(api.get(url("/api"))).json()["token"].as<std::string>(), "t2");
    EXPECT_EQ(given(), 2);
}

TEST_F(oauth_server, takes_refresh_tokens_and_refuses_strangers)
{
    session api(oauth2(url("/token"), "id", "secret").refresh_token("r1"));
    EXPECT_EQ(run(api.get(url("/api"))).status, 200);
    session stranger(oauth2(url("/token"), "id", "wrong"));
    try {
        run(stranger.get(url("/api")));
        FAIL();
    } catch (const protocol_error& e) {
        EXPECT_EQ(e.code(), errc::token_refused);
        EXPECT_THAT(e.what(), ::testing::HasSubstr("status 401, \"invalid_client\""));
    }
}

TEST_F(oauth_server, retry_after_is_obeyed)
{
    session api(retry::standard());
    EXPECT_EQ(run(api.get(url("/flaky"))).json()["seen"].as<int>(), 3);
}

}  // namespace
}  // namespace ferry::http
