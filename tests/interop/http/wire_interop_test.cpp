// The client's lower half against squid, dante, nginx with TLS and HTTP/2, openssl s_server and
// nghttpd.
#include "ferry/async/gather.hpp"
#include "ferry/http/http.hpp"

#include "tests/interop/http/nginx.hpp"
#include "tests/interop/http/wire_peers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class wire : public ::testing::Test {
protected:
    static void SetUpTestSuite()
    {
        folder = std::make_unique<testing::temporary_directory>();
        ca = std::make_unique<testing::certificate_authority>(folder->path());
        const auto own = ca->issue({"localhost", "127.0.0.1"});
        tls_port = free_port();
        origin = std::make_unique<nginx>(fmt::format(
            "listen 127.0.0.1:{} ssl http2; ssl_certificate {}; ssl_certificate_key {}; "
            "ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client optional; ssl_client_certificate {}; "
            "client_max_body_size 100m; http2_max_concurrent_streams 16; location /what {{ return "
            "200 \"$server_protocol $ssl_protocol $ssl_client_verify $http_host\"; }} "
            "location /up {{ proxy_pass http://127.0.0.1:{}/sink; proxy_request_buffering off; "
            "proxy_http_version 1.1; }} location /sink {{ client_body_in_single_buffer on; "
            "proxy_pass http://127.0.0.1:{}/end; }} location /end {{ return 200 "
            "\"$content_length\"; }}",
            tls_port, own.chain, own.key, ca->ca_file(), tls_port, tls_port));
        origin->put("1k.txt", std::string(1024, 'k'));
        origin->put("5m.bin", std::string(5'000'000, 'm'));
    }
    static void TearDownTestSuite()
    {
        origin.reset();
        ca.reset();
        folder.reset();
    }

    static std::string https(std::string_view path)
    {
        return fmt::format("https://localhost:{}{}", tls_port, path);
    }
    static std::string at(const char* scheme, std::uint16_t port, const char* user = "")
    {
        return fmt::format("{}://{}127.0.0.1:{}", scheme, user, port);
    }

    static inline std::unique_ptr<testing::temporary_directory> folder;
    static inline std::unique_ptr<testing::certificate_authority> ca;
    static inline std::unique_ptr<nginx> origin;
    static inline std::uint16_t tls_port = 0;
};

TEST_F(wire, squid_forwards_and_opens_tunnels)
{
    const squid proxy_program;
    session api(proxy(at("http", proxy_program.port)), verify(ca->ca_file()));
    const auto plain = run(api.get(origin->url("/1k.txt")));
    EXPECT_EQ(plain.bytes().size(), 1024U);
    EXPECT_THAT(plain.headers.get("Via").value_or(""), HasSubstr("squid"));
    const auto secure = run(api.get(https("/what")));
    EXPECT_THAT(secure.text(), StartsWith("HTTP/2.0 TLSv1.3 NONE localhost:"));
    EXPECT_FALSE(secure.headers.contains("Via"));

    session stranger(proxy(at("http", proxy_program.locked_port)), verify(ca->ca_file()));
    EXPECT_EQ(run(stranger.get(origin->url("/1k.txt"))).status, 407);
    try {
        run(stranger.get(https("/what")));
        ADD_FAILURE();
    } catch (const proxy_error& e) {
        EXPECT_EQ(e.code().value(), 407);
        EXPECT_EQ(e.proxy(), at("http", proxy_program.locked_port));
    }
    session known(proxy(at("http", proxy_program.locked_port, "user:pass@")),
                  verify(ca->ca_file()));
    EXPECT_EQ(run(known.get(origin->url("/1k.txt"))).status, 200);
    EXPECT_EQ(run(known.get(https("/what"))).status, 200);
    session wrong(proxy(at("http", proxy_program.locked_port, "user:nope@")),
                  verify(ca->ca_file()));
    EXPECT_EQ(run(wrong.get(origin->url("/1k.txt"))).status, 407);
    EXPECT_THROW(run(wrong.get(https("/what"))), proxy_error);

    const std::string dead = fmt::format("http://127.0.0.1:{}/", free_port());
    EXPECT_EQ(run(api.get(dead)).status, 503);
}

TEST_F(wire, squid_is_answered_by_digest)
{
    const squid proxy_program(true);
    session api(proxy(at("http", proxy_program.locked_port, "user:pass@")), verify(ca->ca_file()));
    EXPECT_EQ(run(api.get(https("/what"))).status, 200);
    session wrong(proxy(at("http", proxy_program.locked_port, "user:nope@")),
                  verify(ca->ca_file()));
    EXPECT_THROW(run(wrong.get(https("/what"))), proxy_error);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(run(api.get(origin->url("/1k.txt"))).bytes().size(), 1024U);
    }
    EXPECT_EQ(run(wrong.get(origin->url("/1k.txt"))).status, 407);
}

TEST_F(wire, dante_carries_every_version_of_socks)
{
    const dante proxy_program;
    for (const char* scheme : {"socks4", "socks5", "socks5h"}) {
        SCOPED_TRACE(scheme);
        session api(proxy(at(scheme, proxy_program.port)), verify(ca->ca_file()));
        EXPECT_EQ(run(api.get(origin->url("/1k.txt"))).bytes().size(), 1024U);
        EXPECT_THAT(run(api.get(https("/what"))).text(), StartsWith("HTTP/2.0 TLSv1.3"));
        const std::string dead = fmt::format("http://127.0.0.1:{}/", free_port());
        EXPECT_THROW(run(api.get(dead)), proxy_error);
    }
}

