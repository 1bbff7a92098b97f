// ferry's client against httpbin and nginx.
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

class httpbin : public ::testing::Test {
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
    session api;
};

TEST_F(httpbin, gets_params_and_headers_as_requests_sends_them)
{
    const auto r = run(
        api.get(url("/get?z=0"),
                params("a", std::vector{1, 2}, "b", std::nullopt, "c", "é &", "d", true, "e", ""),
                headers("X-Mine", "yes")));
    r.raise_for_status();
    const value seen = r.json();
    EXPECT_EQ(seen["args"], value::object("z", "0", "a", value::array("1", "2"), "c", "é &", "d",
                                          "true", "e", ""));
    EXPECT_EQ(seen["headers"]["X-Mine"].as<std::string>(), "yes");
    EXPECT_EQ(seen["headers"]["Accept"].as<std::string>(), "*/*");
}

TEST_F(httpbin, takes_json_forms_and_bytes)
{
    auto r = run(api.post(url("/post"), json(value::object("a", "é"))));
    EXPECT_EQ(r.json()["json"], value::object("a", "é"));
    r = run(api.post(url("/post"), form("a", 1, "a", 2, "b", "x y")));
    EXPECT_EQ(r.json()["form"], value::object("a", value::array("1", "2"), "b", "x y"));
    r = run(api.put(url("/put"), body("raw")));
    EXPECT_EQ(r.json()["data"].as<std::string>(), "raw");
    EXPECT_EQ(run(api.patch(url("/patch"), body("p"))).json()["data"].as<std::string>(), "p");
    EXPECT_EQ(run(api.delete_(url("/delete"))).status, 200);
    EXPECT_EQ(run(api.options(url("/get"))).headers["Allow"].find("GET") != std::string::npos,
              true);
    EXPECT_EQ(run(api.head(url("/get"))).bytes().size(), 0U);
}

TEST_F(httpbin, undoes_every_coding)
{
    for (const char* coding : {"/gzip", "/deflate", "/brotli"}) {
        SCOPED_TRACE(coding);
        const auto r = run(api.get(url(coding)));
        EXPECT_EQ(r.json()["method"].as<std::string>(), "GET");
    }
}

TEST_F(httpbin, authenticates)
{
    EXPECT_EQ(run(api.get(url("/basic-auth/user/passwd"), basic_auth("user", "passwd"))).status,
              200);
    EXPECT_EQ(run(api.get(url("/basic-auth/user/passwd"), basic_auth("user", "no"))).status, 401);
    EXPECT_EQ(run(api.get(url("/bearer"), bearer("token"))).json()["token"].as<std::string>(),
              "token");
}

TEST_F(httpbin, follows_redirects)
{
    const auto r = run(api.get(url("/redirect/3")));
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.history.size(), 3U);
    EXPECT_EQ(r.url().path(), "/get");
    EXPECT_EQ(run(api.get(url("/redirect/3"), redirects(0))).status, 302);
    EXPECT_THROW(run(api.get(url("/redirect/5"), redirects(3))), too_many_redirects);
    const auto kept = run(
        api.post(url("/redirect-to"), params("url", "/post", "status_code", 307), body("kept")));
    EXPECT_EQ(kept.json()["data"].as<std::string>(), "kept");
    EXPECT_EQ(kept.history.size(), 1U);
}

TEST_F(httpbin, keeps_cookies)
{
    run(api.get(url("/cookies/set"), params("a", 1, "b", 2)));
    EXPECT_EQ(run(api.get(url("/cookies"))).json()["cookies"], value::object("a", "1", "b", "2"));
    run(api.get(url("/cookies/delete?a")));
    EXPECT_EQ(run(api.get(url("/cookies"), cookies("c", "3"))).json()["cookies"],
              value::object("b", "2", "c", "3"));
}

TEST_F(httpbin, reads_text_in_its_encoding)
{
    EXPECT_THAT(run(api.get(url("/html"))).text(), ::testing::HasSubstr("Herman Melville"));
}

TEST_F(httpbin, raises_for_status)
{
    try {
        run(api.get(url("/status/418"))).raise_for_status();
        FAIL();
    } catch (const status_error& e) {
        EXPECT_EQ(e.status(), 418);
        EXPECT_THAT(e.what(), ::testing::HasSubstr("418 Client Error: I'M A TEAPOT for url:"));
    }
}

TEST_F(httpbin, streams)
{
    const auto count = [](session* s, std::string from) -> awaitable<std::size_t> {
        auto stream = co_await s->stream("GET", std::move(from));
        std::size_t total = 0;
        for (;;) {
            const auto part = co_await stream.next();
            if (!part) break;
            total += part->size();
        }
        co_return total;
    };
    EXPECT_EQ(run(count(&api, url("/stream-bytes/50000?seed=1"))), 50000U);
}

TEST(nginx, keeps_connections_and_takes_chunked_uploads)
{
    const testing::peer behind(FERRY_INTEROP_DIR "/httpbin_peer.py");
    const nginx server(fmt::format(
        "location /bin/ {{ proxy_pass http://127.0.0.1:{}/; }} location /serial {{ default_type "
        "text/plain; return 200 \"$connection\"; }}",
        behind.port()));
    session api;
    const std::string first = run(api.get(server.url("/serial"))).text();
    for (int i = 0; i < 20; ++i) EXPECT_EQ(run(api.get(server.url("/serial"))).text(), first);

    auto left = std::make_shared<int>(1000);
    const auto next = [left]() -> awaitable<buffer> {
        auto part = [](std::shared_ptr<int> n) -> awaitable<buffer> {
            co_return (*n)-- > 0 ? buffer::copy("0123456789") : buffer();
        };
        return part(left);
    };
    const auto r = run(api.post(server.url("/bin/post"), generator(next)));
    EXPECT_EQ(r.json()["data"].as<std::string>().size(), 10'000U);
}

TEST(nginx, serves_many_requests_at_once)
{
    const nginx server("");
    server.put("page.txt", std::string(50'000, 'x'));
    session api(limits().per_host(16));
    std::vector<awaitable<response>> all;
    for (int i = 0; i < 200; ++i) all.push_back(api.get(server.url("/page.txt")));
    for (const auto& r : run(gather(std::move(all)))) {
        EXPECT_EQ(r.bytes().size(), 50'000U);
        EXPECT_EQ(r.headers["Content-Encoding"], "gzip");
    }
    EXPECT_EQ(run(api.get(server.url("/none"))).status, 404);
}

}  // namespace
}  // namespace ferry::http
