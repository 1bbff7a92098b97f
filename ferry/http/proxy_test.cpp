#include "ferry/http/proxy.hpp"

#include "ferry/async/run.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/http_script.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ferry::http {
namespace {

using testing::fault_server;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ok_response;
using testing::script;

std::string at(const char* scheme, const fault_server& server, const char* user = "")
{
    return fmt::format("{}://{}127.0.0.1:{}", scheme, user, server.port());
}

script answers_twice(const std::string& response)
{
    return script()
        .receive_until("\r\n\r\n")
        .send(response)
        .receive_until("\r\n\r\n")
        .send(response)
        .stay_silent();
}

TEST(proxy, gets_requests_for_http_whole)
{
    fault_server server(answers_twice(ok_response));
    session api(proxy(at("http", server, "us%20er:pass@")));
    EXPECT_EQ(run(api.get("http://a.example:8080/x?q=1#part")).text(), "ok");
    EXPECT_THAT(server.received(0),
                HasSubstr("GET http://a.example:8080/x?q=1 HTTP/1.1\r\nHost: a.example:8080\r\n"));
    EXPECT_THAT(server.received(0), HasSubstr("Proxy-Authorization: Basic dXMgZXI6cGFzcw==\r\n"));
    // Another host by the same connection.
    run(api.get("http://b.example/"));
    EXPECT_EQ(server.connections(), 1U);
    EXPECT_THAT(server.received(0), HasSubstr("GET http://b.example/ HTTP/1.1\r\n"));
}

TEST(proxy, is_told_nothing_where_none_is_used)
{
    fault_server origin(answers_twice(ok_response));
    session api(proxy("http://u:secret@127.0.0.1:1"));
    const std::string url = fmt::format("http://127.0.0.1:{}/", origin.port());
    run(api.get(url, no_proxy()));
    run(api.get(url, no_proxy("127.0.0.0/8")));
    EXPECT_THAT(origin.received(0), HasSubstr("GET / HTTP/1.1"));
    EXPECT_THAT(origin.received(0), Not(HasSubstr("Proxy-Authorization")));
}

TEST(proxy, of_another_request_has_another_connection)
{
    fault_server one(answers_twice(ok_response));
    fault_server two(answers_twice(ok_response));
    session api;
    run(api.get("http://a.example/", proxies("http", at("http", one))));
    run(api.get("http://a.example/", proxies("http", at("http", two))));
    run(api.get("http://a.example/", proxies("http", at("http", two, "me:too@"))));
    EXPECT_EQ(one.connections(), 1U);
    EXPECT_EQ(two.connections(), 2U);
}

TEST(proxy, opens_tunnels_by_connect)
{
    fault_server server(script()
                            .receive_until("\r\n\r\n")
                            .send("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 Fine\r\n\r\n")
                            .receive(1)
                            .close());
    session api(proxy(at("http", server, "u:p@")), headers("X-Origin", "secret"),
                basic_auth("origin", "secret"));
    try {
        run(api.get("https://a.example/"));
        ADD_FAILURE();
    } catch (const tls_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("TLS handshake with a.example"));
    }
    EXPECT_THAT(server.received(0),
                HasSubstr("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n"
                          "Proxy-Authorization: Basic dTpw\r\n\r\n"));
    EXPECT_THAT(server.received(0), Not(HasSubstr("X-Origin")));
}

TEST(proxy, failures_name_the_proxy_and_no_password)
{
    const net::listener unused(net::tcp("127.0.0.1", 0));
    const std::uint16_t dead = net::listener(net::tcp("127.0.0.1", 0)).port();
    struct row {
        const char* name;
        const char* scheme;
        script does;
        const char* url;
        const char* text;
        std::error_condition code;
    };
    const std::string refusal =
        "HTTP/1.1 407 Proxy Authentication Required\r\n"
        "Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
    const row rows[] = {
        {"407 to CONNECT", "http", script().receive_until("\r\n\r\n").send(refusal),
         "https://a.example/", "no tunnel to a.example:443: 407 Proxy Authentication Required",
         condition::denied},
        {"502 to CONNECT", "http",
         script().receive_until("\r\n\r\n").send("HTTP/1.1 502 Bad\r\n\r\n"), "https://a.example/",
         "502 Bad", condition::overloaded},
        {"closes", "http", script().receive_until("\r\n\r\n").close(), "https://a.example/",
         "it closed the connection instead of opening a tunnel", condition::disconnected},
        {"no HTTP", "http", script().receive_until("\r\n\r\n").send("SSH-2.0-x\r\n"),
         "https://a.example/", "SSH", condition::unsupported},
        {"no TLS", "https", script().receive(10).send("HTTP/1.1 400 Bad\r\n\r\n"),
         "http://a.example/", "does not speak TLS", condition::denied},
        {"socks refused", "socks5h",
         script()
             .receive(4)
             .send(std::string("\5\0", 2))
             .receive(10)
             .send(std::string("\5\5\0\1\0\0\0\0\0\0", 10)),
         "http://a.example/", "for a.example:80: connection refused", condition::disconnected},
        {"no socks", "socks4a", script().receive(10).send("HTTP/1.1"), "http://a.example/",
         "does not speak SOCKS4", condition::bad_input},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        fault_server server(r.does);
        session api(proxy(at(r.scheme, server, "user:hidden@")));
        try {
            run(api.get(r.url));
            ADD_FAILURE() << "no error";
        } catch (const proxy_error& e) {
            EXPECT_EQ(e.proxy(), at(r.scheme, server));
            EXPECT_THAT(e.what(), HasSubstr("proxy " + at(r.scheme, server) + ": "));
            EXPECT_THAT(e.what(), HasSubstr(r.text));
            EXPECT_THAT(e.what(), Not(HasSubstr("hidden")));
            EXPECT_TRUE(e.code() == r.code) << e.code().message();
        }
    }
    for (const char* scheme : {"http", "https", "socks4a", "socks5h"}) {
        session api(proxy(fmt::format("{}://127.0.0.1:{}", scheme, dead)));
        EXPECT_THROW(run(api.get("http://a.example/")), proxy_error) << scheme;
    }
    EXPECT_THROW(session(proxy("gopher://127.0.0.1:1")), proxy_error);
}

