#include "ferry/http/server_events.hpp"

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/server_cookies.hpp"
#include "ferry/http/stream_body.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

TEST(server_event, is_written_as_the_standard_reads_it)
{
    EXPECT_EQ(server_event("one").text(), "data: one\n\n");
    EXPECT_EQ(server_event("a\nb\r\nc\rd\n").type("t").id("7").retry(2s).text(),
              "event: t\nid: 7\nretry: 2000\ndata: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
    EXPECT_EQ(server_event("").text(), "data: \n\n");
    EXPECT_THROW(server_event("x").type("a\nb"), error);
    EXPECT_THROW(server_event("x").id("a\rb"), error);
}

awaitable<std::string> pieces(std::shared_ptr<body_source> from, int count)
{
    std::string all;
    for (int i = 0; i < count; ++i) {
        const buffer piece = co_await from->next();
        if (piece.empty()) {
            all += "<end>";
            break;
        }
        all += piece.text();
    }
    co_return all;
}

TEST(events, go_on_until_there_are_none)
{
    const auto left = std::make_shared<int>(2);
    const auto next = [left] {
        const auto make = [](std::shared_ptr<int> n) -> awaitable<std::optional<server_event>> {
            if (*n == 0) co_return std::nullopt;
            co_return server_event(std::to_string((*n)--));
        };
        return make(left);
    };
    const response r = events(next);
    EXPECT_EQ(r.content.content_type(), "text/event-stream");
    EXPECT_EQ(r.headers["Cache-Control"], "no-cache");
    EXPECT_EQ(run(pieces(r.content.source(), 10)), "data: 2\n\ndata: 1\n\n<end>");
}

TEST(events, a_comment_goes_out_while_there_is_nothing_to_say)
{
    const auto next = [] {
        const auto make = []() -> awaitable<std::optional<server_event>> {
            co_await sleep(50ms);
            co_return server_event("late");
        };
        return make();
    };
    const response r = events(next, 5ms);
    const std::string all = run(pieces(r.content.source(), 3));
    EXPECT_EQ(all.substr(0, 3), ":\n\n");
}

TEST(event_feed, gives_each_client_what_it_has_missed)
{
    event_feed feed(3);
    for (int i = 1; i <= 5; ++i) feed.publish(server_event(std::to_string(i)));
    request fresh;
    request back;
    back.headers.add("Last-Event-ID", "4");
    request long_gone;
    long_gone.headers.add("Last-Event-ID", "1");
    const response a = run(feed.subscribe(fresh));
    const response b = run(feed.subscribe(back));
    const response c = run(feed.subscribe(long_gone));
    EXPECT_EQ(feed.subscribers(), 3U);
    EXPECT_EQ(run(pieces(b.content.source(), 1)), "id: 5\ndata: 5\n\n");
    EXPECT_EQ(run(pieces(c.content.source(), 3)),
              "id: 3\ndata: 3\n\nid: 4\ndata: 4\n\nid: 5\ndata: 5\n\n");
    for (int i = 6; i <= 9; ++i) feed.publish(server_event(std::to_string(i)));
    // Four events for a client that holds three: it is cut off behind them.
    EXPECT_EQ(run(pieces(a.content.source(), 9)),
              "id: 6\ndata: 6\n\nid: 7\ndata: 7\n\nid: 8\ndata: 8\n\n<end>");
    feed.close();
    EXPECT_EQ(feed.subscribers(), 0U);
}

TEST(stream_body, is_written_while_it_is_read)
{
    int written = 0;
    const body b = stream_body(
        [&written](body_writer& out) -> awaitable<void> {
            for (int i = 0; i < 10; ++i) {
                co_await out.write(std::to_string(i));
                co_await out.write(buffer());
                ++written;
            }
        },
        "text/plain");
    EXPECT_EQ(run(pieces(b.source(), 2)), "01");
    run(sleep(1ms));
    EXPECT_LE(written, 3);  // one is sent, one waits, one is being written
    EXPECT_EQ(run(pieces(b.source(), 20)), "23456789<end>");
    EXPECT_EQ(written, 10);
}

TEST(stream_body, breaks_off_with_its_writer_and_ends_it_with_itself)
{
    const body failing = stream_body([](body_writer& out) -> awaitable<void> {
        co_await out.write("a");
        throw std::runtime_error("no more");
    });
    EXPECT_EQ(run(pieces(failing.source(), 1)), "a");
    EXPECT_THROW(run(pieces(failing.source(), 1)), std::runtime_error);

    bool ended = false;
    {
        const body endless = stream_body([&ended](body_writer& out) -> awaitable<void> {
            try {
                for (;;) co_await out.write("x");
            } catch (const cancelled&) {
                ended = true;
                throw;
            }
        });
        EXPECT_EQ(run(pieces(endless.source(), 3)), "xxx");
    }
    run(sleep(1ms));
    EXPECT_TRUE(ended);
}

TEST(set_cookie, writes_what_browsers_take)
{
    EXPECT_EQ(set_cookie("a", "b").text(), "a=b; Path=/; HttpOnly; SameSite=Lax");
    EXPECT_EQ(set_cookie("a", "b")
                  .path("/x")
                  .domain("a.example")
                  .max_age(60s)
                  .http_only(false)
                  .same_site(same_site::none)
                  .text(),
              "a=b; Path=/x; Domain=a.example; Max-Age=60; Secure; SameSite=None");
    EXPECT_EQ(set_cookie::removed("a").text(), "a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    EXPECT_THROW(set_cookie("a b", "c"), error);
    EXPECT_THROW(set_cookie("a", "b;c"), error);
    EXPECT_THROW(set_cookie("a", "b").path("/;x").text(), error);
    EXPECT_THROW(set_cookie("a", "b").domain("a\r\nb").text(), error);
}

TEST(cookie_signer, takes_its_own_values_only)
{
    const cookie_signer signer(std::string(32, 's'));
    const timestamp then = ferry::now();
    const std::string good = signer.sign("user", "17.5", then);
    EXPECT_EQ(signer.verify("user", good), "17.5");
    EXPECT_EQ(signer.verify("user", good, 60s, then + 60s), "17.5");
    EXPECT_EQ(signer.verify("user", good, 60s, then + 62s), std::nullopt);
    EXPECT_EQ(signer.verify("admin", good), std::nullopt);
    EXPECT_EQ(cookie_signer(std::string(32, 't')).verify("user", good), std::nullopt);
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(signer.verify("user", bad), std::nullopt) << i;
    }
    for (const char* bad : {"", ".", "..", "a", "a.b", "a.b.c"}) {
        EXPECT_EQ(signer.verify("user", bad), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace ferry::http
