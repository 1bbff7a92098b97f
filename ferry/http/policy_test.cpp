// What a session does beyond one send: retries, rates, breaker, time limits.
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/http_script.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using testing::fault_server;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::ok_response;
using testing::script;
using testing::url_of;
using clock = std::chrono::steady_clock;

const std::string busy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

std::size_t count(std::string_view text, std::string_view what)
{
    std::size_t n = 0;
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
    return n;
}

const retry quickly = retry(3).backoff(1ms).jitter(false);

TEST(retries, make_up_for_lost_connections_and_statuses)
{
    const auto ask = script().receive_until("\r\n\r\n");
    fault_server server(std::vector<script>{
        script(ask).close(),
        script(ask).send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").reset(),
        answers({busy, ok_response}),
    });
    session api(quickly);
    EXPECT_EQ(run(api.get(url_of(server))).text(), "ok");
    EXPECT_EQ(server.connections(), 3U);
}

TEST(retries, are_off_unless_given)
{
    fault_server server(answers({busy, ok_response}));
    session api;
    EXPECT_EQ(run(api.get(url_of(server))).status, 503);
}

TEST(retries, return_the_last_status_as_it_is)
{
    fault_server server(answers({busy, busy, busy, busy, ok_response}));
    session api(quickly);
    const response last = run(api.get(url_of(server)));
    EXPECT_EQ(last.status, 503);
    EXPECT_EQ(last.text(), "busy");
    EXPECT_EQ(count(server.received(0), "GET / "), 4U);
}

TEST(retries, list_every_attempt_in_the_last_failure)
{
    session api(quickly);
    try {
        run(api.get("http://127.0.0.1:1/"));
        FAIL();
    } catch (const connection_error& e) {
        EXPECT_THAT(e.what(),
                    MatchesRegex("GET http://127.0.0.1:1/ \\(attempt 4; before: connect "
                                 "127.0.0.1:1: Connection refused after [0-9]+ ms; connect "
                                 "127.0.0.1:1: Connection refused after [0-9]+ ms; connect "
                                 "127.0.0.1:1: Connection refused after [0-9]+ ms\\): connect "
                                 "127.0.0.1:1: Connection refused"));
        const failure_details* const d = details_of(e);
        ASSERT_NE(d, nullptr);
        EXPECT_EQ(d->attempt, 4);
        EXPECT_EQ(d->phase, phase::connect);
        EXPECT_EQ(d->method, "GET");
        ASSERT_EQ(d->before.size(), 3U);
        EXPECT_EQ(d->before[0].cause, "connect 127.0.0.1:1: Connection refused");
        EXPECT_LE(d->before[0].at, d->before[2].at);
    }
}

TEST(retries, send_a_post_again_only_if_that_is_safe)
{
    const auto cut = script().receive_until("!").close();
    const auto good = script().receive_until("!").send(ok_response).stay_silent();
    {
        fault_server server(std::vector<script>{cut, good});
        session api(quickly);
        EXPECT_THROW(run(api.post(url_of(server), body("pay!"))), connection_error);
        EXPECT_EQ(server.connections(), 1U);
    }
    fault_server server(std::vector<script>{cut, good});
    session api(quickly);
    EXPECT_EQ(run(api.post(url_of(server), body("pay!"), idempotency_key())).text(), "ok");
    const auto key = [&](std::size_t n) {
        const std::string& sent = server.received(n);
        return sent.substr(sent.find("Idempotency-Key: "), 17 + 32);
    };
    EXPECT_EQ(key(0), key(1));
    fault_server named(answers({ok_response}));
    run(api.get(url_of(named), idempotency_key("mine")));
    EXPECT_THAT(named.received(0), HasSubstr("Idempotency-Key: mine\r\n"));
}

TEST(retries, do_not_send_a_stream_twice)
{
    fault_server server(std::vector<script>{
        script().receive_until("0\r\n\r\n").send(busy).stay_silent(), answers({ok_response})});
    session api(quickly);
    auto left = std::make_shared<int>(1);
    const auto next = [left]() -> awaitable<buffer> {
        auto part = [](std::shared_ptr<int> n) -> awaitable<buffer> {
            co_return (*n)-- > 0 ? buffer::copy("abc") : buffer();
        };
        return part(left);
    };
    EXPECT_EQ(run(api.put(url_of(server), generator(next))).status, 503);
}

