#include "ferry/http/transport.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/cassette.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/har.hpp"
#include "ferry/http/loopback.hpp"
#include "ferry/http/mock.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

namespace ferry::http {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(mock, answers_by_method_url_field_and_body)
{
    mock web;
    web.get("https://api.local/users/*").header("X-A", "1").reply(200, text("with"));
    web.get("https://api.local/users/*").reply(200, text("without"));
    web.get("https://api.local/q?x=1").reply(201);
    web.post("https://api.local/orders").body("{}").reply(202);
    web.post("https://api.local/orders")
        .body([](std::string_view b) { return b.size() > 5; })
        .reply([](const prepared_request& q) { return response(text("got " + q.method)); });
    web.on("*", "*/any").reply([](prepared_request q) -> awaitable<response> {
        co_return response(http::json(value::object("path", q.url.path())));
    });
    session api(web);
    EXPECT_EQ(run(api.get("https://api.local/users/1?b=2", headers("X-A", "1"))).text(), "with");
    EXPECT_EQ(run(api.get("https://api.local/users/1")).text(), "without");
    EXPECT_EQ(run(api.get("https://api.local/q?x=1")).status, 201);
    EXPECT_EQ(run(api.post("https://api.local/orders", body("{}"))).status, 202);
    EXPECT_EQ(run(api.post("https://api.local/orders", body("longer"))).text(), "got POST");
    const auto any = run(api.put("http://b.example/any"));
    EXPECT_EQ(any.json()["path"].as<std::string>(), "/any");
    EXPECT_EQ(any.headers["Content-Type"], "application/json");
    for (const char* url :
         {"https://api.local/q?x=2", "https://api.local/", "http://api.local/users/1"}) {
        try {
            run(api.get(url));
            ADD_FAILURE() << url;
        } catch (const error& e) {
            EXPECT_THAT(e.what(),
                        AllOf(HasSubstr("mock: none of 6 rules is for GET"), HasSubstr(url)));
        }
    }
    ASSERT_EQ(web.calls().size(), 9U);
    EXPECT_EQ(web.calls()[3].content.text(), "{}");
    EXPECT_EQ(web.calls()[0].headers["Host"], "api.local");
}

TEST(mock, lets_redirects_cookies_retries_and_streams_work)
{
    mock web;
    web.get("http://a.local/from")
        .reply(response(302).with("Location", "/to").with("Set-Cookie", "a=1"));
    web.get("http://a.local/to").header("Cookie", "a=1").reply(200, text("there"));
    web.get("http://a.local/busy").times(2).reply(503);
    web.get("http://a.local/busy").reply(200, text("at last"));
    auto left = std::make_shared<int>(3);
    web.get("http://a.local/stream").reply([left](const prepared_request&) {
        return response(generator([left]() -> awaitable<buffer> {
            co_return buffer::copy(std::string_view(--*left >= 0 ? "part " : ""));
        }));
    });
    web.get("http://a.local/broken").reply([](const prepared_request&) -> response {
        throw connection_error(ferry::errc::disconnected, "as told");
    });
    session api(web, retry::standard().backoff(std::chrono::milliseconds(1)));
    const auto r = run(api.get("http://a.local/from"));
    EXPECT_EQ(r.text(), "there");
    EXPECT_EQ(r.history.size(), 1U);
    EXPECT_EQ(run(api.get("http://a.local/busy")).text(), "at last");
    EXPECT_EQ(run(api.get("http://a.local/stream")).text(), "part part part ");
    EXPECT_THROW(run(api.get("http://a.local/broken")), connection_error);
}

TEST(loopback, reaches_a_server_without_a_socket)
{
    server site;
    site.get("/hello/{name}", [](request& q) -> awaitable<response> {
        co_return text("hello " + std::string(q.path("name")));
    });
    site.post("/echo",
              [](request& q) -> awaitable<response> { co_return text(std::string(q.text())); });
    session api(loopback(site), base_url("http://site.local"));
    EXPECT_EQ(run(api.get("/hello/you")).text(), "hello you");
    EXPECT_EQ(run(api.post("/echo", body(std::string(300'000, 'x')))).text().size(), 300'000U);
    EXPECT_EQ(run(api.get("/none")).status, 404);
}

testing::script gives(const std::string& response)
{
    return testing::script().receive_until("\r\n\r\n").send(response).close();
}

TEST(cassette, plays_back_what_was_recorded_without_secrets)
{
    const testing::temporary_directory dir;
    const std::string path = dir / "tape.jsonl";
    std::string url;
    {
        testing::fault_server site(
            {gives("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: sid=geheim; "
                   "Path=/\r\n\r\nfirst"),
             gives("HTTP/1.1 404 Gone\r\nContent-Length: 4\r\n\r\n\xff\xfe\x01\x02")});
        url = fmt::format("http://127.0.0.1:{}/x?token=geheim&b=1", site.port());
        session api(record(path), bearer("geheim"), headers("X-Api-Key", "geheim"));
        EXPECT_EQ(run(api.get(url)).text(), "first");
        EXPECT_EQ(run(api.post(url, body("data"))).status, 404);
    }
    const std::string tape = testing::read_file(path);
    EXPECT_THAT(tape, Not(HasSubstr("geheim")));
    EXPECT_THAT(tape, HasSubstr("token=***&b=1"));
    EXPECT_THAT(tape, HasSubstr("Bearer ***"));

    session again{replay(path)};
    EXPECT_EQ(run(again.get(url)).text(), "first");
    const auto r = run(again.post(url, body("data")));
    EXPECT_EQ(r.reason, "Gone");
    EXPECT_EQ(as_text(r.bytes()), "\xff\xfe\x01\x02");
    try {
        run(again.get(url));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_THAT(e.what(), HasSubstr("nothing is left for GET"));
    }
    session out_of_order{replay(path)};
    try {
        run(out_of_order.post(url));
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_THAT(e.what(), HasSubstr("line 1: GET"));
    }
    session matching{replay(path).by_match()};
    EXPECT_EQ(run(matching.post(url, body("data"))).status, 404);
    EXPECT_EQ(run(matching.get(url)).status, 200);
    EXPECT_EQ(run(matching.get(url)).status, 200);
    EXPECT_THROW(run(matching.post(url, body("other"))), error);
}

TEST(cassette, that_is_none_is_refused_with_its_line)
{
    const testing::temporary_directory dir;
    EXPECT_THROW(replay(dir / "none"), error);
    EXPECT_THROW(record(dir / "no/such/folder"), error);
    for (const char* text : {"{", "{}", "[]\n", R"({"request":{"method":1}})"}) {
        SCOPED_TRACE(text);
        std::ofstream(dir / "bad") << text;
        try {
            replay(dir / "bad");
            ADD_FAILURE();
        } catch (const error& e) {
            EXPECT_THAT(e.what(), HasSubstr("line 1"));
        }
    }
}

TEST(har, has_what_browsers_tools_want_and_no_secret)
{
    mock web;
    web.get("http://a.local/page")
        .reply(response(200, html("<p>x")).with("Set-Cookie", "s=geheim"));
    web.post("http://a.local/form").reply(response(303).with("Location", "/page"));
    har_log har;
    session api(web, har, basic_auth("u", "geheim"));
    run(api.post("http://a.local/form?api_key=geheim&a=1", form("password", "geheim", "b", 2)));
    EXPECT_EQ(har.size(), 2U);
    EXPECT_THAT(har.text(), Not(HasSubstr("geheim")));
    const value log = har.document()["log"];
    EXPECT_EQ(log["version"].as<std::string>(), "1.2");
    const value& first = log["entries"][0];
    EXPECT_EQ(first["request"]["method"].as<std::string>(), "POST");
    EXPECT_EQ(first["request"]["queryString"][1]["value"].as<std::string>(), "1");
    EXPECT_EQ(first["request"]["postData"]["text"].as<std::string>(), "password=***&b=2");
    EXPECT_EQ(first["response"]["redirectURL"].as<std::string>(), "/page");
    const value& second = log["entries"][1];
    EXPECT_EQ(second["response"]["content"]["text"].as<std::string>(), "<p>x");
    EXPECT_EQ(second["response"]["cookies"][0]["name"].as<std::string>(), "s");
    EXPECT_GE(second["time"].as<double>(), 0.0);
    for (const char* key : {"blocked", "dns", "connect", "ssl", "send", "wait", "receive"}) {
        EXPECT_NE(second["timings"].get_if(key), nullptr) << key;
    }
    const testing::temporary_directory dir;
    har.save(dir / "x.har");
    EXPECT_EQ(json::parse(testing::read_file(dir / "x.har"))["log"]["entries"][0], first);
    EXPECT_THROW(har.save(dir / "no/x.har"), error);
}

// Answers with what came.
class parrot final : public transport {
public:
    awaitable<response> send(prepared_request what) override
    {
        std::string text = what.method + ' ' + what.url.href() + '\n';
        for (const auto [name, value] : what.headers) {
            text.append(name).append(": ").append(value).append("\n");
        }
        text += what.content.text();
        co_return response(http::text(std::move(text)));
    }
};

TEST(prepared_request, is_sent_as_it_is)
{
    session api(transport_by(std::make_shared<parrot>()), headers("X-Session", "1"), params("s", 1),
                cookies("c", "d"), basic_auth("u", "p"));
    prepared_request q = api.prepare("POST", "http://a.local/x?y=1#f", body("old", "text/x"));
    const std::string whole = run(api.send(q)).text();
    EXPECT_EQ(whole,
              "POST http://a.local/x?y=1&s=1\nHost: a.local\nUser-Agent: "
              "ferry/0.1\nAccept-Encoding: gzip, "
              "deflate, br, zstd\nAccept: */*\nX-Session: 1\nAuthorization: Basic dTpw\nCookie: "
              "c=d\nContent-Type: text/x\nContent-Length: 3\nold");
    q.headers.erase("X-Session");
    q.headers.erase("Cookie");
    q.headers.erase("User-Agent");
    q.headers.set("Accept", "text/csv");
    q.content = buffer::copy("longer");
    EXPECT_EQ(run(api.send(q)).text(),
              "POST http://a.local/x?y=1&s=1\nHost: a.local\nAccept-Encoding: gzip, deflate, br, "
              "zstd\nAccept: "
              "text/csv\nAuthorization: Basic dTpw\nContent-Type: text/x\nContent-Length: "
              "6\nlonger");
    q.streamed = true;
    EXPECT_THROW(run(api.send(q)), error);
}

TEST(session, a_cookie_field_of_ones_own_takes_the_place_of_the_jar)
{
    session api(transport_by(std::make_shared<parrot>()));
    api.cookies().store(url::parse("http://a.local/"), "jar=1");
    const std::string seen = run(api.get("http://a.local/", headers("Cookie", "own=1"))).text();
    EXPECT_NE(seen.find("Cookie: own=1\n"), seen.npos);
    EXPECT_EQ(seen.find("jar=1"), seen.npos);
}

TEST(to_curl, is_a_command_without_secrets)
{
    session api(bearer("geheim"), without("User-Agent"));
    EXPECT_EQ(api.prepare("GET", "https://a.local/it's?key=geheim&x=1#f", cookies("s", "geheim"))
                  .to_curl(),
              "curl 'https://a.local/it'\\''s?key=***&x=1' --compressed -H 'Accept: */*' -H "
              "'Authorization: Bearer ***' -H 'Cookie: s=***'");
    session plain(without("User-Agent", "Accept", "Accept-Encoding"));
    EXPECT_EQ(
        plain.prepare("POST", "http://a.local/", http::json(value::object("a", "it's"))).to_curl(),
        "curl 'http://a.local/' -H 'Content-Type: application/json' --data-binary "
        "'{\"a\":\"it'\\''s\"}'");
    EXPECT_EQ(plain.prepare("PUT", "http://a.local/", body("\xff\x01")).to_curl(),
              "curl -X 'PUT' 'http://a.local/' --data-binary @-");
    EXPECT_EQ(plain.prepare("POST", "http://a.local/", form("password", "geheim")).to_curl(),
              "curl 'http://a.local/' -H 'Content-Type: application/x-www-form-urlencoded' "
              "--data-binary 'password=***'");
    EXPECT_EQ(plain.prepare("HEAD", "http://a.local/").to_curl(), "curl --head 'http://a.local/'");
    EXPECT_EQ(plain.prepare("DELETE", "http://a.local/").to_curl(),
              "curl -X 'DELETE' 'http://a.local/'");
}

}  // namespace
}  // namespace ferry::http
