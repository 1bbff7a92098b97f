// ferry's websockets against Python's websockets and aiohttp, each as client and as server.
#include "ferry/async/blocking.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/http.hpp"
#include "ferry/net/listener.hpp"
#include "ferry/testing/peer.hpp"
#include "ferry/testing/program.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

awaitable<void> talk_to_echo(std::string url, websocket_options with)
{
    auto ws = co_await connect_websocket(url, with, headers("X-Test", "ferry"));
    EXPECT_EQ(ws.subprotocol(), "echo");
    EXPECT_EQ(ws.compressed(), with.compression());
    for (const std::size_t size : {0U, 1U, 126U, 70'000U, 1'000'000U}) {
        std::string payload;
        while (payload.size() < size) payload += "caf\xc3\xa9 ";
        co_await ws.send(payload);
        const auto text = co_await ws.receive();
        EXPECT_TRUE(text->is_text());
        EXPECT_EQ(text->text(), payload);
        co_await ws.send(buffer::copy(payload));
        const auto binary = co_await ws.receive();
        EXPECT_FALSE(binary->is_text());
        EXPECT_EQ(binary->text(), payload);
    }
    co_await ws.ping("are you there");
    co_await ws.send_part(std::string("in "), false);
    co_await ws.send_part(std::string("parts"), true);
    const auto joined = co_await ws.receive();
    EXPECT_EQ(joined->text(), "in parts");
    co_await ws.send("close 4000");
    const auto end = co_await ws.receive();
    EXPECT_FALSE(end.has_value());
    EXPECT_EQ(ws.close_code(), 4000);
}

TEST(websocket_interop, ferry_talks_to_python_servers)
{
    for (const char* kind : {"websockets", "aiohttp"}) {
        const testing::peer server(FERRY_INTEROP_DIR "/websocket_peer.py", {"serve", kind},
                                   FERRY_PYTHON);
        const std::string url = fmt::format("ws://127.0.0.1:{}/", server.port());
        for (const int mode : {0, 1, 2}) {
            SCOPED_TRACE(fmt::format("{} {}", kind, mode));
            websocket_options with;
            with.subprotocols("none", "echo").max_message_bytes(2'000'000);
            with.compression(mode > 0).context_takeover(mode > 1);
            run(ferry::timeout(30s, talk_to_echo(url, with)));
        }
    }
}

awaitable<void> echo(websocket& ws, request&)
{
    for (;;) {
        const auto m = co_await ws.receive();
        if (!m) break;
        if (m->is_text() && m->text() == "close me") {
            co_await ws.close(4001, "as asked");
        } else if (m->is_text()) {
            co_await ws.send(std::string(m->text()));
        } else {
            co_await ws.send(m->data());
        }
    }
}

awaitable<void> serve_python(bool takeover)
{
    server site;
    websocket_options with;
    with.subprotocols("echo").context_takeover(takeover).max_message_bytes(2'000'000);
    site.websocket("/", echo, with);
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string url = fmt::format("ws://127.0.0.1:{}/", on.port());
    auto serving = spawn(site.serve(std::move(on)));
    for (const char* kind : {"websockets", "aiohttp"}) {
        SCOPED_TRACE(kind);
        const auto visit = [kind, url] {
            return testing::run_program(
                {FERRY_PYTHON, FERRY_INTEROP_DIR "/websocket_peer.py", "visit", kind, url});
        };
        const auto ran = co_await run_blocking(visit);
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(ran.out, "plain ok 4001 as asked\ndeflate ok 4001 as asked\n");
    }
    co_await site.stop(1s);
    co_await serving.join();
}

TEST(websocket_interop, python_clients_talk_to_ferry)
{
    run(ferry::timeout(60s, serve_python(false)));
    run(ferry::timeout(60s, serve_python(true)));
}

TEST(server_interop, itsdangerous_reads_and_writes_signed_cookies)
{
    const cookie_signer signer("a secret that is long enough, really");
    const std::string ours = signer.sign("user", "17");
    const auto ran = testing::run_program({FERRY_PYTHON, "-c", R"(
import hashlib, sys
from itsdangerous import TimestampSigner
s = TimestampSigner('a secret that is long enough, really', salt='user', key_derivation='hmac',
                    digest_method=hashlib.sha256)
print(s.unsign(sys.argv[1], max_age=60).decode())
print(s.sign('eighteen').decode())
)",
                                           ours});
    ASSERT_EQ(ran.status, 0) << ran.err;
    const std::size_t end = ran.out.find('\n');
    EXPECT_EQ(ran.out.substr(0, end), "17");
    const std::string theirs = ran.out.substr(end + 1, ran.out.size() - end - 2);
    EXPECT_EQ(signer.verify("user", theirs, 60s), "eighteen");
}

awaitable<void> serve_uploads_and_events()
{
    server site;
    site.post(
        "/upload",
        [](request& q) -> awaitable<response> {
            const upload_form form = co_await receive_form(q);
            std::string told(form.field("k").value_or("none"));
            for (const uploaded_file& f : form.files) {
                told += fmt::format(" {}:{}:{}", f.name(), f.filename(), f.size());
            }
            co_return text(told);
        },
        route_options().stream_body().body_bytes(10 << 20));
    event_feed feed;
    feed.publish(server_event("one"));
    feed.publish(server_event("two\nlines").type("t"));
    site.get("/events", [&feed](request& q) { return feed.subscribe(q); });
    auto api = site.group("/private");
    api.use(require_password("user", "pass"));
    api.get("/", [](request& q) -> awaitable<response> { co_return text(q.user); });
    site.get("/text",
             [](request&) -> awaitable<response> { co_return text(std::string(10'000, 'z')); });
    site.use(compress_responses()).use(cors());
    net::listener on(net::tcp("127.0.0.1", 0));
    const std::string url = fmt::format("http://127.0.0.1:{}", on.port());
    auto serving = spawn(site.serve(std::move(on)));
    const auto visit = [url] {
        return testing::run_program({FERRY_PYTHON, FERRY_INTEROP_DIR "/features_client.py", url});
    };
    const auto ran = co_await run_blocking(visit);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out,
              "v f:n \xc3\xa9.txt:5 g:big:3000000\n"
              "event: t|id: 2|data: two|data: lines\n"
              "401 200 user\n"
              "gzip 10000 *\n");
    feed.close();
    co_await site.stop(1s);
    co_await serving.join();
}

TEST(server_interop, requests_uploads_listens_and_signs_in)
{
    run(ferry::timeout(60s, serve_uploads_and_events()));
}

}  // namespace
}  // namespace ferry::http
