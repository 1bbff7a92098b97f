#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/detail/http2_machine.hpp"
#include "ferry/http/detail/http2_peer.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/hooks.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/net.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A site that speaks HTTP/2 in the clear, and a session that knows.
class site {
public:
    explicit site(std::function<void(http2_peer&, std::int32_t)> on_request,
                  std::uint32_t max_streams = 100)
        : on_request_(std::move(on_request)), max_streams_(max_streams)
    {
        net::listener on(net::tcp("127.0.0.1", 0));
        port_ = on.port();
        serving_ = spawn(accept_all(this, std::move(on)));
    }
    ~site()
    {
        for (const auto& p : peers) p->detach();
        serving_.cancel();
        run(serving_.wait());
    }
    site(const site&) = delete;
    site& operator=(const site&) = delete;

    std::string url(std::string_view path = "/") const
    {
        return fmt::format("http://127.0.0.1:{}{}", port_, path);
    }
    std::vector<std::shared_ptr<http2_peer>> peers;

private:
    static awaitable<void> accept_all(site* self, net::listener on)
    {
        task_group group;
        for (;;) {
            net::stream s = co_await on.accept();
            self->peers.push_back(std::make_shared<http2_peer>(self->max_streams_));
            const std::shared_ptr<http2_peer> peer = self->peers.back();
            peer->on_request = self->on_request_;
            group.spawn(http2_peer::serve(peer, std::move(s)));
        }
    }

    std::function<void(http2_peer&, std::int32_t)> on_request_;
    std::uint32_t max_streams_;
    std::uint16_t port_ = 0;
    task<void> serving_;
};

void answer(http2_peer& p, std::int32_t id)
{
    p.respond(id, {{":status", "200"}, {"content-type", "text/plain"}}, "hello");
}

TEST(http2, carries_a_request_and_its_response)
{
    site s([](http2_peer& p, std::int32_t id) {
        auto& e = p.exchanges[id];
        e.trailers = {{"x-sum", "42"}};
        p.inform(id, {{":status", "103"}, {"link", "</a.css>"}});
        p.respond(id, {{":status", "201"}, {"x-a", "1"}, {"x-a", "2"}}, "made");
    });
    int early = 0;
    session api(http2_prior_knowledge(), headers("X-Mine", "yes"),
                on_informational([&](const outgoing&, const response& r) { early = r.status; }));
    const auto r = run(api.post(s.url("/orders?x=1"), http::body("data", "text/plain")));
    EXPECT_EQ(r.status, 201);
    EXPECT_EQ(r.http_version(), "HTTP/2");
    EXPECT_EQ(r.text(), "made");
    EXPECT_EQ(r.headers.joined("X-A"), "1, 2");
    EXPECT_EQ(r.trailers().get("x-sum"), "42");
    EXPECT_EQ(early, 103);
    const auto& e = s.peers[0]->exchanges.at(1);
    EXPECT_EQ(e.head.at(":method"), "POST");
    EXPECT_EQ(e.head.at(":path"), "/orders?x=1");
    EXPECT_EQ(e.head.at(":scheme"), "http");
    EXPECT_THAT(s.url(), HasSubstr(e.head.at(":authority")));
    EXPECT_EQ(e.head.at("x-mine"), "yes");
    EXPECT_EQ(e.head.at("content-type"), "text/plain");
    EXPECT_EQ(e.head.at("content-length"), "4");
    EXPECT_EQ(e.head.count("host"), 0U);
    EXPECT_EQ(e.head.count("connection"), 0U);
    EXPECT_EQ(e.body, "data");
}

TEST(http2, one_connection_carries_many_requests_at_once)
{
    // The peer answers once all have come in.
    site s([](http2_peer& p, std::int32_t) {
        const auto ended =
            std::ranges::count_if(p.exchanges, [](const auto& e) { return e.second.ended; });
        if (ended < 50) return;
        for (const auto& [id, e] : p.exchanges) {
            p.respond(id, {{":status", "200"}}, e.head.at(":path"));
        }
    });
    session api(http2_prior_knowledge());
    std::vector<awaitable<response>> all;
    for (int i = 0; i < 50; ++i) all.push_back(api.get(s.url(fmt::format("/{}", i))));
    const auto got = run(gather(std::move(all)));
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(got[static_cast<std::size_t>(i)].text(), fmt::format("/{}", i));
    EXPECT_EQ(s.peers.size(), 1U);
}

