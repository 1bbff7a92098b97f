// Hosts that cannot be reached, certificates that cannot be trusted, and who speaks TLS to whom:
// rows 30 to 33 of the fault table, in their exact words.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/http_script.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using testing::fault_server;
using ::testing::HasSubstr;
using testing::ok_response;
using testing::script;

const std::string head = "HTTP/1.1 200 OK\r\n";

TEST(http_faults, hosts_that_cannot_be_reached_are_named)
{
    session api;
    const auto failure = [&](const char* url) -> std::pair<std::string, std::error_code> {
        try {
            run(api.get(url));
            return {"no error", {}};
        } catch (const connection_error& e) {
            return {e.what(), e.code()};
        }
    };
    const auto refused = failure("http://127.0.0.1:1/");  // 30
    EXPECT_EQ(refused.first, "GET http://127.0.0.1:1/: connect 127.0.0.1:1: Connection refused");
    EXPECT_EQ(refused.second, std::errc::connection_refused);
    const auto unknown = failure("http://no.such.host.invalid/");
    EXPECT_THAT(unknown.first,
                HasSubstr("GET http://no.such.host.invalid/: resolve no.such.host.invalid: "));
    EXPECT_THROW(run(api.get("http://no.such.host.invalid/")), resolve_error);
}

/// A server of TLS on this thread's loop: answers, then closes in order or cuts the connection.
class tls_server {
public:
    tls_server(const testing::identity& id, std::string bytes, bool in_order)
    {
        net::listener on(net::tcp("127.0.0.1", 0));
        port_ = on.port();
        serving_ = spawn(serve(std::move(on), net::tls_context::server(id.chain, id.key),
                               std::move(bytes), in_order));
        serving_.on_done([t = serving_] { static_cast<void>(t.failure()); });
    }
    ~tls_server() { serving_.cancel(); }
    tls_server(const tls_server&) = delete;
    tls_server& operator=(const tls_server&) = delete;

    std::uint16_t port() const noexcept { return port_; }

private:
    static awaitable<void> serve(net::listener on, net::tls_context with, std::string bytes,
                                 bool in_order)
    {
        for (;;) {
            net::stream raw = co_await on.accept();
            try {
                net::stream peer = co_await net::accept_tls(std::move(raw), with);
                co_await peer.read_until("\r\n\r\n");
                co_await peer.write(bytes);
                if (in_order) co_await peer.close();
            } catch (const error&) {  // the client did not trust it
            }
        }
    }

    std::uint16_t port_ = 0;
    task<void> serving_;
};

TEST(http_faults, certificates_are_refused_with_their_reason)
{
    const testing::temporary_directory directory;
    testing::certificate_authority ca(directory.path());
    const auto failure = [&](const testing::identity& id, const char* host,
                             const std::string& trusted) {
        tls_server server(id, ok_response, true);
        session api(verify(trusted), timeout(5s));
        const std::string at = fmt::format("{}:{}", host, server.port());
        try {
            return run(api.get("https://" + at + "/x")).text();
        } catch (const tls_error& e) {
            std::string text = e.what();
            const std::string dates = ", valid from 2026-11-23 to 2026-11-26";
            if (const auto p = text.find(", valid from "); p != text.npos)
                text.erase(p, dates.size());
            const std::string peer = fmt::format("127.0.0.1:{}", server.port());
            for (const std::string& part : {at, peer}) {
                for (std::size_t p = text.find(part); p != text.npos; p = text.find(part)) {
                    text.replace(p, part.size(), "HOST");
                }
            }
            return text;
        }
    };
    const testing::temporary_directory elsewhere;
    testing::certificate_authority other(elsewhere.path(), "another CA");
    const struct {
        const char* row;
        testing::identity id;
        const char* host;
        std::string trusted;
        const char* message;
    } rows[] = {
        // 31
        {"good", ca.issue({"127.0.0.1"}), "127.0.0.1", ca.ca_file(), "ok"},
        {"self-signed", ca.self_signed({"127.0.0.1"}), "127.0.0.1", ca.ca_file(),
         "GET https://HOST/x: TLS handshake with 127.0.0.1 (HOST): certificate verify failed: "
         "self-signed certificate (CN = 127.0.0.1, issued by CN = 127.0.0.1, for 127.0.0.1)"},
        {"expired", ca.issue({"127.0.0.1"}, -24h), "127.0.0.1", ca.ca_file(),
         "GET https://HOST/x: TLS handshake with 127.0.0.1 (HOST): certificate verify failed: "
         "certificate has expired (CN = 127.0.0.1, issued by CN = ferry test CA, for 127.0.0.1)"},
        {"wrong host", ca.issue({"other.example"}), "127.0.0.1", ca.ca_file(),
         "GET https://HOST/x: TLS handshake with 127.0.0.1 (HOST): certificate verify failed: "
         "IP address mismatch (CN = other.example, issued by CN = ferry test CA, for "
         "other.example)"},
        {"unknown CA", other.issue({"127.0.0.1"}), "127.0.0.1", ca.ca_file(),
         "GET https://HOST/x: TLS handshake with 127.0.0.1 (HOST): certificate verify failed: "
         "unable to get local issuer certificate (CN = 127.0.0.1, issued by CN = another CA, for "
         "127.0.0.1)"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.row);
        EXPECT_EQ(failure(r.id, r.host, r.trusted), r.message);
    }
    try {
        session api(verify("/no/such/ca.pem"));
        FAIL();
    } catch (const tls_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("/no/such/ca.pem"));
    }
}

TEST(http_faults, tls_and_the_clear_are_told_apart)
{
    fault_server plain(script().receive(1).send("HTTP/1.1 400 Bad Request\r\n\r\n").close());
    session api;
    try {  // 32
        run(api.get(fmt::format("https://127.0.0.1:{}/", plain.port())));
        FAIL();
    } catch (const tls_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("does not speak TLS"));
    }
    const testing::temporary_directory directory;
    testing::certificate_authority ca(directory.path());
    const auto id = ca.issue({"127.0.0.1"});
    session trusting(verify(ca.ca_file()));
    for (const bool in_order : {true, false}) {  // 33
        tls_server server(id, head + "Content-Length: 100\r\n\r\nabc", in_order);
        try {
            run(trusting.get(fmt::format("https://127.0.0.1:{}/", server.port())));
            FAIL();
        } catch (const incomplete_body& e) {
            EXPECT_EQ(e.received(), 3U);
            EXPECT_EQ(e.expected(), 100);
        }
        tls_server until_close(id, head + "\r\nabc", in_order);
        const std::string url = fmt::format("https://127.0.0.1:{}/", until_close.port());
        if (in_order) {
            EXPECT_EQ(run(trusting.get(url)).text(), "abc");
        } else {
            EXPECT_THROW(run(trusting.get(url)), incomplete_body);
        }
    }
}

}  // namespace
}  // namespace ferry::http
