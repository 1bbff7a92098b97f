#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/net.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ferry::net
