#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/net.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;

struct authority {
    testing::temporary_directory dir;
    testing::certificate_authority ca{dir.path()};

    tls_context server(const testing::identity& id) const
    {
        return tls_context::server(id.chain, id.key);
    }
    tls_context client() const { return tls_context::client().ca_file(ca.ca_file()); }
};

awaitable<void> echo(stream peer)
{
    for (;;) {
        const auto line = co_await peer.read_line();
        if (!line) break;
        co_await peer.write(*line);
    }
    co_await peer.close();
}

/// Both sides over a pair in memory; the client says a line and gets it back.
awaitable<std::string> talk(tls_context server, tls_context client, std::string host)
{
    auto [a, b] = pair();
    auto serving = [](stream s, tls_context with) -> awaitable<void> {
        stream inside = co_await accept_tls(std::move(s), with);
        co_await echo(std::move(inside));
    };
    auto other = spawn(serving(std::move(b), server));
    other.on_done([other] { static_cast<void>(other.failure()); });
    stream s = co_await start_tls(std::move(a), client, host);
    co_await s.write("hello\n");
    const auto line = co_await s.read_line();
    std::string text = s.tls()->version + ' ' + s.tls()->alpn + ' ' + line.value_or("none");
    co_await s.shutdown_write();
    const auto end = co_await s.read_line();
    if (end) text += "not the end";
    co_await other.join();
    co_return text;
}

TEST(tls, encrypts_verifies_and_chooses_a_protocol)
{
    authority a;
    auto server = a.server(a.ca.issue({"localhost", "127.0.0.1"})).alpn({"h2", "http/1.1"});
    for (const char* host : {"localhost", "127.0.0.1"}) {
        SCOPED_TRACE(host);
        EXPECT_EQ(run(talk(server, a.client().alpn({"http/1.1"}), host)),
                  "TLSv1.3 http/1.1 hello\n");
    }
    EXPECT_EQ(run(talk(server, a.client(), "localhost")), "TLSv1.3  hello\n");
}

