#include "ferry/http/server.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void put(const std::filesystem::path& path, std::string_view content)
{
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

awaitable<response> hello(request& q)
{
    co_return text("hello " + std::string(q.query("name").value_or("nobody")));
}

// The routes that these tests use.
server make_site(server_limits limits = server_limits())
{
    server site(limits);
    site.get("/hello", hello);
    site.post("/echo", [](request& q) -> awaitable<response> {
        co_return body(q.content, std::string(q.headers.get("Content-Type").value_or("")));
    });
    site.get("/tasks/{id:int}", [](request& q) -> awaitable<response> {
        co_return json(value::object("id", q.path<int>("id")));
    });
    site.get("/fails", [](request&) -> awaitable<response> {
        throw std::runtime_error("secret cause");
        co_return response();
    });
    site.get("/teapot", [](request&) -> awaitable<response> {
        throw problem(status::im_a_teapot, "short and stout");
        co_return response();
    });
    site.get("/stream", [](request&) -> awaitable<response> {
        auto left = std::make_shared<int>(3);
        co_return generator([left]() -> awaitable<buffer> {
            auto part = [](std::shared_ptr<int> n) -> awaitable<buffer> {
                co_return (*n)-- > 0 ? buffer::copy("part") : buffer();
            };
            return part(left);
        });
    });
    return site;
}

// Sends `bytes` on one connection and returns all that comes back until the server closes it.
awaitable<std::string> talk(server* site, std::string bytes)
{
    auto two = net::pair();
    auto served = spawn(site->serve_connection(std::move(two.second)));
    try {
        co_await two.first.write(std::move(bytes));
        co_await two.first.shutdown_write();
    } catch (const connection_error&) {  // the server did not want to hear it all
    }
    const auto all = co_await two.first.read_all(10 << 20);
    co_await served.join();
    co_return to_string(all);
}

std::string ask(server& site, const std::string& bytes)
{
    return run(ferry::timeout(10s, talk(&site, bytes)));
}

std::string without_date(std::string text)
{
    for (;;) {
        const std::size_t at = text.find("Date: ");
        if (at == std::string::npos) return text;
        text.erase(at, text.find("\r\n", at) + 2 - at);
    }
}

TEST(server, answers_what_its_routes_say)
{
    server site = make_site();
    EXPECT_EQ(without_date(ask(site, "GET /hello?name=caf%C3%A9 HTTP/1.1\r\nHost: x\r\n\r\n")),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
              "Content-Length: 11\r\n\r\nhello caf\xc3\xa9");
    EXPECT_THAT(ask(site, "GET /tasks/7 HTTP/1.1\r\nHost: x\r\n\r\n"),
                EndsWith("\r\n\r\n{\"id\":7}"));
    EXPECT_THAT(ask(site, "GET http://x/tasks/7 HTTP/1.1\r\nHost: x\r\n\r\n"),
                EndsWith("{\"id\":7}"));
}

TEST(server, answers_head_and_options_by_itself)
{
    server site = make_site();
    EXPECT_EQ(without_date(ask(site, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n")),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
              "Content-Length: 12\r\n\r\n");
    EXPECT_EQ(without_date(ask(site, "OPTIONS /hello HTTP/1.1\r\nHost: x\r\n\r\n")),
              "HTTP/1.1 204 No Content\r\nAllow: OPTIONS, GET, HEAD\r\n\r\n");
}

TEST(server, problems_say_what_the_client_may_know)
{
    server site = make_site();
    const struct {
        const char* request;
        const char* status;
        const char* contains;
    } rows[] = {
        {"GET /none HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found", "\"title\":\"Not Found\""},
        {"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405 Method Not Allowed",
         "Allow: OPTIONS, GET, HEAD\r\n"},
        {"GET /tasks/99999999999 HTTP/1.1\r\nHost: x\r\n\r\n", "404 Not Found", "\"status\":404"},
        {"GET /teapot HTTP/1.1\r\nHost: x\r\n\r\n", "418 I'm a Teapot", "short and stout"},
        {"GET /fails HTTP/1.1\r\nHost: x\r\n\r\n", "500 Internal Server Error", "\"status\":500"},
        {"GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", "400 Bad Request", "not text"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.request);
        const std::string answer = ask(site, r.request);
        EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + r.status));
        EXPECT_THAT(answer, HasSubstr(r.contains));
        EXPECT_THAT(answer, HasSubstr("Content-Type: application/problem+json\r\n"));
        EXPECT_THAT(answer, Not(HasSubstr("secret cause")));
    }
}

TEST(server, pipelined_requests_are_answered_in_order)
{
    server site = make_site();
    std::string requests;
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        requests += fmt::format("GET /tasks/{} HTTP/1.1\r\nHost: x\r\n\r\n", i);
        const std::string id = std::to_string(i);
        expected += fmt::format(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Content-Length: {}\r\n\r\n{{\"id\":{}}}",
            7 + id.size(), i);
    }
    EXPECT_EQ(without_date(ask(site, requests)), expected);
}

TEST(server, bodies_come_whole_by_length_and_in_chunks)
{
    server site = make_site();
    const struct {
        const char* name;
        std::string request;
        const char* body;
    } rows[] = {
        {"length", "Content-Length: 3\r\n\r\nabc", "abc"},
        {"chunks", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: 1\r\n\r\n",
         "abc"},
        {"continue", "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", "abc"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_THAT(ask(site, "POST /echo HTTP/1.1\r\nHost: x\r\n" + r.request),
                    EndsWith(std::string("Content-Length: 3\r\n\r\n") + r.body));
    }
}

TEST(server, streams_in_chunks_or_until_close)
{
    server site = make_site();
    EXPECT_THAT(ask(site, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"),
                EndsWith("Transfer-Encoding: chunked\r\n\r\n"
                         "4\r\npart\r\n4\r\npart\r\n4\r\npart\r\n0\r\n\r\n"));
    EXPECT_THAT(ask(site, "GET /stream HTTP/1.0\r\n\r\n"),
                EndsWith("Connection: close\r\n\r\npartpartpart"));
}

TEST(server, bad_requests_end_the_connection_and_nothing_else)
{
    server site = make_site();
    const std::string next = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
    const struct {
        const char* name;
        std::string request;
        const char* status;
    } rows[] = {
        {"nonsense", "nonsense\r\n\r\n", "400"},
        {"both lengths",
         "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         "400"},
        {"bad chunk", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
         "400"},
        {"bare LF", "GET /hello HTTP/1.1\nHost: x\n\n", "400"},
        {"long body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n", "413"},
        {"long chunked body",
         "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1e8480\r\n" +
             std::string(2'000'000, 'x') + "\r\n0\r\n\r\n",
         "413"},
        {"long target", "GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "414"},
        {"long head", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n",
         "431"},
        {"unknown coding", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
         "501"},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const std::string answer = ask(site, r.request + next);
        EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + r.status));
        EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
        EXPECT_THAT(answer, Not(HasSubstr("hello nobody")));
        EXPECT_THAT(ask(site, next), EndsWith("hello nobody"));
    }
}

// What the server says to a client that begins so and then waits.
awaitable<std::string> begin(server* s, std::string with)
{
    auto two = net::pair();
    auto served = spawn(s->serve_connection(std::move(two.second)));
    co_await two.first.write(std::move(with));
    const auto all = co_await two.first.read_all(1 << 20);
    co_await two.first.shutdown_write();
    co_await served.join();
    co_return to_string(all);
}

TEST(server, a_client_of_another_protocol_is_told_at_once)
{
    server site = make_site(server_limits().head_time(10min).idle_time(10min));
    for (const char* greeting : {"\x16\x03\x01\x02", "\x03\x10", "(", "\xff\xfb\x18"}) {
        EXPECT_THAT(run(ferry::timeout(20s, begin(&site, greeting))), StartsWith("HTTP/1.1 400"));
    }
}

TEST(server, a_slow_head_gets_408_and_an_idle_connection_is_closed)
{
    server site = make_site(server_limits().head_time(30ms).idle_time(30ms));
    EXPECT_THAT(run(begin(&site, "GET /hello HTTP/1.1\r\nHo")), StartsWith("HTTP/1.1 408"));
    EXPECT_EQ(run(begin(&site, "")), "");
    EXPECT_THAT(run(begin(&site, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")),
                EndsWith("hello nobody"));
}

TEST(server, stops_after_the_requests_under_way)
{
    const auto scenario = []() -> awaitable<void> {
        server site;
        event started;
        event release;
        site.get("/slow", [&started, &release](request&) -> awaitable<response> {
            started.set();
            co_await release.wait();
            co_return text("done");
        });
        net::listener on(net::tcp("127.0.0.1", 0));
        const std::string url = fmt::format("http://127.0.0.1:{}/slow", on.port());
        auto serving = spawn(site.serve(std::move(on)));
        session client;
        auto idle = co_await net::connect(net::tcp("127.0.0.1", url::parse(url).port_or_default()));
        auto asking = spawn(client.get(url));
        co_await started.wait();
        auto stopping = spawn(site.stop(5s));
        co_await yield_now();
        const auto closed = co_await idle.fill();
        EXPECT_EQ(closed, 0U);
        EXPECT_FALSE(stopping.done());
        release.set();
        const auto answer = co_await asking.join();
        EXPECT_EQ(answer.text(), "done");
        EXPECT_EQ(answer.headers["Connection"], "close");
        co_await stopping.join();
        co_await serving.join();
        EXPECT_EQ(site.connections(), 0U);
    };
    run(ferry::timeout(10s, scenario()));
}

TEST(server, cancels_what_outlasts_the_grace)
{
    const auto scenario = []() -> awaitable<void> {
        server site;
        event started;
        site.get("/never", [&started](request&) -> awaitable<response> {
            started.set();
            co_await sleep(1h);
            co_return response();
        });
        net::listener on(net::tcp("127.0.0.1", 0));
        const std::string url = fmt::format("http://127.0.0.1:{}/never", on.port());
        auto serving = spawn(site.serve(std::move(on)));
        session client;
        auto asking = spawn(client.get(url));
        co_await started.wait();
        co_await site.stop(10ms);
        co_await serving.join();
        bool failed = false;
        try {
            co_await asking.join();
        } catch (const connection_error&) {
            failed = true;
        }
        EXPECT_TRUE(failed);
    };
    run(ferry::timeout(10s, scenario()));
}

class server_files : public ::testing::Test {
protected:
    server_files()
    {
        put(root / "index.html", "<h1>home</h1>");
        put(root / "docs" / "index.html", "docs");
        put(root / "a b.txt", "0123456789");
        put(root / "app.js", "plain");
        put(root / "app.js.br", "brotli");
        put(root / "app.js.gz", "gzip");
        put(root / "big.bin", std::string(200'000, 'b') + "end");
        put(root / ".secret", "hidden");
        put(root / ".git" / "config", "hidden");
        put(directory.path() / "outside.txt", "outside");
        std::filesystem::create_symlink(directory.path() / "outside.txt", root / "link.txt");
        std::filesystem::create_symlink("..", root / "up");
        site.files("/", root);
    }

    response get(const std::string& target, headers fields = headers(), std::string method = "GET")
    {
        request q;
        q.method = std::move(method);
        q.target = target;
        q.headers = std::move(fields);
        return run(site.respond(std::move(q)));
    }

    testing::temporary_directory directory;
    std::filesystem::path root = directory.path() / "public";
    server site;
};

TEST_F(server_files, are_found_with_their_types)
{
    const auto home = get("/");
    EXPECT_EQ(home.text(), "<h1>home</h1>");
    EXPECT_EQ(home.content.content_type(), "text/html; charset=utf-8");
    EXPECT_EQ(home.headers["Accept-Ranges"], "bytes");
    EXPECT_EQ(get("/docs/").text(), "docs");
    EXPECT_EQ(get("/a%20b.txt?x").text(), "0123456789");
    const auto moved = get("/docs?x=1");
    EXPECT_EQ(moved.status, 301);
    EXPECT_EQ(moved.headers["Location"], "/docs/?x=1");
}

TEST_F(server_files, outside_the_directory_do_not_exist)
{
    for (const char* target : {"/none", "/.secret", "/.git/config", "/link.txt", "/up/outside.txt",
                               "/docs/none/", "/a%2fb", "//index.html", "/docs//index.html",
                               "/index.html/", "/..%2foutside.txt", "/%2e%2e%2foutside.txt"}) {
        SCOPED_TRACE(target);
        EXPECT_EQ(get(target).status, 404);
    }
    for (const char* target : {"/../outside.txt", "/%2e%2e/outside.txt", "/docs/%2E./index.html",
                               "/index.html%00.txt"}) {
        SCOPED_TRACE(target);
        EXPECT_EQ(get(target).status, 400);
    }
}

TEST_F(server_files, are_not_sent_again_unchanged)
{
    const auto first = get("/a%20b.txt");
    const std::string tag(first.headers["ETag"]);
    EXPECT_EQ(get("/a%20b.txt", headers("If-None-Match", tag)).status, 304);
    EXPECT_EQ(get("/a%20b.txt", headers("If-None-Match", "\"x\"")).status, 200);
    EXPECT_EQ(
        get("/a%20b.txt", headers("If-Modified-Since", first.headers["Last-Modified"])).status,
        304);
    EXPECT_EQ(get("/a%20b.txt", headers("If-Match", "\"x\"")).status, 412);
}

TEST_F(server_files, come_in_ranges)
{
    const auto one = get("/a%20b.txt", headers("Range", "bytes=2-4"));
    EXPECT_EQ(one.status, 206);
    EXPECT_EQ(one.text(), "234");
    EXPECT_EQ(one.headers["Content-Range"], "bytes 2-4/10");
    EXPECT_EQ(get("/a%20b.txt", headers("Range", "bytes=2-4", "If-Range", "\"old\"")).status, 200);

    const auto none = get("/a%20b.txt", headers("Range", "bytes=10-"));
    EXPECT_EQ(none.status, 416);
    EXPECT_EQ(none.headers["Content-Range"], "bytes */10");

    const auto two = get("/a%20b.txt", headers("Range", "bytes=0-0,-2"));
    EXPECT_EQ(two.status, 206);
    const std::string boundary(media_type(two.content.content_type()).parameter("boundary"));
    EXPECT_EQ(two.text(), fmt::format("\r\n--{0}\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                      "Content-Range: bytes 0-0/10\r\n\r\n0"
                                      "\r\n--{0}\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                      "Content-Range: bytes 8-9/10\r\n\r\n89\r\n--{0}--\r\n",
                                      boundary));
}

TEST_F(server_files, come_compressed_to_those_who_take_it)
{
    const struct {
        const char* accept;
        const char* body;
    } rows[] = {
        {"gzip, br", "brotli"},    {"gzip", "gzip"}, {"br;q=0, gzip", "gzip"},
        {"identity", "plain"},     {"*", "brotli"},  {"gzip;q=0.0", "plain"},
        {"br;q=0.000, *", "gzip"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.accept);
        const auto got = get("/app.js", headers("Accept-Encoding", r.accept));
        EXPECT_EQ(got.text(), r.body);
        EXPECT_EQ(got.headers["Vary"], "Accept-Encoding");
        EXPECT_EQ(got.content.content_type(), "text/javascript; charset=utf-8");
    }
    EXPECT_EQ(get("/app.js").text(), "plain");
}

TEST_F(server_files, large_ones_go_over_the_wire_whole_and_in_parts)
{
    const std::string whole = ask(
        site, "GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\nHEAD /big.bin HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(whole, HasSubstr("Content-Length: 200003\r\n"));
    EXPECT_THAT(whole, HasSubstr("bbbend"
                                 "HTTP/1.1 200 OK"));
    EXPECT_THAT(whole, EndsWith("\r\n\r\n"));
    const std::string part =
        ask(site, "GET /big.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1,-3\r\n\r\n");
    EXPECT_THAT(part, HasSubstr("\r\n\r\nbb\r\n--"));
    EXPECT_THAT(part, HasSubstr("\r\n\r\nend\r\n--"));
    EXPECT_THAT(ask(site, "POST /big.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
                StartsWith("HTTP/1.1 405"));
}

}  // namespace
}  // namespace ferry::http