TEST_F(wire, nginx_speaks_http2_and_http1)
{
    session api(verify(ca->ca_file()));
    const auto r = run(api.get(https("/what")));
    EXPECT_EQ(r.http_version(), "HTTP/2");
    EXPECT_THAT(r.text(), StartsWith("HTTP/2.0 TLSv1.3 NONE localhost:"));
    ASSERT_NE(r.tls(), nullptr);
    EXPECT_EQ(r.tls()->peer.issuer, "CN = ferry test CA");
    EXPECT_EQ(run(api.get(https("/5m.bin"))).bytes().size(), 5'000'000U);

    session old(verify(ca->ca_file()), http2(false));
    EXPECT_EQ(run(old.get(https("/what"))).http_version(), "HTTP/1.1");

    const auto me = ca->issue({"me"});
    session shown(verify(ca->ca_file()), cert(me.chain, me.key));
    EXPECT_THAT(run(shown.get(https("/what"))).text(), HasSubstr(" SUCCESS "));
}

TEST_F(wire, nginx_gets_many_streams_at_once)
{
    session api(verify(ca->ca_file()));
    std::vector<awaitable<response>> all;
    for (int i = 0; i < 200; ++i) all.push_back(api.get(https("/1k.txt"), decode(false)));
    for (const auto& r : run(gather(std::move(all)))) {
        EXPECT_EQ(r.status, 200);
        EXPECT_EQ(r.http_version(), "HTTP/2");
    }
}

TEST_F(wire, nginx_takes_streamed_bodies)
{
    session api(verify(ca->ca_file()));
    auto left = std::make_shared<int>(50);
    auto next = [left]() -> awaitable<buffer> {
        if (--*left < 0) co_return buffer();
        co_return buffer(std::string(100'000, 'u'));
    };
    const auto r = run(api.put(https("/end"), generator(next)));
    EXPECT_EQ(r.status, 200);
}

TEST_F(wire, s_server_asks_for_certificates_and_staples)
{
    const auto own = ca->issue({"localhost"});
    const auto me = ca->issue({"me"});
    const auto ask = [&](const std::vector<std::string>& more, session& api) {
        wire_peer server;
        const std::uint16_t port = free_port();
        std::vector<std::string> command = {"/usr/bin/openssl",
                                            "s_server",
                                            "-accept",
                                            fmt::format("127.0.0.1:{}", port),
                                            "-cert",
                                            own.chain,
                                            "-key",
                                            own.key,
                                            "-CAfile",
                                            ca->ca_file(),
                                            "-www",
                                            "-quiet"};
        command.insert(command.end(), more.begin(), more.end());
        server.start(command, port);
        try {
            const auto r = run(api.get(fmt::format("https://localhost:{}/", port)));
            return fmt::format("{} {}", r.status, r.tls()->version);
        } catch (const tls_error& e) {
            return std::string(e.what());
        }
    };
    session plain(verify(ca->ca_file()));
    EXPECT_EQ(ask({"-tls1_2"}, plain), "200 TLSv1.2");
    EXPECT_EQ(ask({"-tls1_3"}, plain), "200 TLSv1.3");
    EXPECT_THAT(ask({"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, plain), HasSubstr("TLS handshake"));
    const std::vector<std::string> demands = {"-Verify", "1", "-verify_return_error"};
    EXPECT_THAT(ask(demands, plain), HasSubstr("certificate required"));
    session shown(verify(ca->ca_file()), cert(me.chain, me.key));
    EXPECT_EQ(ask(demands, shown), "200 TLSv1.3");
    session modern(verify(ca->ca_file()), min_tls(net::tls_version::tls1_3));
    EXPECT_THAT(ask({"-tls1_2"}, modern), HasSubstr("protocol version"));

    session stapled(verify(ca->ca_file()), require_staple());
    EXPECT_THAT(ask({}, stapled), HasSubstr("stapled no OCSP response"));
    EXPECT_EQ(ask({"-status_file", ca->ocsp_response(own, true)}, stapled), "200 TLSv1.3");
    EXPECT_THAT(ask({"-status_file", ca->ocsp_response(own, false)}, stapled),
                HasSubstr("the stapled OCSP response says: revoked"));
    EXPECT_THAT(ask({"-status_file", ca->ocsp_response(me, true)}, stapled),
                HasSubstr("about another certificate"));
}

TEST_F(wire, nghttpd_is_spoken_to_with_prior_knowledge)
{
    wire_peer server;
    const std::uint16_t port = free_port();
    std::ofstream(server.directory / "hello.txt") << "hello";
    server.start({"/usr/sbin/nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", server.directory.path(),
                  fmt::to_string(port)},
                 port);
    session api(http2_prior_knowledge());
    const auto r = run(api.get(fmt::format("http://127.0.0.1:{}/hello.txt", port)));
    EXPECT_EQ(r.text(), "hello");
    EXPECT_EQ(r.http_version(), "HTTP/2");
    EXPECT_EQ(run(api.get(fmt::format("http://127.0.0.1:{}/none", port))).status, 404);
}

}  // namespace
}  // namespace ferry::http
