// What clients may do to a server: it answers 4xx or 5xx or closes within its limits, and serves
// the next one.
#include "ferry/async/run.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/http/stream_body.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/tls.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto hello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

class faults : public ::testing::Test {
protected:
    faults() { make(server_limits()); }

    void make(server_limits limits)
    {
        site.emplace(limits);
        site->get("/hello", [](request&) -> awaitable<response> { co_return text("hello"); });
        site->post("/echo", [](request& q) -> awaitable<response> { co_return body(q.content); });
        site->post(
            "/count",
            [](request& q) -> awaitable<response> {
                std::uint64_t size = 0;
                for (;;) {
                    const buffer piece = co_await q.read();
                    if (piece.empty()) break;
                    size += piece.size();
                }
                co_return text(std::to_string(size));
            },
            route_options().stream_body().body_bytes(8 << 20));
        site->post(
            "/ignore", [](request&) -> awaitable<response> { co_return text("ignored"); },
            route_options().stream_body());
    }

    // Runs the server and a visitor of its port beside it.
    void visit(std::function<awaitable<void>(std::uint16_t)> visitor)
    {
        run(ferry::timeout(20s, drive(&*site, std::move(visitor))));
    }

    static awaitable<void> drive(server* site, std::function<awaitable<void>(std::uint16_t)> visit)
    {
        net::listener on(net::tcp("127.0.0.1", 0));
        const std::uint16_t port = on.port();
        auto serving = spawn(site->serve(std::move(on)));
        auto visited = visit(port);
        co_await std::move(visited);
        co_await site->stop(2s);
        co_await serving.join();
    }

    std::optional<server> site;
};

// Sends `bytes`, keeps the connection open, and returns what comes until the server closes it.
awaitable<std::string> talk(std::uint16_t port, std::string bytes)
{
    auto s = co_await net::connect(net::tcp("127.0.0.1", port));
    std::string got;
    try {
        co_await s.write(std::move(bytes));
    } catch (const connection_error&) {  // it did not want to hear it all
    }
    try {
        for (;;) {
            const std::size_t n = co_await s.fill();
            if (n == 0) break;
            got += s.buffered_text();
            s.consume(s.buffered().size());
        }
    } catch (const connection_error&) {
        got += "<reset>";
    }
    co_return got;
}

