// The flags of `ferry get` and its like, against servers of this process.
#include "ferry/async/blocking.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/value.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/server_events.hpp"
#include "ferry/http/websocket.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/tls.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using testing::fault_server;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::outcome;
using testing::read_file;
using testing::run_program;
using testing::script;
using ::testing::StartsWith;

using words = std::vector<std::string>;

// Runs the command while this thread's servers answer.
outcome ferry_command(words all, const std::string& input = {})
{
    all.insert(all.begin(), FERRY_COMMAND);
    const auto call = [all, input] { return run_program(all, input); };
    return run(run_blocking(call));
}

std::string at(std::uint16_t port, const std::string& path = "/")
{
    return "http://127.0.0.1:" + std::to_string(port) + path;
}

awaitable<http::response> echo(http::request& q)
{
    value fields = value::object();
    for (const auto [name, content] : q.headers) fields[std::string(name)] = std::string(content);
    co_return http::json(value::object("method", q.method, "target", q.target, "fields",
                                       std::move(fields), "body", std::string(q.text())));
}

awaitable<http::response> fail(http::request& q)
{
    co_return http::response(q.path<int>("code"), http::text("sorry\n"));
}

awaitable<http::response> cut(http::request&)
{
    http::response r(http::status::ok, http::body(std::string("\0\1\2\3", 4), "image/x-none"));
    co_return r;
}

awaitable<http::response> documents(http::request&)
{
    co_return http::body(std::string("{\"n\": 1}\n{\"n\": 2}\n\n"), "application/x-ndjson");
}

awaitable<http::response> latin(http::request&)
{
    co_return http::body(std::string("<p>caf\xe9</p>"), "text/html; charset=iso-8859-1");
}

awaitable<http::response> feed(http::request&)
{
    co_return http::body(std::string("<rss><Item>one</Item></rss>"), "application/rss+xml");
}

// Two events, and on the second visit the word that there are no more.
awaitable<http::response> events(http::request& q)
{
    if (q.headers.contains("Last-Event-ID")) co_return http::response(http::status::no_content);
    co_return http::body(
        std::string(
            "retry: 1\n\nid: 1\ndata: {\"n\":1}\n\nevent: end\nid: 2\ndata: a\ndata: b\n\n"),
        "text/event-stream");
}

awaitable<void> chat(http::websocket& over, http::request&)
{
    for (;;) {
        const auto message = co_await over.receive();
        if (!message) break;
        std::string answer = "{\"said\":\"" + std::string(message->text()) + "\"}";
        const bool last = message->text() == "bye";
        co_await over.send(std::move(answer));
        if (last) break;
    }
}