TEST(proxy, is_answered_by_digest_if_it_asks_for_that)
{
    const std::string challenge =
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"p\", nonce=\"n1\", qop=\"auth\"\r\n"
        "Content-Length: 0\r\n\r\n";
    fault_server server({script().receive_until("\r\n\r\n").send(challenge),
                         script().receive_until("\r\n\r\n").send("HTTP/1.1 200 OK\r\n\r\n").close(),
                         script().receive_until("\r\n\r\n").send(challenge),
                         script().receive_until("\r\n\r\n").send(challenge)});
    session api(proxy(at("http", server, "user:secret@")));
    EXPECT_THROW(run(api.get("https://a.example/")), tls_error);
    EXPECT_THAT(server.received(1),
                HasSubstr("Proxy-Authorization: Digest username=\"user\", realm=\"p\", "));
    EXPECT_THAT(server.received(1), HasSubstr("uri=\"a.example:443\""));
    EXPECT_THROW(run(api.get("https://a.example/")), proxy_error);
    EXPECT_THAT(server.received(2), HasSubstr("nc=00000002"));
    EXPECT_EQ(server.connections(), 4U);
}

TEST(proxy, is_answered_by_digest_for_each_request_that_it_reads)
{
    const std::string challenge =
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"p\", nonce=\"n1\", qop=\"auth\"\r\n"
        "Content-Length: 0\r\n\r\n";
    fault_server server(script()
                            .receive_until("\r\n\r\n")
                            .send(challenge)
                            .receive_until("\r\n\r\n")
                            .send(ok_response)
                            .receive_until("body")
                            .send(ok_response)
                            .receive_until("\r\n\r\n")
                            .send(challenge)
                            .receive_until("\r\n\r\n")
                            .send(challenge)
                            .stay_silent());
    session api(proxy(at("http", server, "user:secret@")));
    EXPECT_EQ(run(api.get("http://a.example/x")).text(), "ok");
    EXPECT_THAT(server.received(0), HasSubstr("Proxy-Authorization: Basic "));
    EXPECT_THAT(server.received(0), HasSubstr("uri=\"http://a.example/x\""));
    EXPECT_THAT(server.received(0), HasSubstr("nc=00000001"));
    EXPECT_EQ(run(api.post("http://b.example/y", body("body"))).text(), "ok");
    EXPECT_THAT(server.received(0), HasSubstr("uri=\"http://b.example/y\""));
    EXPECT_THAT(server.received(0), HasSubstr("nc=00000002"));
    EXPECT_EQ(run(api.get("http://a.example/x")).status, 407);
    EXPECT_EQ(server.connections(), 1U);
}

TEST(proxy, a_407_to_plain_http_is_a_response)
{
    fault_server server(
        script()
            .receive_until("\r\n\r\n")
            .send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"));
    session api(proxy(at("http", server)));
    EXPECT_EQ(run(api.get("http://a.example/")).status, 407);
}

TEST(proxy, of_socks_resolves_names_where_its_scheme_says)
{
    fault_server server(script()
                            .receive(3)
                            .send(std::string("\5\0", 2))
                            .receive(10)
                            .send(std::string("\5\0\0\1\0\0\0\0\0\0", 10))
                            .receive_until("\r\n\r\n")
                            .send(ok_response));
    EXPECT_EQ(run(http::get("http://localhost/", proxy(at("socks5", server)))).text(), "ok");
    EXPECT_EQ(server.received(0).substr(0, 13), std::string("\5\1\0\5\1\0\1\x7f\0\0\1\0\x50", 13));
    EXPECT_THAT(server.received(0), HasSubstr("GET / HTTP/1.1\r\nHost: localhost\r\n"));
}

TEST(proxy, of_the_environment_is_ignored_for_this_machine_and_on_request)
{
    fault_server server(answers_twice(ok_response));
    ::setenv("http_proxy", at("http", server).c_str(), 1);
    session trusting;
    session distrusting(trust_env(false), timeout(std::chrono::seconds(2)));
    ::unsetenv("http_proxy");
    EXPECT_EQ(run(trusting.get("http://a.example/")).text(), "ok");
    EXPECT_THROW(run(distrusting.get("http://a.invalid/")), resolve_error);
    EXPECT_EQ(run(trusting.get(fmt::format("http://127.0.0.1:{}/", server.port()))).text(), "ok");
    EXPECT_THAT(server.received(1), HasSubstr("GET / HTTP/1.1"));
}

}  // namespace
}  // namespace ferry::http
