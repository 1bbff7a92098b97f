#include "ferry/http/websocket.hpp"

#include "ferry/async/gather.hpp"
#include "ferry/async/queue.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/detail/websocket_codec.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/options.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/websocket_client.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/net/tls.hpp"
#include "ferry/testing/certificates.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

awaitable<void> echo(websocket& ws, request&)
{
    for (;;) {
        auto m = co_await ws.receive();
        if (!m) break;
        if (m->is_text()) {
            co_await ws.send(std::string(m->text()));
        } else {
            co_await ws.send(m->data());
        }
    }
}

// A server with one websocket, and what is done to it.
class served {
public:
    explicit served(websocket_handler h, websocket_options with = websocket_options())
    {
        site.websocket("/ws", std::move(h), std::move(with));
        site.get("/still", [](request&) -> awaitable<response> { co_return text("here"); });
    }

    using visitor = std::function<awaitable<void>(std::string url)>;

    void run_with(visitor visit) { run(ferry::timeout(20s, drive(this, std::move(visit)))); }

    server site;

private:
    static awaitable<void> drive(served* self, visitor visit)
    {
        net::listener on(net::tcp("127.0.0.1", 0));
        const std::string url = fmt::format("ws://127.0.0.1:{}/ws", on.port());
        auto serving = spawn(self->site.serve(std::move(on)));
        auto visited = visit(url);
        co_await std::move(visited);
        co_await self->site.stop(2s);
        co_await serving.join();
    }
};

TEST(websocket, carries_messages_of_both_kinds_and_every_size)
{
    for (const bool compression : {false, true}) {
        SCOPED_TRACE(compression);
        served s(echo, websocket_options().compression(compression));
        s.run_with([](std::string url) -> awaitable<void> {
            auto ws = co_await connect_websocket(url);
            for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 1048576U}) {
                const std::string payload(size, 'x');
                co_await ws.send(payload);
                const auto back = co_await ws.receive();
                EXPECT_TRUE(back->is_text());
                EXPECT_EQ(back->text(), payload);
                co_await ws.send(buffer::copy(payload));
                const auto bytes = co_await ws.receive();
                EXPECT_FALSE(bytes->is_text());
                EXPECT_EQ(bytes->text(), payload);
            }
            co_await ws.send_part("frag"s, false);
            co_await ws.ping("between");
            co_await ws.send_part(""s, false);
            co_await ws.send_part("ments"s, true);
            const auto joined = co_await ws.receive();
            EXPECT_EQ(joined->text(), "fragments");
            co_await ws.close();
            EXPECT_EQ(ws.close_code(), 1000);
            EXPECT_FALSE(ws.is_open());
            const auto none = co_await ws.receive();
            EXPECT_FALSE(none.has_value());
        });
    }
}

TEST(websocket, agrees_on_compression_and_a_subprotocol)
{
    served s(echo, websocket_options().subprotocols("v2", "v1"));
    s.run_with([](std::string url) -> awaitable<void> {
        auto both = co_await connect_websocket(url, websocket_options().subprotocols("v1", "v2"));
        EXPECT_EQ(both.subprotocol(), "v2");
        EXPECT_TRUE(both.compressed());
        co_await both.close();
        auto none = co_await connect_websocket(url, websocket_options().compression(false));
        EXPECT_EQ(none.subprotocol(), "");
        EXPECT_FALSE(none.compressed());
        co_await none.close();
    });
}