TEST(retries, stop_when_the_whole_time_is_over)
{
    fault_server server(answers({busy, ok_response}));
    session api(retry(3).backoff(10s).jitter(false), timeout().total(1s));
    const auto begun = clock::now();
    EXPECT_EQ(run(api.get(url_of(server))).status, 503);
    EXPECT_LT(clock::now() - begun, 900ms);
}

TEST(retries, wait_as_retry_after_says_and_hold_others_back)
{
    const std::string later = "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
    fault_server server(std::vector<script>{answers({later, ok_response}), answers({ok_response})});
    session api(quickly);
    const auto begun = clock::now();
    EXPECT_EQ(run(api.get(url_of(server), retry(0))).status, 503);
    EXPECT_EQ(run(api.get(url_of(server))).status, 200);
    EXPECT_GE(clock::now() - begun, 900ms);
    EXPECT_THROW(
        [&] {
            fault_server again(answers({later}));
            run(api.get(url_of(again), retry(0)));
            run(api.get(url_of(again), timeout().total(20ms)));
        }(),
        timeout_error);
}

TEST(rate_limit, spaces_requests_out)
{
    fault_server server(answers(std::vector<std::string>(8, ok_response)));
    session api(rate_limit(100, 1s, 3));
    const auto begun = clock::now();
    for (int i = 0; i < 6; ++i) run(api.get(url_of(server)));
    EXPECT_GE(clock::now() - begun, 25ms);
}

TEST(breaker, spares_a_host_that_fails)
{
    session api(breaker(2, 60s));
    for (int i = 0; i < 2; ++i) {
        EXPECT_THROW(run(api.get("http://127.0.0.1:1/")), connection_error);
    }
    try {
        run(api.get("http://127.0.0.1:1/"));
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::circuit_open);
        EXPECT_THAT(e.what(),
                    HasSubstr("127.0.0.1:1 failed 2 times in a row: not asked for another"));
        EXPECT_EQ(details_of(e)->attempt, 0);
    }
}