void add_routes(http::server& site)
{
    for (const char* method : {"GET", "POST", "PURGE"}) site.route(method, "/echo", echo);
    site.get("/status/{code:int}", fail);
    site.get("/binary", cut);
    site.get("/documents", documents);
    site.get("/latin", latin);
    site.get("/feed", feed);
    site.get("/events", events);
    site.websocket("/chat", chat);
    site.get("/big.bin", [](http::request&) -> awaitable<http::response> {
        co_return http::response(http::body(std::string(300'000, 'b')))
            .with("ETag", "\"v1\"")
            .with("Content-Disposition", "attachment; filename=given.bin");
    });
}

class request_flags : public ::testing::Test {
protected:
    request_flags()
    {
        add_routes(site_);
        net::listener on(net::tcp("127.0.0.1", 0));
        port_ = on.port();
        serving_ = spawn(site_.serve(std::move(on)));
    }
    ~request_flags() override
    {
        run(site_.stop(0s));
        run(serving_.join());
    }

    std::string url(const std::string& path) const { return at(port_, path); }
    static std::string out(words all, const std::string& input = {})
    {
        const outcome done = ferry_command(std::move(all), input);
        EXPECT_EQ(done.status, 0) << done.err;
        return done.out;
    }
    // What the server saw.
    std::string seen(words more, const std::string& query, const std::string& input = {}) const
    {
        words all{"get", url("/echo"), "--query", query};
        all.insert(all.end(), more.begin(), more.end());
        return out(all, input);
    }

    http::server site_;
    std::uint16_t port_ = 0;
    task<void> serving_;
    testing::temporary_directory folder_;
};

TEST_F(request_flags, of_curl_set_fields_and_methods)
{
    struct row {
        words flags;
        const char* query;
        const char* expected;
    };
    for (const row& r : {
             row{{"-H", "X-A: b"}, "$.fields['X-A']", "b\n"},
             row{{"-H", "Accept:"}, "$.fields.Accept", ""},
             row{{"-A", "me/1"}, "$.fields['User-Agent']", "me/1\n"},
             row{{"-e", "http://a.example/"}, "$.fields.Referer", "http://a.example/\n"},
             row{{"-b", "a=b"}, "$.fields.Cookie", "a=b\n"},
             row{{"-X", "PURGE"}, "$.method", "PURGE\n"},
             row{{"-L", "--compressed"},
                 "$.fields['Accept-Encoding']",
                 "gzip, deflate, br, zstd\n"},
             row{{"q==a b", "n==1"}, "$.target", "/echo?q=a+b&n=1\n"},
             row{{"--json"}, "$.fields.Accept", "application/json, */*;q=0.5\n"},
         }) {
        SCOPED_TRACE(r.flags.front());
        EXPECT_EQ(seen(r.flags, r.query), r.expected);
    }
    EXPECT_EQ(out({"post", url("/echo"), "@-", "--query", "$.body"}, "from the input"),
              "from the input\n");
    EXPECT_EQ(out({"request", url("/echo"), "@-", "--query", "$['method','body']"}, "x"),
              "POST\nx\n");
    const std::string head = out({"get", "-I", url("/echo")});
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\n"));
    EXPECT_THAT(head, EndsWith("\n\n"));
    const std::string json = out({"get", url("/documents"), "--json", "--query", "$.n", "--lines"});
    EXPECT_EQ(json, "1\n2\n");
    EXPECT_THAT(out({"get", url("/echo"), "--json"}), StartsWith("{\n  \"method\": \"GET\""));
}

TEST_F(request_flags, name_files_and_fail_without_a_body)
{
    std::filesystem::current_path(folder_.path());
    EXPECT_EQ(out({"get", "-O", url("/echo")}), "");
    EXPECT_THAT(read_file(folder_ / "echo"), HasSubstr("\"GET\""));
    EXPECT_THAT(out({"get", "--download", url("/big.bin")}), HasSubstr("given.bin"));
    EXPECT_EQ(read_file(folder_ / "given.bin").size(), 300'000U);
    EXPECT_EQ(ferry_command({"get", "-O", url("/")}).status, 2);
    std::filesystem::current_path("/");

    const outcome shown = ferry_command({"get", url("/status/404")});
    EXPECT_EQ(shown.out, "sorry\n");
    const outcome failed = ferry_command({"get", "-f", url("/status/404")});
    EXPECT_EQ(failed.status, 4);
    EXPECT_EQ(failed.out, "");
    EXPECT_THAT(failed.err, HasSubstr("404 Not Found for url: " + url("/status/404")));
    EXPECT_EQ(ferry_command({"get", "-s", "-f", url("/status/500")}).err, "");
}

TEST_F(request_flags, lead_elsewhere)
{
    const std::string port = std::to_string(port_);
    EXPECT_EQ(out({"get", "http://a.example:" + port + "/echo", "--resolve",
                   "a.example:" + port + ":127.0.0.1", "--query", "$.fields.Host"}),
              "a.example:" + port + '\n');
    fault_server proxy(script()
                           .receive_until("\r\n\r\n")
                           .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy"));
    const std::string via = "http://u:p@127.0.0.1:" + std::to_string(proxy.port());
    EXPECT_EQ(out({"get", "-x", via, "http://a.example/x"}), "proxy");
    EXPECT_THAT(proxy.received(0), StartsWith("GET http://a.example/x HTTP/1.1\r\n"));
    EXPECT_THAT(proxy.received(0), HasSubstr("Proxy-Authorization: Basic dTpw\r\n"));
    ::setenv("http_proxy", via.c_str(), 1);
    EXPECT_EQ(out({"get", "http://a.example/x"}), "proxy");
    EXPECT_EQ(ferry_command({"get", "-x", "", "http://127.0.0.1:1/"}).status, 7);
    ::unsetenv("http_proxy");
    for (const words& wrong :
         {words{"--resolve", "a.example:127.0.0.1"}, words{"--resolve", "a.example:80:name"},
          words{"-x", "ftp://a"}, words{"--limit-rate", "fast"}, words{"--retry", "-1"},
          words{"--ws", "--sse"}, words{"--max-time", "0"}}) {
        words all{"get", url("/echo")};
        all.insert(all.end(), wrong.begin(), wrong.end());
        EXPECT_EQ(ferry_command(all).status, 2) << wrong.back();
    }
}

TEST_F(request_flags, limit_rates_and_retry)
{
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(out({"get", url("/big.bin"), "--limit-rate", "2m"}).size(), 300'000U);
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 80ms);

    const std::string busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 0\r\n\r\n";
    const fault_server server(script()
                                  .receive_until("\r\n\r\n")
                                  .send(busy)
                                  .receive_until("\r\n\r\n")
                                  .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    EXPECT_EQ(out({"get", at(server.port()), "--retry", "2"}), "ok");
}

TEST_F(request_flags, print_a_command_a_log_and_figures)
{
    EXPECT_EQ(out({"post", "http://a.example/x?token=t", "a=1", "-u", "u:p", "--curl"}),
              "curl 'http://a.example/x?token=***' -H 'User-Agent: ferry/0.1' --compressed "
              "-H 'Accept: */*' -H 'Authorization: Basic ***' -H 'Content-Type: application/json' "
              "--data-binary '{\"a\":\"1\"}'\n");
    const std::string har = folder_ / "log.har";
    out({"get", url("/documents"), "--har", har, "-u", "u:secret"});
    const value log = json::parse(read_file(har));
    const value entry = log["log"]["entries"][0];
    EXPECT_EQ(entry["request"]["url"].as<std::string>(), url("/documents"));
    EXPECT_EQ(entry["response"]["status"].as<int>(), 200);
    EXPECT_THAT(read_file(har), Not(HasSubstr("dTpzZWNyZXQ")));
    EXPECT_EQ(ferry_command({"get", url("/status/500"), "--har", har, "-o", folder_ / "x"}).status,
              5);
    EXPECT_THAT(read_file(har), HasSubstr("\"status\":500"));

    const outcome timed = ferry_command({"get", url("/echo"), "--timings", "--print", "m"});
    EXPECT_EQ(timed.out, "");
    for (const char* phase : {"bytes in", "connect", "send", "wait", "total"}) {
        EXPECT_THAT(timed.err, HasSubstr(phase));
    }
    const std::string all = out({"post", url("/echo"), "a=1", "-v"});
    EXPECT_THAT(all, StartsWith("POST /echo HTTP/1.1\n"));
    EXPECT_THAT(all, HasSubstr("\nContent-Type: application/json\nContent-Length: 9\n\n"
                               "{\"a\":\"1\"}\n\nHTTP/1.1 200 OK\n"));
    EXPECT_EQ(out({"post", url("/echo"), "a=1", "--print", "B"}), "{\"a\":\"1\"}\n\n");
    EXPECT_EQ(
        out({"get", url("/echo"), "-w", "%{http_version} %{http_code}\\n", "-o", folder_ / "body"}),
        "1.1 200\n");
    EXPECT_THAT(out({"post", "http://a.example/", "a=1", "--dry-run"}), StartsWith("POST / HTTP"));
}

TEST_F(request_flags, read_pages_in_the_encoding_of_their_head)
{
    EXPECT_EQ(out({"get", url("/latin"), "--xpath", "string(//p)"}), "café\n");
    EXPECT_EQ(out({"get", url("/latin"), "--css", "p::text"}), "café\n");
    EXPECT_EQ(out({"get", url("/feed"), "--xpath", "//Item"}), "<Item>one</Item>\n");
    const outcome wrong = ferry_command({"get", url("/latin"), "--query", "$.a"});
    EXPECT_NE(wrong.status, 0);
    EXPECT_THAT(wrong.err, HasSubstr(url("/latin")));
}

TEST_F(request_flags, take_a_body_line_by_line)
{
    EXPECT_EQ(out({"get", url("/documents"), "--lines", "--query", "$.n"}), "1\n2\n");
    EXPECT_EQ(out({"get", url("/documents"), "--lines"}), "{\"n\": 1}\n{\"n\": 2}\n\n");
    EXPECT_EQ(out({"get", url("/documents"), "--stream"}), "{\"n\": 1}\n{\"n\": 2}\n\n");
    EXPECT_THAT(out({"get", url("/documents"), "--lines", "--pretty", "all"}),
                HasSubstr("\033[34m\"n\"\033[0m:"));
}

TEST_F(request_flags, follow_events)
{
    EXPECT_EQ(out({"get", url("/events"), "--sse"}), "{\"n\":1}\na\nb\n");
    EXPECT_EQ(out({"get", url("/events"), "--sse", "-i"}),
              "id: 1\ndata: {\"n\":1}\n\nevent: end\nid: 2\ndata: a\ndata: b\n\n");
    EXPECT_EQ(ferry_command({"get", url("/status/404"), "--sse"}).status, 4);
    EXPECT_EQ(ferry_command({"get", url("/echo"), "--sse"}).status, 9);
    EXPECT_EQ(ferry_command({"post", url("/events"), "--sse"}).status, 2);
    const fault_server silent(script().receive_until("\r\n\r\n").stay_silent());
    EXPECT_EQ(ferry_command({"get", at(silent.port()), "--sse", "--max-time", "0.1"}).status, 10);
}

TEST_F(request_flags, talk_over_a_websocket)
{
    const std::string chat_url = "ws://127.0.0.1:" + std::to_string(port_) + "/chat";
    EXPECT_EQ(out({"get", chat_url, "--ws", "--timeout", "0.2"}, "a\nb"),
              "{\"said\":\"a\"}\n{\"said\":\"b\"}\n");
    EXPECT_EQ(out({"get", chat_url, "--ws", "--query", "$.said"}, "hello\nbye\n"), "hello\nbye\n");
    EXPECT_EQ(ferry_command({"get", url("/echo"), "--ws"}).status, 9);
    EXPECT_EQ(ferry_command({"get", "ws://127.0.0.1:1/", "--ws"}).status, 7);
}

TEST_F(request_flags, end_with_the_code_of_what_went_wrong)
{
    const auto answer = [](std::string text) {
        return script().receive_until("\r\n\r\n").send(std::move(text));
    };
    const fault_server redirect(
        answer("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"));
    const fault_server out_of_http(
        answer("HTTP/1.1 302 Found\r\nLocation: ftp://a/\r\nContent-Length: 0\r\n\r\n"));
    const fault_server short_body(answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"));
    const fault_server nonsense(answer("SSH-2.0-x\r\n"));
    const fault_server silent(script().receive_until("\r\n\r\n").stay_silent());
    const fault_server endless_head(
        answer("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"));
    struct row {
        int code;
        words arguments;
    };
    for (const row& r : {
             row{0, {url("/echo")}},
             row{0, {url("/status/500"), "--no-check-status"}},
             row{1,
                 {url("/echo"), "--query", "$.a", "-o", folder_ / "q", "--lines", "--pretty",
                  "none", "--css", "a"}},
             row{2, {"htp://a/"}},
             row{2, {"http://"}},
             row{2, {url("/echo"), "--no-such-flag"}},
             row{2, {url("/echo"), "A:b\nc"}},
             row{3, {at(redirect.port()), "--no-follow"}},
             row{4, {url("/status/404")}},
             row{5, {url("/status/503")}},
             row{6, {at(redirect.port()), "--max-redirects", "3"}},
             row{6, {at(out_of_http.port())}},
             row{7, {"http://127.0.0.1:1/"}},
             row{7, {"http://no-such-host.invalid/"}},
             row{7, {"http://a.example/", "-x", "http://127.0.0.1:1"}},
             row{8, {"https://127.0.0.1:" + std::to_string(port_) + "/"}},
             row{8, {"https://127.0.0.1:1/", "--cacert", "/no/such/file"}},
             row{9, {at(short_body.port())}},
             row{9, {at(nonsense.port())}},
             row{9, {url("/big.bin"), "-o", folder_ / "sum", "--sha256", std::string(64, '0')}},
             row{10, {at(silent.port()), "--timeout", "0.05"}},
             row{10, {at(silent.port()), "--max-time", "0.05"}},
             row{11, {url("/echo"), "-o", folder_ / "no/such/folder"}},
             row{11, {url("/echo"), "@" + (folder_ / "missing")}},
             row{12, {at(endless_head.port())}},
         }) {
        words all{"get"};
        all.insert(all.end(), r.arguments.begin(), r.arguments.end());
        SCOPED_TRACE(r.arguments.front() + ' ' + r.arguments.back());
        const outcome done = ferry_command(all);
        if (r.code == 1) {
            EXPECT_EQ(done.status, 2);
            continue;
        }
        EXPECT_EQ(done.status, r.code) << done.err;
        EXPECT_EQ(done.err.empty(), r.code == 0) << done.err;
    }
}

TEST(request_tls, is_verified_unless_told_otherwise)
{
    const testing::temporary_directory folder;
    testing::certificate_authority ca(folder.path());
    const auto server = ca.issue({"a.example"});
    const auto client = ca.issue({"client"});
    auto context = net::tls_context::server(server.chain, server.key);
    context.ca_file(ca.ca_file());
    http::server site;
    add_routes(site);
    net::listener on(net::tls(net::tcp("127.0.0.1", 0), context));
    const std::string port = std::to_string(on.port());
    auto serving = spawn(site.serve(std::move(on)));
    const std::string url = "https://a.example:" + port + "/echo";
    const auto get = [&](words more) {
        words all{"get",     url,       "--resolve", "a.example:" + port + ":127.0.0.1",
                  "--query", "$.method"};
        all.insert(all.end(), more.begin(), more.end());
        return ferry_command(all);
    };
    const words shown{"--cert", client.chain, "--key", client.key};
    const auto with = [&](words more) {
        more.insert(more.end(), shown.begin(), shown.end());
        return get(more);
    };
    EXPECT_EQ(with({"--cacert", ca.ca_file()}).out, "GET\n");
    EXPECT_EQ(with({"-k"}).out, "GET\n");
    EXPECT_EQ(with({}).status, 8);
    EXPECT_NE(get({"--cacert", ca.ca_file()}).status, 0);
    run(site.stop(0s));
    run(serving.join());
}

}  // namespace
}  // namespace ferry
