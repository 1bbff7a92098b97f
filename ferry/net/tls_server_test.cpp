#include "ferry/async/async.hpp"
#include "ferry/core/error.hpp"
#include "ferry/net/net.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;

struct authority {
    testing::temporary_directory dir;
    testing::certificate_authority ca{dir.path()};

    tls_context client() const { return tls_context::client().ca_file(ca.ca_file()); }
};

// A handshake in memory: what the client sees of the server's certificate, and the server of the
// client's.
awaitable<std::string> subjects(tls_context server, tls_context client, std::string host)
{
    auto [a, b] = pair();
    const auto serve = [](stream s, tls_context with) -> awaitable<std::string> {
        stream inside = co_await accept_tls(std::move(s), with);
        co_await inside.write("hello\n");
        const auto end = co_await inside.read_line();
        if (end) co_return "not the end";
        std::string seen = inside.tls()->peer_subject;
        seen += inside.tls()->peer_certificate.empty() ? " -" : " +";
        co_return seen;
    };
    auto other = spawn(serve(std::move(b), server));
    stream s = co_await start_tls(std::move(a), client, host);
    const auto line = co_await s.read_line();
    std::string seen = s.tls()->peer_subject + " |";
    co_await s.close();
    seen += co_await other.join();
    co_return seen;
}

std::string handshake(const tls_context& server, const tls_context& client, const char* host)
{
    try {
        return run(timeout(10s, subjects(server, client, host)));
    } catch (const tls_error& e) {
        return e.what();
    }
}

TEST(tls_server, shows_the_certificate_of_the_name_that_is_asked_for)
{
    authority a;
    const auto main = a.ca.issue({"main.example"});
    const auto other = a.ca.issue({"other.example"});
    const auto wild = a.ca.issue({"*.wild.example"});
    tls_context server = tls_context::server(main.chain, main.key);
    server.certificate_for("Other.example", other.chain, other.key)
        .certificate_for("*.wild.example", wild.chain, wild.key);
    const struct {
        const char* host;
        bool served;
    } rows[] = {
        {"main.example", true},   {"other.example", true},     {"OTHER.example", true},
        {"a.wild.example", true}, {"a.b.wild.example", false}, {"wild.example", false},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.host);
        const std::string seen = handshake(server, a.client(), r.host);
        EXPECT_EQ(seen.find("mismatch") == std::string::npos, r.served) << seen;
    }
}

TEST(tls_server, reads_renewed_certificates_and_keeps_the_old_ones_if_they_are_bad)
{
    authority a;
    const auto id = a.ca.issue({"old.example"});
    tls_context server = tls_context::server(id.chain, id.key);
    EXPECT_EQ(handshake(server, a.client(), "old.example").find("mismatch"), std::string::npos);

    const auto renewed = a.ca.issue({"new.example"});
    const auto over = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(renewed.chain, id.chain, over);
    EXPECT_THROW(server.reload(), tls_error);  // the key is the old one's
    EXPECT_EQ(handshake(server, a.client(), "old.example").find("mismatch"), std::string::npos);
    std::filesystem::copy_file(renewed.key, id.key, over);
    server.reload();
    EXPECT_EQ(handshake(server, a.client(), "new.example").find("mismatch"), std::string::npos);
    EXPECT_NE(handshake(server, a.client(), "old.example").find("mismatch"), std::string::npos);
}

TEST(tls_server, asks_clients_for_a_certificate_and_may_do_without)
{
    authority a;
    authority stranger;
    const auto id = a.ca.issue({"localhost"});
    const auto who = a.ca.issue({"somebody"});
    const auto wrong = stranger.ca.issue({"somebody"});
    tls_context server = tls_context::server(id.chain, id.key).ca_file(a.ca.ca_file());
    server.client_certificate_optional();
    EXPECT_EQ(handshake(server, a.client(), "localhost").substr(0, 4), "CN =");
    EXPECT_TRUE(handshake(server, a.client(), "localhost").ends_with("| -"));
    EXPECT_TRUE(handshake(server, a.client().certificate(who.chain, who.key), "localhost")
                    .ends_with("somebody +"));
    EXPECT_FALSE(handshake(server, a.client().certificate(wrong.chain, wrong.key), "localhost")
                     .ends_with("+"));
}

TEST(listener, shares_a_port_with_others_that_agree)
{
    listener first(tcp("127.0.0.1", 0), listen_options().reuse_port());
    const endpoint at = first.local_endpoint();
    EXPECT_NO_THROW(listener(at, listen_options().reuse_port()));
    EXPECT_THROW(listener{at}, error);
}

awaitable<void> wait_then_read()
{
    listener on(tcp("127.0.0.1", 0));
    stream client = co_await connect(on.local_endpoint());
    stream served = co_await on.accept();
    served.set_timeout(20ms, 0ms);
    bool late = false;
    try {
        co_await served.wait_readable();
    } catch (const timeout_error&) {
        late = true;
    }
    EXPECT_TRUE(late);
    served.set_timeout(10s, 0ms);
    auto waiting = spawn(served.wait_readable());
    co_await yield_now();
    EXPECT_FALSE(waiting.done());
    co_await client.write("one\ntwo\n");
    co_await waiting.join();
    EXPECT_TRUE(served.buffered().empty());
    const auto line = co_await served.read_line();
    EXPECT_EQ(line.value_or(""), "one\n");
    co_await served.wait_readable();  // something is buffered still
    EXPECT_EQ(served.buffered_text(), "two\n");
    const auto rest = co_await served.read_line();
    EXPECT_EQ(rest.value_or(""), "two\n");
    co_await client.close();
    co_await served.wait_readable();
    const auto end = co_await served.read_line();
    EXPECT_FALSE(end.has_value());
}

TEST(stream, waits_for_bytes_without_a_buffer)
{
    run(timeout(10s, wait_then_read()));
}

}  // namespace
}  // namespace ferry::net