TEST(websocket, whoever_closes_is_answered_with_the_same_code)
{
    served s([](websocket& ws, request&) -> awaitable<void> {
        const auto m = co_await ws.receive();
        if (m && m->text() == "bye") co_await ws.close(4001, "as you wish");
        if (m && m->text() == "throw") throw std::runtime_error("a fault");
        if (m && m->text() == "return") co_return;
        const auto end = co_await ws.receive();
        EXPECT_FALSE(end.has_value());
    });
    s.run_with([](std::string url) -> awaitable<void> {
        struct row {
            std::string say;
            int code;
            std::string reason;
        };
        for (const row& r :
             {row{"bye", 4001, "as you wish"}, row{"throw", 1011, ""}, row{"return", 1000, ""}}) {
            SCOPED_TRACE(r.say);
            auto ws = co_await connect_websocket(url);
            co_await ws.send(r.say);
            const auto end = co_await ws.receive();
            EXPECT_FALSE(end.has_value());
            EXPECT_EQ(ws.close_code(), r.code);
            EXPECT_EQ(ws.close_reason(), r.reason);
        }
        auto ws = co_await connect_websocket(url);
        co_await ws.close(3000, "mine");
        EXPECT_EQ(ws.close_code(), 3000);
        bool refused = false;
        try {
            co_await ws.send("too late");
        } catch (const connection_error&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    });
}

TEST(websocket, pings_a_silent_peer_and_gives_up_without_an_answer)
{
    served s(
        [](websocket& ws, request&) -> awaitable<void> {
            const auto m = co_await ws.receive();
            if (m) co_await ws.send(std::string(m->text()));
            const auto end = co_await ws.receive();
            EXPECT_FALSE(end.has_value());
        },
        websocket_options().ping_interval(20ms).ping_timeout(10s));
    s.run_with([](std::string url) -> awaitable<void> {
        // Many pings pass while both are silent; both answer while they receive.
        auto ws = co_await connect_websocket(url, websocket_options().ping_interval(15ms));
        auto receiving = spawn(ws.receive());
        co_await sleep(150ms);
        EXPECT_FALSE(receiving.done());
        co_await ws.send("hello");
        const auto back = co_await receiving.join();
        EXPECT_EQ(back->text(), "hello");
        co_await ws.close();
    });

    // A server that never answers a ping.
    const auto scenario = []() -> awaitable<void> {
        net::listener on(net::tcp("127.0.0.1", 0));
        auto deaf = [](net::listener* l) -> awaitable<void> {
            net::stream peer = co_await l->accept();
            const std::string head = co_await peer.read_until("\r\n\r\n");
            const std::size_t at = head.find("Sec-WebSocket-Key: ") + 19;
            const std::string key = head.substr(at, head.find("\r\n", at) - at);
            co_await peer.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                "Upgrade\r\nSec-WebSocket-Accept: " +
                detail::accept_key(key) + "\r\n\r\n");
            const auto rest = co_await peer.read_all(1000);
            EXPECT_THAT(to_string(rest), HasSubstr("\x89\x80"));  // an empty ping
        };
        auto serving = spawn(deaf(&on));
        const std::string url = fmt::format("ws://127.0.0.1:{}/", on.port());
        auto ws = co_await connect_websocket(
            url, websocket_options().ping_interval(10ms).ping_timeout(10ms));
        bool late = false;
        try {
            const auto m = co_await ws.receive();
        } catch (const timeout_error&) {
            late = true;
        }
        EXPECT_TRUE(late);
        EXPECT_EQ(ws.close_code(), 1006);
        co_await serving.join();
    };
    run(ferry::timeout(10s, scenario()));
}

TEST(websocket, a_stopping_server_says_that_it_goes_away)
{
    served s(echo);
    server* const site = &s.site;
    s.run_with([site](std::string url) -> awaitable<void> {
        auto open = [](server* of, std::string where) -> awaitable<void> {
            auto ws = co_await connect_websocket(where);
            co_await ws.send("hello");
            const auto back = co_await ws.receive();
            EXPECT_TRUE(back.has_value());
            auto stopping = spawn(of->stop(5s));
            const auto end = co_await ws.receive();
            EXPECT_FALSE(end.has_value());
            EXPECT_EQ(ws.close_code(), 1001);
            co_await stopping.join();
            EXPECT_EQ(of->connections(), 0U);
        };
        return open(site, std::move(url));
    });
}

// Sends bytes behind a proper handshake and returns all that comes back.
awaitable<std::string> misbehave(std::uint16_t port, std::string frames)
{
    auto s = co_await net::connect(net::tcp("127.0.0.1", port));
    co_await s.write(
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        frames);
    const auto all = co_await s.read_all(1 << 20);
    const std::string text = to_string(all);
    co_return text.substr(text.find("\r\n\r\n") + 4);
}

TEST(websocket, a_peer_that_breaks_the_rules_is_told_the_code_and_cut_off)
{
    served s(echo, websocket_options().max_message_bytes(1000));
    s.run_with([](std::string url) -> awaitable<void> {
        const std::uint16_t port = url::parse(url).port_or_default();
        const struct {
            const char* name;
            std::string frames;
            const char* answer;
        } rows[] = {
            {"not masked", "\x81\x01x", "\x88"},
            {"a reserved opcode", "\x83\x80\0\0\0\0"s, "\x03\xea"},
            {"invalid UTF-8", "\x81\x81\0\0\0\0\xff"s, "\x03\xef"},
            {"too long", "\x82\xfe\xff\xff\0\0\0\0"s, "\x03\xf1"},
            {"a bad close code", "\x88\x82\0\0\0\0\x03\xed"s, "\x03\xea"},
        };
        for (const auto& r : rows) {
            SCOPED_TRACE(r.name);
            const std::string answer = co_await misbehave(port, r.frames);
            EXPECT_THAT(answer, HasSubstr(r.answer));
            auto ws = co_await connect_websocket(url);
            co_await ws.send("next");
            const auto back = co_await ws.receive();
            EXPECT_EQ(back->text(), "next");
            co_await ws.close();
        }
    });
}

std::string handshake(server& site, const std::string& fields)
{
    request q;
    q.method = "GET";
    q.target = "/ws";
    for (std::size_t at = 0; at < fields.size();) {
        const std::size_t end = fields.find('\n', at);
        const std::string line = fields.substr(at, end - at);
        const std::size_t colon = line.find(": ");
        q.headers.add(line.substr(0, colon), line.substr(colon + 2));
        at = end + 1;
    }
    const response r = run(site.respond(std::move(q)));
    std::string told = std::to_string(r.status);
    for (const auto [name, value] : r.headers) told += fmt::format(" {}={}", name, value);
    return told;
}

