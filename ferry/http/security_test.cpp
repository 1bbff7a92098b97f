// The client's security defaults, one by one.
#include "ferry/async/run.hpp"
#include "ferry/compress/encoder.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/multipart.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/http_script.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
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
using ::testing::StartsWith;
using testing::url_of;

script answer(const std::string& bytes)
{
    return script().receive_until("\r\n\r\n").send(bytes).stay_silent();
}

std::string redirect(int status, const std::string& to)
{
    return fmt::format("HTTP/1.1 {} Moved\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", status,
                       to);
}

TEST(security, private_addresses_are_not_connected_to_if_so_asked)
{
    fault_server inside(answers({ok_response}));
    session api(block_private());
    for (const std::string& target :
         {url_of(inside), fmt::format("http://localhost:{}/", inside.port()),
          std::string("http://10.0.0.1/"), std::string("http://192.168.1.1/"),
          std::string("http://169.254.169.254/latest/meta-data/"), std::string("http://[::1]/"),
          std::string("http://[fd00::1]/"), std::string("http://[::ffff:127.0.0.1]/"),
          std::string("http://2130706433/"), std::string("http://0x7f.1/"),
          std::string("http://0/")}) {
        SCOPED_TRACE(target);
        try {
            run(api.get(target, timeout(2s)));
            ADD_FAILURE() << "no error";
        } catch (const connection_error& e) {
            EXPECT_EQ(e.code(), errc::private_address);
            EXPECT_EQ(e.code(), condition::denied);
            EXPECT_THAT(e.what(), HasSubstr(": its address is not public"));
        }
    }
    EXPECT_EQ(inside.connections(), 0U);
}

TEST(security, a_redirect_is_checked_like_a_first_request)
{
    fault_server inside(answers({ok_response}));
    const std::string moved = redirect(302, url_of(inside));
    // The first answer comes through a connector, as if from outside.
    const auto outside = [moved](const url& to) -> awaitable<net::stream> {
        auto make = [](std::string bytes, std::string host) -> awaitable<net::stream> {
            if (host != "public.example") throw connection_error(errc::private_address, "stopped");
            auto two = net::pair();
            auto serving = spawn(testing::play(
                script().receive_until("\r\n\r\n").send(std::move(bytes)).stay_silent(),
                std::move(two.second), nullptr));
            serving.on_done([serving] { static_cast<void>(serving.failure()); });
            co_return std::move(two.first);
        };
        return make(moved, std::string(to.hostname()));
    };
    session api(block_private(), connect_by(outside));
    EXPECT_THROW(run(api.get("http://public.example/")), connection_error);
    EXPECT_EQ(inside.connections(), 0U);
}

TEST(security, credentials_stay_with_their_origin_for_every_kind_of_move)
{
    fault_server target(answers(std::vector<std::string>(4, ok_response)));
    for (const int status : {301, 302, 307, 308}) {
        SCOPED_TRACE(status);
        fault_server first(answer(redirect(status, url_of(target))));
        session api(headers("X-Api-Key", "secret-1", "X-Session-Secret", "secret-2"),
                    sensitive_headers("X-Session-Secret"), cookies("c", "secret-3"));
        run(api.get(url_of(first), bearer("secret-4"), idempotency_key("secret-5"),
                    sensitive_headers("X-Mine"),
                    headers("X-Mine", "secret-6", "Cookie", "d=secret-7", "Proxy-Authorization",
                            "secret-8", "X-Other", "public")));
        EXPECT_THAT(first.received(0), HasSubstr("secret-2"));
    }
    EXPECT_THAT(target.received(0), Not(HasSubstr("secret")));
    EXPECT_THAT(target.received(0), HasSubstr("X-Other: public\r\n"));
}

TEST(security, credentials_come_along_within_the_origin_but_do_not_come_back)
{
    fault_server other(answer(ok_response));
    fault_server first(answers({redirect(302, "/b"), ok_response}));
    session api;
    run(api.get(url_of(first), basic_auth("u", "p")));
    const std::string& sent = first.received(0);
    EXPECT_NE(sent.find("Authorization"), sent.rfind("Authorization"));

    fault_server home(std::vector<script>{});
    fault_server away(answer(redirect(302, "http://nowhere.invalid/")));
    fault_server start(answers({redirect(302, url_of(other))}));
    run(api.get(url_of(start), basic_auth("u", "p")));
    EXPECT_THAT(other.received(0), Not(HasSubstr("Authorization")));
}

TEST(security, a_downgrade_is_refused_unless_allowed)
{
    const testing::temporary_directory directory;
    testing::certificate_authority ca(directory.path());
    const auto id = ca.issue({"127.0.0.1"});
    fault_server clear(answers({ok_response}));
    const std::string to = url_of(clear);
    const auto serve = [](net::listener on, net::tls_context with,
                          std::string bytes) -> awaitable<void> {
        for (;;) {
            net::stream raw = co_await on.accept();
            net::stream peer = co_await net::accept_tls(std::move(raw), with);
            co_await peer.read_until("\r\n\r\n");
            co_await peer.write(bytes);
            co_await peer.close();
        }
    };
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string from = fmt::format("https://127.0.0.1:{}/", on.port());
    auto serving =
        spawn(serve(std::move(on), net::tls_context::server(id.chain, id.key), redirect(302, to)));
    session api(verify(ca.ca_file()), headers("X-Api-Key", "secret"));
    try {
        run(api.get(from));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::refused_redirect);
        EXPECT_EQ(std::string(e.what()),
                  fmt::format("GET {}: redirect from https to {}", from, to));
    }
    EXPECT_EQ(clear.connections(), 0U);
    EXPECT_EQ(run(api.get(from, allow_downgrade())).text(), "ok");
    EXPECT_THAT(clear.received(0), Not(HasSubstr("secret")));
    serving.cancel();
}

