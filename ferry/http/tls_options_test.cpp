#include "ferry/http/tls_options.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/core/log.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::script;

struct authority {
    testing::temporary_directory dir;
    testing::certificate_authority ca{dir.path()};

    net::tls_context server(const testing::identity& id) const
    {
        return net::tls_context::server(id.chain, id.key);
    }
    std::string trusted() const { return ca.ca_file(); }
};

/// One GET of `/` by the session, from a server with this context on localhost.
std::string ask(session& api, const net::tls_context& context, std::string* url_used = nullptr)
{
    auto main = [](session* by, net::tls_context with,
                   std::string* used) -> awaitable<std::string> {
        server site;
        site.get("/", [](request&) -> awaitable<response> { co_return text("hello"); });
        net::listener on(net::tls(net::tcp("127.0.0.1", 0), with));
        const std::string url = fmt::format("https://localhost:{}/", on.port());
        if (used != nullptr) *used = url;
        auto serving = spawn(site.serve(std::move(on)));
        std::string result;
        try {
            const auto r = co_await by->get(url);
            result = fmt::format("{} {} {}", r.text(), r.http_version(), r.tls()->version);
        } catch (const error& e) {
            result = e.what();
        }
        serving.cancel();
        co_await serving.wait();
        co_return result;
    };
    return run(main(&api, context, url_used));
}

TEST(https, is_verified_and_described)
{
    authority a;
    const auto site = a.server(a.ca.issue({"localhost"}));
    session api(verify(a.trusted()));
    EXPECT_EQ(ask(api, site), "hello HTTP/1.1 TLSv1.3");

    session by_text(ca_pem(testing::read_file(a.trusted())));
    EXPECT_EQ(ask(by_text, site), "hello HTTP/1.1 TLSv1.3");
    ::testing::StaticAssertTypeEq<decltype(response().tls()), const net::tls_info*>();
    EXPECT_EQ(response().tls(), nullptr);
}

TEST(https, refusals_give_the_exact_reason)
{
    authority a;
    authority other;
    struct row {
        const char* name;
        net::tls_context server;
        const char* reason;
    };
    const row rows[] = {
        {"self-signed", a.server(a.ca.self_signed({"localhost"})),
         "self-signed certificate (CN = localhost, issued by CN = localhost"},
        {"expired", a.server(a.ca.issue({"localhost"}, -1h)),
         "certificate has expired (CN = localhost, issued by CN = ferry test CA, valid from 20"},
        {"wrong host", a.server(a.ca.issue({"other.example"})),
         "hostname mismatch (CN = other.example"},
        {"unknown CA", a.server(other.ca.issue({"localhost"})),
         "unable to get local issuer certificate"},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        session api(verify(a.trusted()));
        const std::string got = ask(api, r.server);
        EXPECT_THAT(got, HasSubstr("GET https://localhost:"));
        EXPECT_THAT(got, HasSubstr("certificate verify failed: "));
        EXPECT_THAT(got, HasSubstr(r.reason));
    }
    for (const auto& option :
         {verify("/no/such.pem"), cert("/no/such.pem", "/no/key.pem"), ca_pem("nonsense"),
          ciphers("NO-SUCH"), crl_file("/no/such"), pkcs12("/no/such", ""), pin_sha256("x")}) {
        EXPECT_THROW(session{option}, tls_error);
    }
    try {
        const session api(verify("/no/such.pem"));
        ADD_FAILURE();
    } catch (const tls_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("/no/such.pem"));
    }
}

TEST(https, without_verification_warns_once_for_each_host)
{
    authority a;
    int warnings = 0;
    log::set_sink([&](const log::record& r) {
        if (r.message.find("not verified") != std::string_view::npos) ++warnings;
    });
    const auto site = a.server(a.ca.self_signed({"other.example"}));
    session api(verify(false));
    EXPECT_EQ(ask(api, site), "hello HTTP/1.1 TLSv1.3");
    EXPECT_EQ(ask(api, site), "hello HTTP/1.1 TLSv1.3");
    log::set_sink({});
    EXPECT_EQ(warnings, 1);
}