TEST(websocket, only_a_proper_handshake_is_answered_with_101)
{
    served s(echo, websocket_options().origins("https://friend.example"));
    const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n";
    const std::string upgrade = "Host: a.example\nUpgrade: WebSocket\nConnection: x, upgrade\n";
    const std::string version = "Sec-WebSocket-Version: 13\n";
    EXPECT_EQ(handshake(s.site, upgrade + version + key),
              "101 Upgrade=websocket Sec-WebSocket-Accept=s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    const struct {
        const char* name;
        std::string fields;
        const char* answer;
    } rows[] = {
        {"no upgrade", "Host: x\n" + version + key, "426 Upgrade=websocket"},
        {"no Connection", "Host: x\nUpgrade: websocket\n" + version + key, "426 Upgrade=websocket"},
        {"another version", upgrade + "Sec-WebSocket-Version: 8\n" + key,
         "426 Upgrade=websocket Sec-WebSocket-Version=13"},
        {"no key", upgrade + version, "400"},
        {"a short key", upgrade + version + "Sec-WebSocket-Key: abcd\n", "400"},
        {"two keys", upgrade + version + key + key, "400"},
        {"a stranger's page", upgrade + version + key + "Origin: https://evil.example\n", "403"},
        {"its own page", upgrade + version + key + "Origin: http://a.example\n", "101"},
        {"a friend's page", upgrade + version + key + "Origin: https://friend.example\n", "101"},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        EXPECT_THAT(handshake(s.site, r.fields), StartsWith(r.answer));
    }
}

TEST(websocket, a_refusal_shows_its_status)
{
    served s(echo);
    s.run_with([](std::string url) -> awaitable<void> {
        int status = 0;
        std::string what;
        try {
            auto ws = co_await connect_websocket(url + "/none");
        } catch (const status_error& e) {
            status = e.status();
            what = e.what();
        }
        EXPECT_EQ(status, 404);
        EXPECT_THAT(what, HasSubstr("404"));
        bool bad = false;
        try {
            auto ws = co_await connect_websocket("ftp://127.0.0.1/");
        } catch (const error& e) {
            bad = e.code() == errc::bad_url;
        }
        EXPECT_TRUE(bad);
    });
}

TEST(websocket, travels_over_tls)
{
    testing::temporary_directory folder;
    testing::certificate_authority ca(folder.path());
    const auto id = ca.issue({"127.0.0.1"});
    const auto scenario = [](testing::identity who, std::string trusted) -> awaitable<void> {
        server site;
        site.websocket("/ws", echo);
        net::listener on(
            net::tls(net::tcp("127.0.0.1", 0), net::tls_context::server(who.chain, who.key)));
        const std::string url = fmt::format("wss://127.0.0.1:{}/ws", on.port());
        auto serving = spawn(site.serve(std::move(on)));
        auto ws = co_await connect_websocket(url, verify(trusted));
        co_await ws.send("hello");
        const auto back = co_await ws.receive();
        EXPECT_EQ(back->text(), "hello");
        co_await ws.close();
        co_await site.stop(1s);
        co_await serving.join();
    };
    run(ferry::timeout(10s, scenario(id, ca.ca_file())));
}

TEST(websocket, receives_while_others_send)
{
    served s([](websocket& ws, request&) -> awaitable<void> {
        for (int i = 0; i < 300; ++i) co_await ws.send(std::to_string(i));
        int count = 0;
        for (;;) {
            const auto m = co_await ws.receive();
            if (!m) break;
            ++count;
        }
        EXPECT_EQ(count, 600);
    });
    s.run_with([](std::string url) -> awaitable<void> {
        auto ws = co_await connect_websocket(url);
        const auto send = [](websocket* to) -> awaitable<void> {
            for (int i = 0; i < 300; ++i) co_await to->send(std::string(1000, 's'));
        };
        const auto receive = [](websocket* from) -> awaitable<void> {
            for (int i = 0; i < 300; ++i) {
                const auto m = co_await from->receive();
                EXPECT_EQ(m->text(), std::to_string(i));
            }
        };
        auto all = gather(send(&ws), send(&ws), receive(&ws));
        co_await std::move(all);
        co_await ws.close();
    });
}

TEST(websocket_reconnector, opens_it_again_after_every_loss)
{
    int opened = 0;
    served s([&opened](websocket& ws, request&) -> awaitable<void> {
        ++opened;
        co_await ws.send(std::to_string(opened));
        if (opened < 3) {
            co_await ws.close(1012);
            co_return;
        }
        const auto end = co_await ws.receive();
        EXPECT_FALSE(end.has_value());
    });
    s.run_with([](std::string url) -> awaitable<void> {
        websocket_reconnector feed(url);
        feed.backoff(1ms, 5ms);
        for (int i = 1; i <= 3; ++i) {
            auto ws = co_await feed.next();
            const auto m = co_await ws.receive();
            EXPECT_EQ(m->text(), std::to_string(i));
            co_await ws.close();
        }
        websocket_reconnector wrong(url + "/none");
        bool refused = false;
        try {
            auto ws = co_await wrong.next();
        } catch (const status_error&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    });
}

}  // namespace
}  // namespace ferry::http