TEST(security, methods_change_as_rfc_9110_and_browsers_have_it)
{
    const struct {
        int status;
        const char* method;
        const char* becomes;
        bool keeps_body;
    } rows[] = {
        {301, "POST", "GET", false},     {301, "PUT", "PUT", true},
        {301, "DELETE", "DELETE", true}, {301, "HEAD", "HEAD", true},
        {302, "POST", "GET", false},     {302, "PUT", "PUT", true},
        {302, "HEAD", "HEAD", true},     {303, "POST", "GET", false},
        {303, "PUT", "GET", false},      {303, "DELETE", "GET", false},
        {303, "HEAD", "HEAD", false},    {307, "POST", "POST", true},
        {308, "PUT", "PUT", true},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(fmt::format("{} {}", r.status, r.method));
        fault_server server(answers({redirect(r.status, "/next"), ok_response}));
        session api;
        const response moved = run(api.request(r.method, url_of(server), redirects(0)));
        const auto next = moved.next_request();
        ASSERT_TRUE(next);
        EXPECT_EQ(next->method, r.becomes);
        EXPECT_EQ(next->url.path(), "/next");
        EXPECT_EQ(next->keeps_body, r.keeps_body);
        EXPECT_TRUE(next->same_origin);
    }
    fault_server plain(answers({"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"}));
    session api;
    const response still = run(api.get(url_of(plain)));
    EXPECT_EQ(still.status, 302);  // no Location: a response like any other
    EXPECT_FALSE(still.next_request());
}

TEST(security, a_chain_has_an_end_and_is_told)
{
    std::vector<std::string> moves;
    for (int i = 1; i <= 5; ++i) moves.push_back(redirect(302, fmt::format("/{}", i)));
    fault_server server(answers(moves));
    session api(redirects(3));
    try {
        run(api.get(url_of(server, "/0")));
        FAIL();
    } catch (const too_many_redirects& e) {
        EXPECT_THAT(e.what(), HasSubstr("more than 3 redirects"));
        ASSERT_EQ(e.chain().size(), 5U);
        EXPECT_EQ(e.chain()[0], "GET " + url_of(server, "/0"));
        EXPECT_EQ(e.chain()[4], "GET " + url_of(server, "/4"));
        EXPECT_NE(details_of(e), nullptr);
    }
}

TEST(security, a_bomb_ends_at_the_ratio_or_the_limit)
{
    const std::string bomb = to_string(compress::zstd(as_bytes(std::string(8 << 20, '\0'))));
    fault_server server(answer(
        fmt::format("HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: {}\r\n\r\n{}",
                    bomb.size(), bomb)));
    session api;
    EXPECT_THROW(run(api.get(url_of(server))), limit_error);
}

TEST(security, line_ends_and_nul_get_into_no_head)
{
    fault_server server(answers({ok_response, ok_response}));
    session api;
    for (const std::string& method :
         {std::string("GET / HTTP/1.1\r\nX: y"), std::string("GE\0T", 4), std::string("G T"),
          std::string("G\nT"), std::string()}) {
        SCOPED_TRACE(method);
        try {
            run(api.request(method, url_of(server)));
            ADD_FAILURE() << "sent";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::bad_header);
        }
    }
    const part unnamed = field(std::string("a\0b", 3), "v");
    EXPECT_THROW(multipart(unnamed), error);
    EXPECT_EQ(server.connections(), 0U);
    // A URL loses line ends as in browsers, and what is no character of it is escaped.
    run(api.get(url_of(server, std::string_view("/a\r\nX: y\0z?b\nc", 15))));
    EXPECT_THAT(server.received(0), StartsWith("GET /aX:%20y%00z?bc HTTP/1.1\r\n"));
    const part form = field("a\r\nX: y", "v");
    run(api.post(url_of(server), multipart(form)));
    EXPECT_THAT(server.received(0), HasSubstr("name=\"a%0D%0AX: y\""));
}

TEST(security, secrets_are_in_no_error)
{
    session api(bearer("secret-1"), cookies("c", "secret-2"), headers("X-Api-Key", "secret-3"),
                retry(1).backoff(1ms));
    for (const char* target :
         {"http://user:secret-4@127.0.0.1:1/", "http://secret-5@127.0.0.1:1/"}) {
        try {
            run(api.get(target));
            ADD_FAILURE() << "no error";
        } catch (const error& e) {
            EXPECT_THAT(e.what(), Not(HasSubstr("secret")));
        }
    }
}

}  // namespace
}  // namespace ferry::http