TEST(http2, honours_the_peers_limit_of_streams)
{
    std::size_t most = 0;
    std::size_t open = 0;
    site s(
        [&](http2_peer& p, std::int32_t id) {
            most = std::max(most, ++open);
            spawn([](http2_peer* peer, std::int32_t of, std::size_t* count) -> awaitable<void> {
                co_await yield_now();
                --*count;
                answer(*peer, of);
            }(&p, id, &open));
        },
        2);
    session api(http2_prior_knowledge());
    EXPECT_EQ(run(api.get(s.url())).text(), "hello");  // the limit is known afterwards
    std::vector<awaitable<response>> all;
    for (int i = 0; i < 20; ++i) all.push_back(api.get(s.url()));
    EXPECT_EQ(run(gather(std::move(all))).size(), 20U);
    EXPECT_LE(most, 2U);
    EXPECT_EQ(s.peers.size(), 1U);
}

TEST(http2, bodies_larger_than_every_window_pass_both_ways)
{
    const std::string large(40'000'000, 'x');
    site s([&](http2_peer& p, std::int32_t id) {
        p.respond(id, {{":status", "200"}, {"content-length", fmt::to_string(large.size())}},
                  large);
    });
    session api(http2_prior_knowledge());
    const auto r = run(api.get(s.url()));
    EXPECT_EQ(r.bytes().size(), large.size());
    auto parts = std::make_shared<int>(0);
    auto next = [parts]() -> awaitable<buffer> {
        if (++*parts > 40) co_return buffer();
        co_return buffer(std::string(100'000, 'y'));
    };
    run(api.put(s.url(), generator(next)));
    EXPECT_EQ(s.peers[0]->exchanges.at(3).body.size(), 4'000'000U);
}

TEST(http2, streams_a_body_while_it_comes)
{
    site s(
        [](http2_peer& p, std::int32_t id) { p.respond(id, {{":status", "200"}}, "one", false); });
    auto main = [](site* at) -> awaitable<std::string> {
        session api(http2_prior_knowledge());
        auto stream = co_await api.stream("GET", at->url());
        auto part = co_await stream.next();
        std::string all(part->text());
        at->peers[0]->go_on(1, " two", true);
        for (;;) {
            part = co_await stream.next();
            if (!part) break;
            all += part->text();
        }
        co_return all;
    };
    EXPECT_EQ(run(main(&s)), "one two");
}

TEST(http2, giving_up_resets_the_stream_and_nothing_else)
{
    std::uint32_t code = 99;
    site s([](http2_peer& p, std::int32_t id) {
        if (p.exchanges[id].head.at(":path") != "/silent") answer(p, id);
    });
    session api(http2_prior_knowledge(), http::timeout(30ms));
    EXPECT_EQ(run(api.get(s.url())).text(), "hello");
    s.peers[0]->on_reset = [&](http2_peer&, std::int32_t id, std::uint32_t c) {
        if (id == 3) code = c;
    };
    EXPECT_THROW(run(api.get(s.url("/silent"))), timeout_error);
    EXPECT_EQ(run(api.get(s.url())).text(), "hello");
    EXPECT_EQ(code, NGHTTP2_CANCEL);
    EXPECT_EQ(s.peers.size(), 1U);
    EXPECT_THROW(run(ferry::timeout(10ms, api.get(s.url("/silent"), http::timeout(10s)))),
                 timeout_error);
    EXPECT_THROW(run(api.get(s.url("/silent"), http::timeout(5s).total(10ms))), timeout_error);
    EXPECT_EQ(run(api.get(s.url())).text(), "hello");
    EXPECT_EQ(s.peers.size(), 1U);
}

TEST(http2, resets_are_errors_that_name_their_code)
{
    site s([](http2_peer& p, std::int32_t id) {
        const std::string path = p.exchanges[id].head.at(":path");
        if (path == "/at-once") {
            p.reset(id, NGHTTP2_INTERNAL_ERROR);
        } else {
            p.respond(id, {{":status", "200"}, {"content-length", "100"}}, "abc", path == "/short");
        }
    });
    session api(http2_prior_knowledge());
    try {
        run(api.get(s.url("/at-once")));
        ADD_FAILURE();
    } catch (const protocol_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("the stream was reset: INTERNAL_ERROR"));
    }
    try {
        run(api.get(s.url("/short")));
        ADD_FAILURE();
    } catch (const incomplete_body& e) {
        EXPECT_EQ(e.received(), 3U);
        EXPECT_EQ(e.expected(), 100);
    }
    auto main = [](site* at, session* by) -> awaitable<void> {
        auto stream = co_await by->stream("GET", at->url("/cut"));
        co_await stream.next();
        at->peers[0]->reset(5, NGHTTP2_ENHANCE_YOUR_CALM);
        co_await stream.next();
    };
    try {
        run(main(&s, &api));
        ADD_FAILURE();
    } catch (const incomplete_body& e) {
        EXPECT_THAT(e.what(), HasSubstr("ENHANCE_YOUR_CALM"));
    }
    EXPECT_EQ(s.peers.size(), 1U);
}

TEST(http2, refused_streams_are_sent_again)
{
    int refusals = 0;
    site s([&](http2_peer& p, std::int32_t id) {
        if (id == 3 && refusals++ == 0) {
            p.reset(id, NGHTTP2_REFUSED_STREAM);
        } else {
            answer(p, id);
        }
    });
    session api(http2_prior_knowledge());
    run(api.get(s.url()));
    EXPECT_EQ(run(api.post(s.url(), http::body("x"))).text(), "hello");
    EXPECT_EQ(refusals, 1);
}

TEST(http2, falls_back_to_http1_where_that_is_required)
{
    auto main = []() -> awaitable<std::string> {
        net::listener on(net::tcp("127.0.0.1", 0));
        auto play = [](net::listener* l) -> awaitable<void> {
            net::stream first = co_await l->accept();
            const auto peer = std::make_shared<http2_peer>();
            peer->on_request = [](http2_peer& p, std::int32_t id) {
                p.reset(id, NGHTTP2_HTTP_1_1_REQUIRED);
            };
            const auto speaking = spawn(http2_peer::serve(peer, std::move(first)));
            net::stream second = co_await l->accept();
            for (;;) {
                co_await second.read_until("\r\n\r\n");
                co_await second.write(
                    std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
            }
        };
        auto playing = spawn(play(&on));
        std::string seen;
        {
            session api(http2_prior_knowledge(), http::timeout(5s));
            for (int i = 0; i < 2; ++i) {
                const auto r = co_await api.get(fmt::format("http://127.0.0.1:{}/", on.port()));
                seen += r.text() + ' ' + std::string(r.http_version()) + '\n';
            }
        }
        playing.cancel();
        co_await playing.wait();
        co_return seen;
    };
    EXPECT_EQ(run(main()), "ok HTTP/1.1\nok HTTP/1.1\n");
}

TEST(http2, a_server_that_goes_away_finishes_what_it_began)
{
    site s([](http2_peer& p, std::int32_t id) {
        if (id != 3) {
            answer(p, id);
            return;
        }
        p.go_away(3);
        answer(p, id);
    });
    session api(http2_prior_knowledge());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(run(api.get(s.url())).text(), "hello");
    EXPECT_EQ(s.peers.size(), 2U);
    // What was not begun goes to another connection.
    s.peers[1]->go_away(3);
    EXPECT_EQ(run(api.post(s.url(), http::body("x"))).text(), "hello");
    EXPECT_EQ(s.peers.size(), 3U);
}

TEST(http2, a_lost_connection_fails_or_repeats_what_was_under_way)
{
    site s([](http2_peer& p, std::int32_t id) {
        if (p.connections++ == 0) answer(p, id);
    });
    auto main = [](site* at) -> awaitable<std::string> {
        session api(http2_prior_knowledge());
        auto first = api.get(at->url());
        co_await std::move(first);
        auto asking = spawn(api.post(at->url(), http::body("x")));
        while (at->peers[0]->exchanges.size() < 2) co_await yield_now();
        at->peers[0]->go_away(0x7fffffff, NGHTTP2_INTERNAL_ERROR);
        std::string text;
        at->peers[0]->reset(3, NGHTTP2_INTERNAL_ERROR);
        try {
            co_await asking.join();
        } catch (const error& e) {
            text = e.what();
        }
        co_return text;
    };
    EXPECT_THAT(run(main(&s)), HasSubstr("reset: INTERNAL_ERROR"));
}

TEST(http2, what_is_not_http2_is_said_to_be)
{
    auto main = [](std::string bytes) -> awaitable<std::string> {
        net::listener on(net::tcp("127.0.0.1", 0));
        auto play = [](net::listener* l, std::string sends) -> awaitable<void> {
            net::stream s = co_await l->accept();
            co_await s.write(sends);
            co_await s.read_all(100000);
        };
        auto playing = spawn(play(&on, bytes));
        session api(http2_prior_knowledge(), http::timeout(2s));
        std::string text = "none";
        try {
            co_await api.get(fmt::format("http://127.0.0.1:{}/", on.port()));
        } catch (const error& e) {
            text = e.what();
        }
        playing.cancel();
        co_await playing.wait();
        co_return text;
    };
    EXPECT_THAT(run(main("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")),
                HasSubstr("HTTP/2"));
    EXPECT_THAT(run(main("")), ::testing::Not(HasSubstr("none")));
    // A frame of DATA for a stream that nobody has opened.
    EXPECT_THAT(run(main(std::string("\0\0\0\4\0\0\0\0\0\0\0\1\0\0\0\0\0\x63x", 19))),
                HasSubstr("HTTP/2"));
}

TEST(http2, heads_have_limits)
{
    site s([](http2_peer& p, std::int32_t id) {
        http2_peer::fields head = {{":status", "200"}};
        for (int i = 0; i < 300; ++i) head.emplace_back(fmt::format("x-{}", i), "v");
        p.respond(id, head, "");
    });
    session api(http2_prior_knowledge(), http::timeout(5s));
    try {
        run(api.get(s.url()));
        ADD_FAILURE();
    } catch (const limit_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("head_fields"));
    }

    {
        http2_machine machine;
        const auto stream = std::make_shared<http2_stream>();
        machine.submit(stream, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}, false);
        std::string out;
        machine.send(out, 10'000);
        machine.receive(as_bytes(std::string("\0\0\0\4\0\0\0\0\0", 9)));
        // HEADERS of status 103, again and again.
        const std::string hint(
            "\0\0\5\1\4\0\0\0\1\x08\x03"
            "103",
            14);
        for (int i = 0; i < 16; ++i) machine.receive(as_bytes(hint));
        EXPECT_EQ(stream->informational.size(), 16U);
        EXPECT_FALSE(stream->failure);
        machine.receive(as_bytes(hint));
        machine.send(out, 10'000);
        ASSERT_TRUE(stream->failure);
        EXPECT_THAT(describe(stream->failure), HasSubstr("more than 16 informational responses"));
    }

    codec_limits limits;
    limits.head_bytes = 60;
    http2_machine machine(limits);
    const auto stream = std::make_shared<http2_stream>();
    machine.submit(stream, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}, false);
    std::string out;
    machine.send(out, 10'000);
    // SETTINGS, and HEADERS of status 200 with one field of 100 bytes.
    machine.receive(as_bytes(std::string("\0\0\0\4\0\0\0\0\0", 9)));
    const std::string block = std::string("\x88\0\3x-a\x64", 7) + std::string(100, 'v');
    machine.receive(as_bytes(std::string("\0\0\x6b\1\4\0\0\0\1", 9) + block));
    machine.send(out, 10'000);
    ASSERT_TRUE(stream->closed);
    ASSERT_TRUE(stream->failure);
    EXPECT_THAT(describe(stream->failure), HasSubstr("head_bytes"));
}

}  // namespace
}  // namespace ferry::http::detail