TEST(max_rate, holds_both_bodies_back)
{
    constexpr std::uint64_t bytes_per_second = 3'000'000;
    const std::string big(300'000, 'x');
    const fault_server down(
        answers({fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", big.size(), big)}));
    session api{max_rate(bytes_per_second)};
    auto begun = clock::now();
    EXPECT_EQ(run(api.get(url_of(down))).bytes().size(), big.size());
    EXPECT_GE(clock::now() - begun, 50ms);

    const fault_server up(script().receive_until("xEND").send(ok_response));
    begun = clock::now();
    EXPECT_EQ(run(api.post(url_of(up), body(big + "END"))).text(), "ok");
    EXPECT_GE(clock::now() - begun, 50ms);
    const fault_server late(
        answers({fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", big.size(), big)}));
    EXPECT_THROW(run(api.get(url_of(late), max_rate(1000), timeout().total(40ms))), timeout_error);
}

TEST(time_limits, each_name_their_phase)
{
    const auto failure = [](const std::string& url, const auto&... options) {
        session api;
        try {
            run(api.get(url, options...));
        } catch (const timeout_error& e) {
            const failure_details* const d = details_of(e);
            return std::string(e.what()) + " [" + std::string(name(d->phase)) + "]";
        }
        return std::string("no error");
    };
    const auto never = connect_by([](const url&) -> awaitable<net::stream> {
        return [](int) -> awaitable<net::stream> {
            co_await ferry::sleep(1h);
            co_return net::stream();
        }(0);
    });
    session slow(never);
    try {
        run(slow.get("http://h.example/", timeout().connect(20ms)));
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_STREQ(e.what(), "GET http://h.example/: connect h.example: no answer within 20 ms");
        EXPECT_EQ(details_of(e)->phase, phase::connect);
    }
    fault_server silent(script().receive_until("\r\n\r\n").stay_silent());
    const std::string at = url_of(silent);
    const std::string peer = fmt::format("127.0.0.1:{}", silent.port());
    EXPECT_EQ(failure(at, timeout().read(30ms)),
              fmt::format("GET {}: read {}: no answer within 30 ms [head]", at, peer));
    EXPECT_EQ(failure(at, timeout().total(30ms)),
              fmt::format("GET {}: the whole request, last in phase head: no answer within 30 ms "
                          "[head]",
                          at));
    fault_server body_less(script()
                               .receive_until("\r\n\r\n")
                               .send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
                               .stay_silent());
    EXPECT_EQ(failure(url_of(body_less), timeout().read(30ms)),
              fmt::format("GET {}: read 127.0.0.1:{}: no answer within 30 ms [body]",
                          url_of(body_less), body_less.port()));
    fault_server mute(script().stay_silent());
    const std::string secure = fmt::format("https://127.0.0.1:{}/", mute.port());
    EXPECT_EQ(failure(secure, timeout().tls(30ms)),
              fmt::format("GET {}: TLS handshake with 127.0.0.1:{}: no answer within 30 ms [tls]",
                          secure, mute.port()));
}

TEST(time_limits, pool_and_write_count_too)
{
    fault_server silent(script().receive_until("\r\n\r\n").stay_silent());
    session api(limits().per_host(1));
    std::vector<awaitable<response>> two;
    two.push_back(api.get(url_of(silent), timeout().read(5s)));
    two.push_back(api.get(url_of(silent), timeout().pool(30ms)));
    try {
        run(gather(std::move(two)));
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_EQ(std::string(e.what()),
                  fmt::format("GET {}: a free connection to 127.0.0.1:{}: no answer within 30 ms",
                              url_of(silent), silent.port()));
        EXPECT_EQ(details_of(e)->phase, phase::pool);
    }
    // A peer that takes nothing beyond the pipe's room.
    auto held = std::make_shared<net::stream>();
    const auto deaf = [held](const url&) -> awaitable<net::stream> {
        auto make = [](std::shared_ptr<net::stream> keep) -> awaitable<net::stream> {
            auto ends = net::pair();
            *keep = std::move(ends.second);
            co_return std::move(ends.first);
        };
        return make(held);
    };
    session writer(connect_by(deaf));
    try {
        run(writer.put("http://h.example/", body(std::string(1 << 20, 'x')),
                       timeout().write(50ms)));
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_THAT(e.what(), HasSubstr(": write "));
        EXPECT_EQ(details_of(e)->phase, phase::send);
    }
}

TEST(time_limits, a_minimum_rate_ends_what_drips)
{
    fault_server drip(script()
                          .receive_until("\r\n\r\n")
                          .send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                          .drip("x", 5ms));
    session api;
    try {
        run(api.get(url_of(drip), min_rate(10'000, 60ms)));
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("at 10000 bytes/s: no answer within 60 ms"));
        EXPECT_EQ(details_of(e)->phase, phase::body);
        EXPECT_GT(details_of(e)->bytes_received, 0U);
    }
    fault_server silent(script()
                            .receive_until("\r\n\r\n")
                            .send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                            .stay_silent());
    try {
        run(api.get(url_of(silent), min_rate(1, 40ms)));
        FAIL();
    } catch (const timeout_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("at 1 bytes/s"));
    }
    fault_server fast(answers({ok_response}));
    EXPECT_EQ(run(api.get(url_of(fast), min_rate(1'000'000, 1s))).text(), "ok");
}

TEST(cancellation, closes_that_connection_only)
{
    fault_server server(std::vector<script>{
        script().receive_until("/a").stay_silent(),
        script().receive_until("/b").send_in_pieces(ok_response).stay_silent()});
    session api;
    const auto both = [](session* s, std::string a, std::string b) -> awaitable<std::string> {
        auto first = spawn(s->get(std::move(a)));
        co_await ferry::sleep(5ms);
        auto second = spawn(s->get(std::move(b)));
        first.cancel();
        const response r = co_await second.join();
        bool cancelled = false;
        try {
            co_await first.join();
        } catch (const ferry::cancelled&) {
            cancelled = true;
        }
        co_return r.text() + (cancelled ? " cancelled" : "");
    };
    EXPECT_EQ(run(both(&api, url_of(server, "/a"), url_of(server, "/b"))), "ok cancelled");
    EXPECT_EQ(server.connections(), 2U);
}

}  // namespace
}  // namespace ferry::http
