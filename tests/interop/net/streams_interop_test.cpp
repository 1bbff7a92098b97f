#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/net.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/peer.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;

const std::string script = FERRY_INTEROP_DIR "/net_peer.py";

struct authority {
    testing::temporary_directory dir;
    testing::certificate_authority ca{dir.path()};
    testing::identity good = ca.issue({"localhost", "127.0.0.1"});

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

/// What a Python server sends back for lines of several lengths, or why it did not.
awaitable<std::string> talk(endpoint to)
{
    stream s = co_await connect(to);
    for (const std::size_t length : {1, 1000, 60'000}) {
        std::string line(length, 'y');
        line += '\n';
        co_await s.write(line);
        const auto back = co_await s.read_line();
        if (back != line) co_return "wrong echo";
    }
    co_await s.shutdown_write();
    const auto end = co_await s.read_line();
    std::string text = end ? "no end" : "echoed";
    if (s.tls() != nullptr) text += ' ' + s.tls()->version + ' ' + s.tls()->alpn;
    co_return text;
}

/// What a Python client says of a ferry server.
std::string asked_by_python(listener l, std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), {"connect", "--port", std::to_string(l.port())});
    auto main = [](listener on, std::vector<std::string> args) -> awaitable<std::string> {
        auto serving = spawn(serve(std::move(on), echo));
        auto ask = [args] {
            testing::peer client(script, args);
            return client.line();
        };
        auto asking = run_blocking(std::move(ask));
        auto answer = co_await std::move(asking);
        serving.cancel();
        co_return answer;
    };
    return run(main(std::move(l), std::move(arguments)));
}

TEST(asyncio_streams, echo_in_both_directions)
{
    testing::peer server(script, {"serve"});
    EXPECT_EQ(run(talk(tcp("127.0.0.1", server.port()))), "echoed");
    EXPECT_EQ(asked_by_python(listener(tcp("127.0.0.1", 0)), {}), "echoed clear None");
}

TEST(python_ssl, echoes_in_both_directions_with_alpn)
{
    authority a;
    testing::peer server(
        script, {"serve", "--chain", a.good.chain, "--key", a.good.key, "--alpn", "h2,http/1.1"});
    const auto to = tcp("127.0.0.1", server.port());
    EXPECT_EQ(run(talk(tls(to, a.client().alpn({"http/1.1"}), "localhost"))),
              "echoed TLSv1.3 http/1.1");
    EXPECT_EQ(run(talk(tls(to, a.client()))), "echoed TLSv1.3 ");

    auto own = tls_context::server(a.good.chain, a.good.key).alpn({"h2", "http/1.1"});
    EXPECT_EQ(asked_by_python(listener(tls(tcp("127.0.0.1", 0), own)),
                              {"--ca", a.ca.ca_file(), "--alpn", "http/1.1"}),
              "echoed TLSv1.3 http/1.1");
}

TEST(python_ssl, both_refuse_the_same_certificates_with_the_same_words)
{
    authority a;
    struct row {
        const char* name;
        testing::identity shown;
        std::string reason;
    };
    const row rows[] = {
        {"expired", a.ca.issue({"localhost"}, -1h), "certificate has expired"},
        {"self-signed", a.ca.self_signed({"localhost"}), "self-signed certificate"},
        {"wrong host", a.ca.issue({"other.example"}), "ostname mismatch"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        testing::peer server(script, {"serve", "--chain", r.shown.chain, "--key", r.shown.key});
        try {
            run(talk(tls(tcp("127.0.0.1", server.port()), a.client(), "localhost")));
            ADD_FAILURE() << "was accepted";
        } catch (const tls_error& e) {
            EXPECT_NE(std::string(e.what()).find(r.reason), std::string::npos) << e.what();
        }
        const auto context = tls_context::server(r.shown.chain, r.shown.key);
        const std::string said =
            asked_by_python(listener(tls(tcp("127.0.0.1", 0), context)), {"--ca", a.ca.ca_file()});
        EXPECT_NE(said.find("refused:"), std::string::npos) << said;
        EXPECT_NE(said.find(r.reason), std::string::npos) << said;
    }
}

TEST(python_ssl, client_certificates_in_both_directions)
{
    authority a;
    const auto id = a.ca.issue({"client"});
    testing::peer server(
        script, {"serve", "--chain", a.good.chain, "--key", a.good.key, "--ca", a.ca.ca_file()});
    const auto to = tcp("127.0.0.1", server.port());
    EXPECT_EQ(run(talk(tls(to, a.client().certificate(id.chain, id.key)))), "echoed TLSv1.3 ");
    EXPECT_THROW(run(talk(tls(to, a.client()))), connection_error);

    auto own = tls_context::server(a.good.chain, a.good.key).ca_file(a.ca.ca_file());
    EXPECT_EQ(asked_by_python(listener(tls(tcp("127.0.0.1", 0), own)),
                              {"--ca", a.ca.ca_file(), "--chain", id.chain, "--key", id.key}),
              "echoed TLSv1.3 None");
}

TEST(python_ssl, a_cut_connection_is_not_the_end)
{
    authority a;
    testing::peer server(script, {"serve", "--chain", a.good.chain, "--key", a.good.key, "--cut"});
    auto main = [](endpoint to) -> awaitable<std::size_t> {
        stream s = co_await connect(to);
        co_await s.write("line\n");
        const bytes all = co_await s.read_all(100);
        co_return all.size();
    };
    EXPECT_THROW(run(main(tls(tcp("127.0.0.1", server.port()), a.client()))), connection_error);
}

TEST(tls, honours_the_environment_for_the_store)
{
    authority a;
    testing::peer server(script, {"serve", "--chain", a.good.chain, "--key", a.good.key});
    const auto to = tcp("127.0.0.1", server.port());
    EXPECT_THROW(run(talk(tls(to, tls_context::client()))), tls_error);
    ::setenv("SSL_CERT_FILE", a.ca.ca_file().c_str(), 1);
    const auto trusting = tls_context::client();
    ::unsetenv("SSL_CERT_FILE");
    EXPECT_EQ(run(talk(tls(to, trusting))), "echoed TLSv1.3 ");
}

}  // namespace
}  // namespace ferry::net