// One request, one response, by whoever comes next.
awaitable<void> expect_service(std::uint16_t port)
{
    const std::string next =
        co_await talk(port, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(next, EndsWith("hello"));
}

TEST_F(faults, each_ends_its_own_connection_and_nobody_elses)
{
    make(server_limits().head_time(40ms).idle_time(40ms).body_time(40ms));
    visit([](std::uint16_t port) -> awaitable<void> {
        const std::string post = "POST /echo HTTP/1.1\r\nHost: x\r\n";
        const struct {
            const char* name;
            std::string bytes;
            const char* answer;  // the beginning; empty: closed without a word
        } rows[] = {
            {"silence", "", ""},
            {"a slow head", "GET /hello HTTP/1.1\r\nHo", "HTTP/1.1 408"},
            {"a slow body", post + "Content-Length: 10\r\n\r\nabc", "HTTP/1.1 408"},
            {"a slow chunk", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 408"},
            {"a body that never comes", post + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n",
             "HTTP/1.1 100"},
            {"a bad chunk", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 400"},
            {"a chunk without an end", post + "Transfer-Encoding: chunked\r\n\r\n2\r\nabX",
             "HTTP/1.1 400"},
            {"a length beside chunks",
             post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             "HTTP/1.1 400"},
            {"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
             "HTTP/1.1 400"},
            {"a negative length", post + "Content-Length: -1\r\n\r\n", "HTTP/1.1 400"},
            {"a long body", post + "Content-Length: 2000000\r\n\r\n", "HTTP/1.1 413"},
            {"a long body for a stream",
             "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n", "HTTP/1.1 413"},
            {"a long head", "GET / HTTP/1.1\r\nA: " + std::string(20'000, 'a'), "HTTP/1.1 431"},
            {"a long target", "GET /" + std::string(9'000, 'a'), "HTTP/1.1 414"},
            {"300 fields",
             "GET / HTTP/1.1\r\nHost: x\r\n" +
                 [] {
                     std::string all;
                     for (int i = 0; i < 300; ++i) all += "a: b\r\n";
                     return all;
                 }() +
                 "\r\n",
             "HTTP/1.1 431"},
            {"no host", "GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
            {"an unknown expectation", "GET /hello HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n",
             "HTTP/1.1 417"},
            {"a path out", "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"},
            {"a NUL", std::string("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 28), "HTTP/1.1 400"},
            {"a TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15),
             "HTTP/1.1 400"},
            {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 400"},
        };
        for (const auto& r : rows) {
            SCOPED_TRACE(r.name);
            const std::string answer = co_await talk(port, r.bytes);
            EXPECT_THAT(answer, StartsWith(r.answer));
            EXPECT_THAT(answer, Not(HasSubstr("<reset>")));
            if (*r.answer == '\0') {
                EXPECT_EQ(answer, "");
            }
            co_await expect_service(port);
        }
    });
}

TEST_F(faults, plain_http_on_a_port_for_tls_is_told_so)
{
    const testing::temporary_directory folder;
    testing::certificate_authority ca(folder.path());
    const auto id = ca.issue({"127.0.0.1"});
    auto main = [](server* at, testing::identity own,
                   std::string trusted) -> awaitable<std::string> {
        net::listener on(
            net::tls(net::tcp("127.0.0.1", 0), net::tls_context::server(own.chain, own.key)));
        const std::uint16_t port = on.port();
        auto serving = spawn(at->serve(std::move(on)));
        std::string answer = co_await talk(port, hello);
        session api(verify(trusted));
        const auto secure = co_await api.get(fmt::format("https://127.0.0.1:{}/hello", port));
        answer += secure.text();
        serving.cancel();
        co_await serving.wait();
        co_return answer;
    };
    make(server_limits());
    const std::string told = run(ferry::timeout(20s, main(&*site, id, ca.ca_file())));
    EXPECT_THAT(told, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(told, HasSubstr("\r\n\r\nThis port speaks TLS: use https.\n"));
    EXPECT_THAT(told, HasSubstr("hello"));
}

TEST_F(faults, a_body_must_keep_up_a_rate)
{
    make(server_limits().body_time(60ms).body_rate(1'000'000));
    visit([](std::uint16_t port) -> awaitable<void> {
        auto s = co_await net::connect(net::tcp("127.0.0.1", port));
        co_await s.write(
            std::string("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"));
        std::string got;
        try {
            // Each piece comes in time; all together do not.
            for (int i = 0; i < 20 && got.empty(); ++i) {
                co_await s.write(std::string("x"));
                co_await sleep(20ms);
                if (s.readable_now()) {
                    const std::size_t n = co_await s.fill();
                    got = s.buffered_text().substr(0, n);
                }
            }
        } catch (const connection_error&) {
        }
        EXPECT_THAT(got, StartsWith("HTTP/1.1 408"));
        co_await expect_service(port);
    });
}

TEST_F(faults, a_flood_of_pipelined_requests_is_cut_off)
{
    make(server_limits().pipelined_requests(10));
    visit([](std::uint16_t port) -> awaitable<void> {
        std::string flood;
        for (int i = 0; i < 500; ++i) flood += hello;
        const std::string answer = co_await talk(port, flood);
        std::size_t count = 0;
        for (std::size_t at = answer.find("HTTP/1.1 200"); at != std::string::npos;
             at = answer.find("HTTP/1.1 200", at + 1)) {
            ++count;
        }
        EXPECT_EQ(count, 10U);
        EXPECT_THAT(answer, HasSubstr("Connection: close"));
        EXPECT_THAT(answer, Not(HasSubstr("<reset>")));
        co_await expect_service(port);
    });
}

TEST_F(faults, a_full_server_says_so)
{
    make(server_limits().connections(2));
    visit([](std::uint16_t port) -> awaitable<void> {
        auto one = co_await net::connect(net::tcp("127.0.0.1", port));
        auto two = co_await net::connect(net::tcp("127.0.0.1", port));
        co_await one.write(std::string(hello));
        const auto answered = co_await one.read_line();
        EXPECT_EQ(answered.value_or(""), "HTTP/1.1 200 OK\r\n");
        const std::string third = co_await talk(port, hello);
        EXPECT_THAT(third, StartsWith("HTTP/1.1 503 Service Unavailable\r\nRetry-After: "));
        co_await one.close();
        for (bool served = false; !served;) {  // until the server has noticed
            const std::string next =
                co_await talk(port, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            served = next.ends_with("hello");
        }
        co_await two.close();
    });
}

TEST_F(faults, a_half_open_client_gets_its_answer)
{
    visit([](std::uint16_t port) -> awaitable<void> {
        auto s = co_await net::connect(net::tcp("127.0.0.1", port));
        co_await s.write(std::string(hello));
        co_await s.shutdown_write();
        const auto all = co_await s.read_all(1000);
        EXPECT_THAT(to_string(all), EndsWith("hello"));
    });
}

TEST_F(faults, streamed_bodies_come_in_pieces_and_what_is_left_unread_ends_the_connection)
{
    visit([](std::uint16_t port) -> awaitable<void> {
        session client;
        const std::string at = fmt::format("http://127.0.0.1:{}", port);
        const auto counted = co_await client.post(at + "/count", body(std::string(5'000'000, 'x')));
        EXPECT_EQ(counted.text(), "5000000");
        const std::string small = co_await talk(
            port, std::string("POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc") +
                      "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        EXPECT_THAT(small, HasSubstr("ignored"));
        EXPECT_THAT(small, EndsWith("hello"));
        const std::string large = co_await talk(
            port, "POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n" +
                      std::string(100'000, 'x'));
        EXPECT_THAT(large, HasSubstr("Connection: close"));
        EXPECT_THAT(large, EndsWith("ignored"));
        const std::string waiting = co_await talk(port,
                                                  "POST /ignore HTTP/1.1\r\nHost: x\r\nExpect: "
                                                  "100-continue\r\nContent-Length: 3\r\n\r\n");
        EXPECT_THAT(waiting, StartsWith("HTTP/1.1 200"));
        EXPECT_THAT(waiting, HasSubstr("Connection: close"));
    });
}

TEST(server_request, gives_typed_access_to_what_came)
{
    server site;
    site.post("/{n:int}/{word}", [](request& q) -> awaitable<response> {
        std::string told =
            fmt::format("{} {}", q.path<std::uint8_t>("n"), q.path<std::string>("word"));
        told += fmt::format(" {} {} {}", q.query<double>("d").value_or(-1),
                            q.query<bool>("b").value_or(false), q.cookie("c").value_or("none"));
        for (const auto& [name, value] : q.cookies()) told += fmt::format(" {}:{}", name, value);
        for (const auto& [name, value] : q.form()) told += fmt::format(" {}={}", name, value);
        co_return text(told);
    });
    const auto ask = [&](std::string target,
                         std::string type = "application/x-www-form-urlencoded") {
        request q;
        q.method = "POST";
        q.target = std::move(target);
        q.headers = headers("Content-Type", type, "Cookie", "a=1; c=\"x y\"; c=2;;bad; d=");
        q.content = buffer::copy("k=v+w&l=%C3%A9");
        const response r = run(site.respond(std::move(q)));
        return std::to_string(r.status) + " " + r.text();
    };
    EXPECT_EQ(ask("/7/w?d=1.5&b=1"), "200 7 w 1.5 true x y a:1 c:x y c:2 d: k=v w l=\xc3\xa9");
    EXPECT_THAT(ask("/256/w"), StartsWith("404"));
    EXPECT_THAT(ask("/7/w?d=x"), StartsWith("400"));
    EXPECT_THAT(ask("/7/w?b=maybe"), StartsWith("400"));
    EXPECT_THAT(ask("/7/w", "text/plain"), StartsWith("415"));
}

TEST(server_health, tells_whether_the_check_passed)
{
    bool well = true;
    server site;
    site.health();
    site.health("/deep", [&well]() -> awaitable<void> {
        if (!well) throw std::runtime_error("the database is gone");
        co_return;
    });
    const auto ask = [&](const char* target) {
        request q;
        q.method = "GET";
        q.target = target;
        const response r = run(site.respond(std::move(q)));
        return std::to_string(r.status) + " " + r.text();
    };
    EXPECT_EQ(ask("/healthz"), "200 {\"status\":\"ok\"}");
    EXPECT_EQ(ask("/deep"), "200 {\"status\":\"ok\"}");
    well = false;
    EXPECT_EQ(ask("/deep"), "503 {\"status\":\"failing\"}");
}

TEST(server_threads, share_a_port_and_stop_together)
{
    std::atomic<int> served = 0;
    server site;
    site.get("/", [&served](request&) -> awaitable<response> {
        ++served;
        co_return text("here");
    });
    const auto scenario = [](server* of) -> awaitable<void> {
        auto serving = spawn(of->serve_threads(3, net::tcp("127.0.0.1", 0)));
        while (of->port() == 0) co_await sleep(1ms);
        const std::string url = fmt::format("http://127.0.0.1:{}/", of->port());
        for (int i = 0; i < 40; ++i) {
            session fresh;
            const auto r = co_await fresh.get(url, timeout(5s));
            EXPECT_EQ(r.text(), "here");
        }
        co_await of->stop(2s);
        co_await serving.join();
    };
    run(ferry::timeout(20s, scenario(&site)));
    EXPECT_EQ(served, 40);
    EXPECT_EQ(site.connections(), 0U);
}

// Some of the threads have not begun to listen then.
TEST(server_threads, end_when_the_one_that_started_them_is_cancelled)
{
    const auto scenario = []() -> awaitable<void> {
        server site;
        auto serving = spawn(site.serve_threads(4, net::tcp("127.0.0.1", 0)));
        while (site.port() == 0) co_await sleep(0ms);
        serving.cancel();
        co_await serving.wait();
        EXPECT_TRUE(serving.cancelled());
    };
    for (int i = 0; i < 20; ++i) run(ferry::timeout(20s, scenario()));
}

TEST(server_threads, may_be_stopped_while_they_start)
{
    const auto scenario = []() -> awaitable<void> {
        server site;
        auto serving = spawn(site.serve_threads(4, net::tcp("127.0.0.1", 0)));
        while (site.port() == 0) co_await sleep(0ms);
        co_await site.stop(2s);
        co_await serving.join();
    };
    for (int i = 0; i < 20; ++i) run(ferry::timeout(20s, scenario()));
}

TEST(server_endpoints, a_unix_socket_and_tls_with_client_certificates)
{
    testing::temporary_directory folder;
    testing::certificate_authority ca(folder.path());
    const auto own = ca.issue({"127.0.0.1"});
    const auto who = ca.issue({"somebody"});
    const auto scenario = [](std::string path, std::string trusted, testing::identity server_id,
                             testing::identity client_id) -> awaitable<void> {
        server site;
        site.get("/", [](request& q) -> awaitable<response> {
            const bool shown = q.peer_certificate().starts_with("-----BEGIN CERTIFICATE-----");
            co_return text((q.tls() != nullptr ? q.tls()->peer_subject : "clear") +
                           (shown ? " shown" : " none"));
        });
        auto at_path = spawn(site.serve(net::unix_socket(path)));
        auto context = net::tls_context::server(server_id.chain, server_id.key);
        context.ca_file(trusted).client_certificate_optional();
        net::listener on(net::tls(net::tcp("127.0.0.1", 0), context));
        const std::string url = fmt::format("https://127.0.0.1:{}/", on.port());
        auto secured = spawn(site.serve(std::move(on)));
        co_await sleep(5ms);

        auto s = co_await net::connect(net::unix_socket(path));
        co_await s.write(std::string("GET / HTTP/1.0\r\n\r\n"));
        const auto all = co_await s.read_all(1000);
        EXPECT_THAT(to_string(all), EndsWith("clear none"));
        session anonymous{verify(trusted)};
        const auto a = co_await anonymous.get(url);
        EXPECT_EQ(a.text(), " none");
        session known(verify(trusted), cert(client_id.chain, client_id.key));
        const auto b = co_await known.get(url);
        EXPECT_EQ(b.text(), "CN = somebody shown");
        co_await site.stop(1s);
        co_await at_path.join();
        co_await secured.join();
    };
    run(ferry::timeout(20s, scenario(folder / "s", ca.ca_file(), own, who)));
    EXPECT_FALSE(std::filesystem::exists(folder / "s"));
}

TEST(server_listing, shows_what_is_served_and_nothing_else)
{
    testing::temporary_directory folder;
    std::filesystem::create_directory(folder.path() / "Sub");
    std::filesystem::create_directory(folder.path() / "indexed");
    std::ofstream(folder / "b & <c>.txt") << "x";
    std::ofstream(folder / "a.txt") << "x";
    std::ofstream(folder / ".hidden") << "x";
    std::ofstream(folder.path() / "indexed" / "index.html") << "own";
    std::filesystem::create_symlink("a.txt", folder.path() / "link");
    server site;
    site.files("/f/", folder.path(), file_options().listing().cache_control("max-age=60"));
    site.files("/g/", folder.path());
    const auto ask = [&](const char* target) {
        request q;
        q.method = "GET";
        q.target = target;
        return run(site.respond(std::move(q)));
    };
    const std::string page = ask("/f/").text();
    EXPECT_THAT(page, HasSubstr("<title>Directory listing for /f/</title>"));
    EXPECT_THAT(page,
                HasSubstr("<ul>\n<li><a href=\"a.txt\">a.txt</a></li>\n"
                          "<li><a href=\"b%20%26%20%3Cc%3E.txt\">b &amp; &lt;c&gt;.txt</a></li>\n"
                          "<li><a href=\"indexed/\">indexed/</a></li>\n"
                          "<li><a href=\"link\">link@</a></li>\n"
                          "<li><a href=\"Sub/\">Sub/</a></li>\n</ul>"));
    EXPECT_EQ(ask("/f/indexed/").text(), "own");
    EXPECT_EQ(ask("/f/a.txt").headers["Cache-Control"], "max-age=60");
    EXPECT_EQ(ask("/f/none/").status, 404);
    EXPECT_EQ(ask("/f/Sub").status, 301);
    EXPECT_EQ(ask("/g/").status, 404);
}

}  // namespace
}  // namespace ferry::http
