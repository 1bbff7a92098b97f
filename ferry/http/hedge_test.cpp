// A second request beside one that is late: after a given time, or after what is learned to be
// late.
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/http/detail/hedge_book.hpp"
#include "ferry/http/loopback.hpp"
#include "ferry/http/server.hpp"
#include "ferry/http/session.hpp"
#include "ferry/testing/http_script.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;
using testing::answers;
using testing::fault_server;
using testing::ok_response;
using testing::script;
using testing::url_of;

TEST(hedge, sends_a_second_request_beside_a_slow_one)
{
    fault_server server(std::vector<script>{script().receive_until("\r\n\r\n").stay_silent(),
                                            answers({ok_response, ok_response})});
    session api(hedge_after(20ms));
    EXPECT_EQ(run(api.get(url_of(server))).text(), "ok");
    EXPECT_EQ(server.connections(), 2U);
    EXPECT_EQ(run(api.get(url_of(server))).text(), "ok");
    EXPECT_EQ(server.connections(), 2U);
}

TEST(hedge, leaves_posts_and_failures_alone)
{
    fault_server server(script().receive_until("!").send(ok_response).stay_silent());
    session api(hedge_after(0ms));
    EXPECT_EQ(run(api.post(url_of(server), body("x!"))).text(), "ok");
    EXPECT_EQ(server.connections(), 1U);
    EXPECT_THROW(run(api.get("http://127.0.0.1:1/", hedge_after(10s))), connection_error);
}

// Answers as late as it is told to; a request to /stuck is stuck, unless another one is.
class moody_site {
public:
    moody_site()
    {
        const auto answer = [this](request&) -> awaitable<response> {
            ++asked;
            co_await sleep(pause);
            co_return text("ok");
        };
        site.get("/", answer);
        site.post("/", answer);
        const auto stick = [this](request&) -> awaitable<response> {
            ++asked;
            if (++stuck == 1) co_await sleep(1h);
            co_return text("ok");
        };
        site.get("/stuck", stick);
        site.post("/stuck", stick);
    }
    session client()
    {
        return session(loopback(site), base_url("http://site.local"), limits().per_host(100),
                       hedge_after(p95));
    }
    void teach(session& api)
    {
        for (std::size_t i = 0; i < 2 * detail::hedge_record::warm_up; ++i) run(api.get("/"));
    }

    std::chrono::nanoseconds pause = 1ms;
    int asked = 0;
    int stuck = 0;
    server site;
};

TEST(learned_hedge, saves_a_request_that_is_later_than_95_in_100)
{
    moody_site site;
    session api = site.client();
    site.teach(api);
    EXPECT_EQ(run(api.get("/stuck", timeout().total(20s))).text(), "ok");
    EXPECT_EQ(site.stuck, 2);
}

TEST(learned_hedge, waits_until_enough_is_known)
{
    moody_site site;
    session api = site.client();
    for (std::size_t i = 1; i < detail::hedge_record::warm_up; ++i) run(api.get("/"));
    EXPECT_THROW(run(api.get("/stuck", timeout().total(50ms))), timeout_error);
    EXPECT_EQ(site.stuck, 1);
}

TEST(learned_hedge, is_for_requests_that_may_be_repeated)
{
    moody_site site;
    session api = site.client();
    site.teach(api);
    EXPECT_THROW(run(api.post("/stuck", timeout().total(50ms))), timeout_error);
    EXPECT_EQ(site.stuck, 1);
}

TEST(learned_hedge, adds_a_tenth_at_most_when_everything_is_slow)
{
    constexpr int at_once = 50;
    constexpr int rounds = 4;
    moody_site site;
    session api = site.client();
    site.teach(api);
    site.pause = 20ms;
    for (int i = 0; i < rounds; ++i) {
        std::vector<awaitable<response>> all;
        for (int n = 0; n < at_once; ++n) all.push_back(api.get("/"));
        run(gather(std::move(all)));
    }
    const int sent = at_once * rounds + 2 * static_cast<int>(detail::hedge_record::warm_up);
    EXPECT_GT(site.asked, sent);
    EXPECT_LE(site.asked, sent + sent / static_cast<int>(detail::hedge_record::requests_a_hedge));
}

}  // namespace
}  // namespace ferry::http
