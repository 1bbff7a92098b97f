// The calls of Requests' guides, quickstart and advanced, that no other test makes, against
// httpbin.
#include "ferry/async/run.hpp"
#include "ferry/http/http.hpp"
#include "ferry/testing/peer.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

namespace ferry::http {
namespace {

using ::testing::HasSubstr;

class guide : public ::testing::Test {
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

TEST_F(guide, every_verb_and_others_too)
{
    for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"}) {
        EXPECT_EQ(run(api.request(method, url("/anything"))).json()["method"].as<std::string>(),
                  method);
    }
    EXPECT_THAT(run(http::options(url("/get"))).headers["Allow"], HasSubstr("HEAD"));
    EXPECT_EQ(run(http::head(url("/get"))).status, 200);
    EXPECT_EQ(run(http::delete_(url("/delete"))).status, 200);
    EXPECT_EQ(run(api.request("MKCOL", url("/get"))).status, 405);
}

TEST_F(guide, what_a_session_has_is_not_changed_by_a_request)
{
    session with(headers("X-Test", "true"), basic_auth("user", "pass"));
    auto r = run(with.get(url("/headers"), headers("X-Test2", "true")));
    EXPECT_EQ(r.json()["headers"]["X-Test"].as<std::string>(), "true");
    EXPECT_EQ(r.json()["headers"]["X-Test2"].as<std::string>(), "true");
    r = run(with.get(url("/cookies"), cookies("from-my", "browser")));
    EXPECT_EQ(r.json()["cookies"]["from-my"].as<std::string>(), "browser");
    r = run(with.get(url("/anything"), without("X-Test")));
    EXPECT_FALSE(r.json()["headers"].contains("X-Test"));
    EXPECT_FALSE(r.json()["headers"].contains("X-Test2"));
    EXPECT_FALSE(r.json()["headers"].contains("Cookie"));
    EXPECT_EQ(r.request().headers["Authorization"], "Basic dXNlcjpwYXNz");
}

TEST_F(guide, cookies_of_a_jar_have_domains_and_paths)
{
    cookie tasty("tasty_cookie", "yum");
    tasty.domain = "127.0.0.1";
    tasty.path = "/cookies";
    cookie gross("gross_cookie", "blech");
    gross.domain = "127.0.0.1";
    gross.path = "/elsewhere";
    api.cookies().set(tasty);
    api.cookies().set(gross);
    EXPECT_EQ(run(api.get(url("/cookies"))).json()["cookies"],
              value::object("tasty_cookie", "yum"));
    const auto set = run(api.get(url("/cookies/set?a=b"), redirects(0))).cookies();
    ASSERT_EQ(set.size(), 1U);
    EXPECT_EQ(set[0].name + set[0].value, "ab");
    EXPECT_EQ(api.cookies().find("a")->value, "b");
}

TEST_F(guide, prepared_requests_may_be_changed_and_sent)
{
    prepared_request q = api.prepare("POST", url("/anything"), json(value::object("a", 1)));
    q.headers.set("X-Signature", "s");
    q.headers.erase("User-Agent");
    q.content = buffer::copy("[2]");
    const auto r = run(api.send(q, timeout(std::chrono::seconds(5))));
    EXPECT_EQ(r.json()["json"], value::array(2));
    EXPECT_EQ(r.json()["headers"]["X-Signature"].as<std::string>(), "s");
    EXPECT_FALSE(r.json()["headers"].contains("User-Agent"));
}

TEST_F(guide, several_files_go_under_one_name)
{
    const testing::temporary_directory folder;
    std::ofstream(folder / "foo.png") << "foo";
    std::ofstream(folder / "bar.png") << "bar";
    const auto form = multipart(file("images", folder / "foo.png").type("image/png"),
                                file("images", folder / "bar.png").type("image/png"),
                                field("report", "a,b\n").filename("report.csv"));
    const auto r = run(api.post(url("/files"), form));
    EXPECT_EQ(ferry::json::dump(r.json()),
              R"([["images","foo.png","image/png","foo"],["images","bar.png","image/png","bar"],)"
              R"(["report","report.csv","","a,b\n"]])");
}

awaitable<std::string> read_raw(session* api, std::string url)
{
    auto stream = co_await api->stream("GET", std::move(url), decode(false));
    auto pieces = stream.chunks(2);
    const auto first = co_await pieces.next();
    co_return std::string(first->text());
}

awaitable<int> count_lines(session* api, std::string url)
{
    auto stream = co_await api->stream("GET", std::move(url));
    auto lines = stream.lines();
    int n = 0;
    for (;;) {
        const auto line = co_await lines.next();
        if (!line) break;
        ++n;
    }
    co_return n;
}

TEST_F(guide, bodies_come_raw_and_by_lines)
{
    EXPECT_EQ(run(read_raw(&api, url("/gzip"))), "\x1f\x8b");
    EXPECT_EQ(run(count_lines(&api, url("/stream/20"))), 20);
    EXPECT_EQ(run(api.get(url("/robots.txt"))).text("utf-8").substr(0, 10), "User-agent");
    EXPECT_EQ(run(api.get(url("/bytes/32?seed=1"))).bytes().size(), 32U);
}

TEST_F(guide, timeouts_are_for_each_wait_or_for_all)
{
    using namespace std::chrono_literals;
    EXPECT_THROW(run(api.get(url("/delay/5"), timeout(100ms))), timeout_error);
    EXPECT_THROW(run(api.get(url("/drip?duration=5&numbytes=5"), timeout(1s).total(150ms))),
                 timeout_error);
    EXPECT_EQ(run(api.get(url("/get"), timeout().connect(3s).read(27s))).status, 200);
}

}  // namespace
}  // namespace ferry::http