TEST(https, shows_a_clients_certificate_and_takes_versions_and_pins)
{
    authority a;
    auto site = a.server(a.ca.issue({"localhost"})).ca_file(a.trusted());
    const auto me = a.ca.issue({"me"});
    session with(verify(a.trusted()), cert(me.chain, me.key), min_tls(net::tls_version::tls1_3));
    EXPECT_EQ(ask(with, site), "hello HTTP/1.1 TLSv1.3");
    session without_one(verify(a.trusted()));
    EXPECT_THAT(ask(without_one, site), HasSubstr("certificate required"));

    session pinned(verify(a.trusted()), cert(me.chain, me.key),
                   pin_sha256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    EXPECT_THAT(ask(pinned, site), HasSubstr("is not a pinned one"));
    session stapled(verify(a.trusted()), cert(me.chain, me.key), require_staple());
    EXPECT_THAT(ask(stapled, site), HasSubstr("stapled no OCSP response"));
}

TEST(https, a_clients_certificate_stays_with_its_origin)
{
    authority a;
    const auto me = a.ca.issue({"me"});
    auto main = [](net::tls_context with, session* api) -> awaitable<std::string> {
        net::listener two_port(net::tls(net::tcp("127.0.0.1", 0), with));
        const std::string there = fmt::format("https://localhost:{}/", two_port.port());
        server two;
        two.get("/", [](request&) -> awaitable<response> { co_return text("seen"); });
        net::listener one_port(net::tls(net::tcp("127.0.0.1", 0), with));
        const std::string here = fmt::format("https://localhost:{}/", one_port.port());
        server one;
        one.get("/", [there](request&) -> awaitable<response> {
            co_return response(302).with("Location", there);
        });
        auto serving_two = spawn(two.serve(std::move(two_port)));
        auto serving_one = spawn(one.serve(std::move(one_port)));
        const auto direct = co_await api->get(there);
        std::string result = direct.text();
        try {
            co_await api->get(here);
        } catch (const error& e) {
            result += e.what();
        }
        serving_one.cancel();
        serving_two.cancel();
        co_await serving_one.wait();
        co_await serving_two.wait();
        co_return result;
    };
    auto site = a.server(a.ca.issue({"localhost"})).ca_file(a.trusted());
    session by_options(verify(a.trusted()), cert(me.chain, me.key));
    session by_context(
        tls(net::tls_context::client().ca_file(a.trusted()).certificate(me.chain, me.key)));
    for (session* const api : {&by_options, &by_context}) {
        SCOPED_TRACE(api == &by_options ? "options" : "context");
        const std::string got = run(main(site, api));
        EXPECT_THAT(got, HasSubstr("seen"));
        EXPECT_THAT(got, HasSubstr("certificate required"));
    }
}

TEST(https, refuses_a_revoked_certificate)
{
    authority a;
    const auto bad = a.ca.issue({"localhost"});
    session api(verify(a.trusted()), crl_file(a.ca.revoke({bad})));
    EXPECT_THAT(ask(api, a.server(bad)), HasSubstr("certificate revoked"));
}

TEST(https, trusts_whom_the_environment_names)
{
    authority a;
    const auto site = a.server(a.ca.issue({"localhost"}));
    for (const char* name : {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
        SCOPED_TRACE(name);
        ::setenv(name, a.trusted().c_str(), 1);
        session trusting;
        EXPECT_EQ(ask(trusting, site), "hello HTTP/1.1 TLSv1.3");
        ::unsetenv(name);
    }
    ::setenv("REQUESTS_CA_BUNDLE", a.trusted().c_str(), 1);
    session distrusting(trust_env(false));
    ::unsetenv("REQUESTS_CA_BUNDLE");
    EXPECT_THAT(ask(distrusting, site), HasSubstr("unable to get local issuer certificate"));
}

TEST(https, on_a_port_for_something_else_says_what_is_wrong)
{
    testing::fault_server plain(
        script().receive(5).send("HTTP/1.1 400 Bad Request\r\n\r\n").stay_silent());
    session api(timeout(5s));
    try {
        run(api.get(fmt::format("https://127.0.0.1:{}/", plain.port())));
        ADD_FAILURE();
    } catch (const tls_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("the peer does not speak TLS"));
    }
}

TEST(https, a_cut_without_a_goodbye_is_an_incomplete_body)
{
    authority a;
    for (const std::string head :
         {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "HTTP/1.1 200 OK\r\n\r\nabc"}) {
        SCOPED_TRACE(head);
        auto main = [](net::tls_context with, std::string ca,
                       std::string answer) -> awaitable<std::string> {
            net::listener on(net::tcp("127.0.0.1", 0));
            const std::string url = fmt::format("https://localhost:{}/", on.port());
            auto play = [](net::listener* l, net::tls_context c,
                           std::string bytes) -> awaitable<void> {
                net::stream raw = co_await l->accept();
                net::stream s = co_await net::accept_tls(std::move(raw), c);
                co_await s.read_until("\r\n\r\n");
                co_await s.write(bytes);
                s.abort();
            };
            auto playing = spawn(play(&on, with, answer));
            session api(verify(ca));
            std::string result;
            try {
                co_await api.get(url);
            } catch (const incomplete_body& e) {
                result = e.what();
            }
            co_await playing.wait();
            co_return result;
        };
        EXPECT_THAT(run(main(a.server(a.ca.issue({"localhost"})), a.trusted(), head)),
                    HasSubstr("incomplete body: 3 "));
    }
}

}  // namespace
}  // namespace ferry::http