TEST(tls, refuses_with_the_exact_reason)
{
    authority a;
    authority other;
    struct row {
        const char* name;
        tls_context server;
        tls_context client;
        const char* host;
        const char* reason;
    };
    const row rows[] = {
        {"wrong host", a.server(a.ca.issue({"other.example"})), a.client(), "localhost",
         "hostname mismatch"},
        {"wrong address", a.server(a.ca.issue({"127.0.0.2"})), a.client(), "127.0.0.1",
         "IP address mismatch"},
        {"expired", a.server(a.ca.issue({"localhost"}, -1h)), a.client(), "localhost",
         "certificate has expired"},
        {"self-signed", a.server(a.ca.self_signed({"localhost"})), a.client(), "localhost",
         "self-signed certificate"},
        {"unknown CA", a.server(other.ca.issue({"localhost"})), a.client(), "localhost",
         "unable to get local issuer certificate"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        try {
            run(talk(r.server, r.client, r.host));
            ADD_FAILURE() << "was accepted";
        } catch (const tls_error& e) {
            EXPECT_NE(std::string(e.what()).find(r.reason), std::string::npos) << e.what();
            EXPECT_NE(e.verify_result(), 0);
            EXPECT_EQ(e.code(), condition::denied);
        }
    }
    EXPECT_NO_THROW(run(talk(rows[3].server, tls_context::client().insecure(), "localhost")));
}

TEST(tls, asks_clients_for_a_certificate)
{
    authority a;
    auto server = a.server(a.ca.issue({"localhost"})).ca_file(a.ca.ca_file());
    EXPECT_THROW(run(talk(server, a.client(), "localhost")), tls_error);
    const auto id = a.ca.issue({"client"});
    EXPECT_NO_THROW(run(talk(server, a.client().certificate(id.chain, id.key), "localhost")));
}

TEST(tls, sees_a_cut_connection)
{
    authority a;
    auto server = a.server(a.ca.issue({"localhost"}));
    auto main = [](tls_context with, tls_context client) -> awaitable<std::string> {
        auto [mine, theirs] = pair();
        auto serving = [](stream s, tls_context context) -> awaitable<void> {
            stream inside = co_await accept_tls(std::move(s), context);
            co_await inside.write("half");
            inside.abort();
        };
        auto other = spawn(serving(std::move(theirs), with));
        stream s = co_await start_tls(std::move(mine), client, "localhost");
        std::string text;
        try {
            const bytes all = co_await s.read_all(100);
            text = to_string(all);
        } catch (const tls_error& e) {
            text = e.what();
        }
        co_await other.join();
        co_return text;
    };
    EXPECT_EQ(run(main(server, a.client())),
              "read pair: the connection was cut without a close_notify");
}

TEST(tls, says_that_the_peer_does_not_speak_it)
{
    testing::fault_server plain(testing::script().send("220 mail ready\r\n").stay_silent());
    try {
        run(connect(tls(plain.endpoint(), tls_context::client())));
        FAIL();
    } catch (const tls_error& e) {
        EXPECT_NE(std::string(e.what()).find("does not speak TLS"), std::string::npos) << e.what();
    }
    testing::fault_server closing(testing::script().receive(1).close());
    EXPECT_THROW(run(connect(tls(closing.endpoint(), tls_context::client()))), connection_error);
    testing::fault_server silent(testing::script().stay_silent());
    EXPECT_THROW(run(connect(tls(silent.endpoint(), tls_context::client()),
                             connect_options().timeout(20ms))),
                 timeout_error);
}

TEST(tls, takes_up_sessions_and_carries_much)
{
    authority a;
    auto server = a.server(a.ca.issue({"127.0.0.1"}));
    auto main = [](tls_context with, tls_context client) -> awaitable<bool> {
        listener l(tls(tcp("127.0.0.1", 0), with));
        const auto at = tls(tcp("127.0.0.1", l.port()), client);
        auto serving = spawn(serve(std::move(l), echo));
        bool resumed = false;
        for (int i = 0; i < 2; ++i) {
            stream s = co_await connect(at);
            std::string sent(300'000, 'x');
            for (std::size_t n = 999; n < sent.size(); n += 1000) sent[n] = '\n';
            auto writing = spawn([&s, &sent] { return s.write(as_bytes(sent)); });
            bytes back(sent.size());
            co_await s.read_exactly(back);
            co_await writing.join();
            if (as_text(back) != sent) co_return false;
            resumed = s.tls()->resumed;
            co_await s.close();
        }
        serving.cancel();
        co_return resumed;
    };
    EXPECT_TRUE(run(main(server, a.client())));
}

TEST(tls, reads_what_has_arrived_without_a_wait)
{
    authority a;
    auto server = a.server(a.ca.issue({"127.0.0.1"}));
    auto main = [](tls_context with, tls_context client) -> awaitable<std::string> {
        listener l(tls(tcp("127.0.0.1", 0), with));
        const auto at = tls(tcp("127.0.0.1", l.port()), client);
        auto serving = spawn(serve(std::move(l), echo));
        stream s = co_await connect(at);
        std::string seen = std::to_string(s.try_fill());
        co_await s.write("hello\n");
        while (s.try_fill() == 0) co_await sleep(1ms);
        seen += s.buffered_text();
        s.consume(s.buffered().size());
        co_await s.shutdown_write();
        for (std::size_t more = 1; more != 0;) more = co_await s.fill();
        serving.cancel();
        co_return seen + std::to_string(s.try_fill());
    };
    EXPECT_EQ(run(timeout(60s, main(server, a.client()), "the test")), "0hello\n0");
}

TEST(tls_context, rejects_bad_files)
{
    authority a;
    const auto one = a.ca.issue({"a"});
    const auto two = a.ca.issue({"b"});
    EXPECT_THROW(tls_context::server("/no/such", one.key), tls_error);
    EXPECT_THROW(tls_context::server(one.chain, two.key), tls_error);
    EXPECT_THROW(tls_context::client().ca_file(one.key), tls_error);
    EXPECT_THROW(tls_context::client().ca_pem("nonsense"), tls_error);
    EXPECT_THROW(tls_context::client().alpn({""}), error);
}

std::string failure_of(const tls_context& server, const tls_context& client)
{
    try {
        run(talk(server, client, "localhost"));
        return "none";
    } catch (const tls_error& e) {
        return e.what();
    }
}

void openssl(const std::vector<std::string>& arguments)
{
    std::vector<std::string> all = {"/usr/bin/openssl"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto ended = testing::run_program(all);
    ASSERT_EQ(ended.status, 0) << ended.err;
}

TEST(tls, shows_the_peers_certificate)
{
    authority a;
    const auto server = a.server(a.ca.issue({"localhost", "127.0.0.1", "::1"}));
    auto main = [](tls_context with, tls_context client) -> awaitable<certificate_info> {
        auto [mine, theirs] = pair();
        auto other = spawn(accept_tls(std::move(theirs), with));
        stream s = co_await start_tls(std::move(mine), client, "localhost");
        co_await other.wait();
        co_return s.tls()->peer;
    };
    const auto shown = run(main(server, a.client()));
    EXPECT_EQ(shown.subject, "CN = localhost");
    EXPECT_EQ(shown.issuer, "CN = ferry test CA");
    EXPECT_EQ(shown.names, (std::vector<std::string>{"localhost", "127.0.0.1", "::1"}));
    EXPECT_EQ(shown.not_after - shown.not_before, 72h);
    EXPECT_FALSE(shown.der.empty());
    EXPECT_EQ(shown.key_sha256.size(), 44U);

    EXPECT_EQ(failure_of(server, a.client().pin_sha256({shown.key_sha256})), "none");
    EXPECT_EQ(failure_of(server, a.client().pin_sha256({"sha256//" + shown.key_sha256})), "none");
    const std::string other_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    EXPECT_EQ(failure_of(server, a.client().pin_sha256({other_key})),
              "TLS handshake with localhost: the server's public key sha256//" + shown.key_sha256 +
                  " is not a pinned one (CN = localhost)");
    EXPECT_THROW(tls_context::client().pin_sha256({"AAAA"}), tls_error);
    EXPECT_THROW(tls_context::client().pin_sha256({"not base64"}), tls_error);
}

TEST(tls, names_the_certificate_that_it_refuses)
{
    authority a;
    const std::string text = failure_of(a.server(a.ca.issue({"other.example"})), a.client());
    EXPECT_NE(text.find("hostname mismatch (CN = other.example, issued by CN = ferry test CA, "
                        "valid from 20"),
              text.npos)
        << text;
    EXPECT_NE(text.find(", for other.example)"), text.npos) << text;
}

TEST(tls, speaks_what_its_settings_allow)
{
    authority a;
    const auto server = a.server(a.ca.issue({"localhost"}));
    EXPECT_EQ(run(talk(server, a.client().min_version(tls_version::tls1_3), "localhost")),
              "TLSv1.3  hello\n");
    EXPECT_THROW(tls_context::client().ciphers("NO-SUCH-CIPHER"), tls_error);
    EXPECT_THROW(tls_context::client().ciphers(""), tls_error);
    auto old = a.client().ciphers("ECDHE-ECDSA-AES128-GCM-SHA256:TLS_CHACHA20_POLY1305_SHA256");
    EXPECT_EQ(run(talk(server, old, "localhost")), "TLSv1.3  hello\n");
}

TEST(tls, takes_certificates_from_encrypted_keys_and_pkcs12)
{
    authority a;
    auto server = a.server(a.ca.issue({"localhost"})).ca_file(a.ca.ca_file());
    const auto id = a.ca.issue({"client"});
    const std::string locked = a.dir / "locked.key";
    openssl({"pkcs8", "-topk8", "-in", id.key, "-out", locked, "-passout", "pass:secret"});
    EXPECT_EQ(failure_of(server, a.client().certificate(id.chain, locked, "secret")), "none");
    EXPECT_THROW(a.client().certificate(id.chain, locked, "wrong"), tls_error);
    EXPECT_THROW(a.client().certificate(id.chain, locked), tls_error);

    const std::string packed = a.dir / "client.p12";
    openssl({"pkcs12", "-export", "-in", id.chain, "-inkey", id.key, "-certfile", a.ca.ca_file(),
             "-out", packed, "-passout", "pass:secret"});
    EXPECT_EQ(failure_of(server, a.client().pkcs12(packed, "secret")), "none");
    EXPECT_THROW(a.client().pkcs12(packed, "wrong"), tls_error);
    EXPECT_THROW(a.client().pkcs12(id.key, "secret"), tls_error);
    EXPECT_THROW(a.client().pkcs12("/no/such", "secret"), tls_error);
}

TEST(tls, takes_a_directory_of_authorities)
{
    authority a;
    openssl({"rehash", a.dir.path().string()});
    const auto server = a.server(a.ca.issue({"localhost"}));
    EXPECT_EQ(failure_of(server, tls_context::client().ca_dir(a.dir.path())), "none");
    const testing::temporary_directory empty;
    EXPECT_NE(failure_of(server, tls_context::client().ca_dir(empty.path())), "none");
}

TEST(tls, refuses_what_was_revoked)
{
    authority a;
    const auto good = a.ca.issue({"localhost"});
    const auto bad = a.ca.issue({"localhost"});
    const std::string list = a.ca.revoke({bad});
    const std::string ca = a.ca.ca_file();
    for (const bool list_first : {true, false}) {
        auto client = tls_context::client();
        if (list_first) client.crl_file(list);
        client.ca_file(ca);
        if (!list_first) client.crl_file(list);
        EXPECT_EQ(failure_of(a.server(good), client), "none");
        EXPECT_NE(failure_of(a.server(bad), client).find("certificate revoked"), std::string::npos);
    }
    EXPECT_THROW(a.client().crl_file(ca), tls_error);
    EXPECT_THROW(a.client().crl_file("/no/such"), tls_error);
    EXPECT_NE(failure_of(a.server(good), a.client().require_staple())
                  .find("the server stapled no OCSP response"),
              std::string::npos);
}

TEST(tls, logs_its_keys_where_the_variable_says)
{
    authority a;
    const std::string log = a.dir / "keys.log";
    ::setenv("SSLKEYLOGFILE", log.c_str(), 1);
    const auto client = a.client();
    EXPECT_EQ(failure_of(a.server(a.ca.issue({"localhost"})), client), "none");
    ::unsetenv("SSLKEYLOGFILE");
    EXPECT_NE(testing::read_file(log).find("CLIENT_TRAFFIC_SECRET_0 "), std::string::npos);
}

}  // namespace
}  // namespace ferry::net
