#include "ferry/http/detail/governor.hpp"

#include "ferry/http/detail/retry_plan.hpp"
#include "ferry/http/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ferry::http::detail {
namespace {

using namespace std::chrono_literals;
using clock = governor::clock;

const url a = url::parse("http://a.example/");
const url b = url::parse("http://b.example/");

TEST(governor, spreads_requests_and_lets_bursts_through)
{
    governor g(rate_limit().per_host(10, 1s, 3).global(20, 1s, 10), std::nullopt);
    EXPECT_FALSE(g.is_idle());
    const clock::time_point now = clock::now();
    EXPECT_EQ(g.admit(a, now), 0s);
    EXPECT_EQ(g.admit(a, now), 0s);
    EXPECT_EQ(g.admit(a, now), 0s);
    EXPECT_EQ(g.admit(a, now), 100ms);
    EXPECT_EQ(g.admit(a, now), 200ms);
    EXPECT_EQ(g.admit(b, now), 0s);
    EXPECT_EQ(g.admit(b, now), 0s);
    EXPECT_EQ(g.admit(a, now + 1s), 0s);
    governor all(rate_limit().global(2, 1s), std::nullopt);
    EXPECT_EQ(all.admit(a, now), 0s);
    EXPECT_EQ(all.admit(b, now), 500ms);
}

TEST(governor, is_idle_until_a_host_asks_for_a_pause)
{
    governor g(rate_limit(), std::nullopt);
    EXPECT_TRUE(g.is_idle());
    const clock::time_point now = clock::now();
    g.pause(a, now + 5s);
    EXPECT_FALSE(g.is_idle());
    EXPECT_EQ(g.admit(a, now), 5s);
    EXPECT_EQ(g.admit(b, now), 0s);
    EXPECT_EQ(g.paused(a, now + 4s), 1s);
    EXPECT_EQ(g.paused(a, now + 6s), 0s);
}

TEST(governor, a_breaker_opens_probes_and_closes)
{
    governor g(rate_limit(), breaker(2, 30s));
    const clock::time_point now = clock::now();
    using result = governor::result;
    const auto is_open = [&](clock::time_point when) {
        try {
            g.admit(a, when);
            return false;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::circuit_open);
            EXPECT_EQ(e.code(), condition::overloaded);
            return true;
        }
    };
    for (int i = 0; i < 2; ++i) {
        EXPECT_FALSE(is_open(now));
        g.report(a, result::bad, now);
    }
    EXPECT_TRUE(is_open(now));
    EXPECT_TRUE(is_open(now + 29s));
    EXPECT_EQ(g.admit(b, now), 0s);
    EXPECT_FALSE(is_open(now + 30s));  // the probe
    EXPECT_TRUE(is_open(now + 30s));   // one at a time
    g.report(a, result::abandoned, now + 30s);
    EXPECT_FALSE(is_open(now + 30s));
    g.report(a, result::bad, now + 31s);
    EXPECT_TRUE(is_open(now + 60s));
    EXPECT_FALSE(is_open(now + 61s));
    g.report(a, result::good, now + 61s);
    EXPECT_FALSE(is_open(now + 61s));
    EXPECT_FALSE(is_open(now + 61s));
    try {
        governor shut(rate_limit(), breaker(1, 12s));
        shut.report(a, result::bad, now);
        shut.admit(a, now);
        FAIL();
    } catch (const error& e) {
        EXPECT_STREQ(e.what(), "a.example failed 1 times in a row: not asked for another 12s");
    }
}

TEST(governor, forgets_hosts_when_there_are_too_many)
{
    governor g(rate_limit(1, 1s), std::nullopt);
    const clock::time_point now = clock::now();
    for (std::size_t i = 0; i < governor::max_hosts + 10; ++i) {
        g.admit(url::parse("http://h" + std::to_string(i) + "/"), now);
    }
    EXPECT_EQ(g.admit(a, now), 0s);
}

retry_plan::ended ended(std::string_view method, phase at, bool has_key = false)
{
    return {method, at, has_key};
}

const connection_error lost(ferry::errc::disconnected, "lost");

TEST(retry_plan, knows_what_may_be_sent_again)
{
    const timeout_error late("read", 1s);
    const tls_error distrusted("bad certificate", "h", 10);
    const tls_error broken("handshake cut");
    const protocol_error nonsense(errc::bad_message, "nonsense");
    const limit_error limit("max_body_bytes", 1);
    const struct {
        const char* name;
        const error* failure;
        const char* method;
        phase at;
        bool key;
        bool again;
    } rows[] = {
        {"lost before", &lost, "POST", phase::connect, false, true},
        {"lost after", &lost, "POST", phase::head, false, false},
        {"lost after, with a key", &lost, "POST", phase::head, true, true},
        {"lost after, GET", &lost, "GET", phase::body, false, true},
        {"late", &late, "GET", phase::head, false, true},
        {"late handshake", &late, "POST", phase::tls, false, true},
        {"certificate", &distrusted, "GET", phase::tls, false, false},
        {"handshake", &broken, "GET", phase::tls, false, false},
        {"nonsense", &nonsense, "GET", phase::head, false, false},
        {"limit", &limit, "GET", phase::body, false, false},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(r.name);
        const retry rules = retry::standard();
        retry_plan plan(rules);
        EXPECT_EQ(plan.after_failure(*r.failure, ended(r.method, r.at, r.key)).has_value(),
                  r.again);
    }
}

TEST(retry_plan, counts_each_cause_and_all)
{
    const retry rules = retry(3).connect(1);
    retry_plan plan(rules);
    EXPECT_TRUE(plan.after_failure(lost, ended("GET", phase::connect)));
    EXPECT_FALSE(plan.after_failure(lost, ended("GET", phase::connect)));
    EXPECT_TRUE(plan.after_failure(lost, ended("GET", phase::head)));
    EXPECT_TRUE(plan.after_status(503, headers(), ended("GET", phase::body)));
    EXPECT_FALSE(plan.after_status(503, headers(), ended("GET", phase::body)));
}

TEST(retry_plan, obeys_retry_after_within_its_limit)
{
    const auto wait = [](const retry& rules, int status, const headers& fields,
                         const char* method = "GET") {
        retry_plan plan(rules);
        return plan.after_status(status, fields, ended(method, phase::body));
    };
    const retry rules = retry(3).backoff(10ms).jitter(false);
    EXPECT_EQ(wait(rules, 503, headers()), 10ms);
    EXPECT_EQ(wait(rules, 503, headers("Retry-After", "7")), 7s);
    EXPECT_EQ(wait(rules, 413, headers("Retry-After", "7")), 7s);
    EXPECT_EQ(wait(rules, 413, headers()), std::nullopt);
    EXPECT_EQ(wait(rules, 503, headers("Retry-After", "3600")), 120s);
    EXPECT_EQ(wait(rules, 503, headers("Retry-After", "99999999999999999999")), 120s);
    EXPECT_EQ(wait(rules, 503, headers("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")), 0s);
    EXPECT_EQ(wait(rules, 503, headers("Retry-After", "soon")), 10ms);
    EXPECT_EQ(wait(retry(rules).retry_after(0s), 503, headers("Retry-After", "7")), 10ms);
    EXPECT_EQ(wait(rules, 502, headers("Retry-After", "7")), 10ms);
    EXPECT_EQ(wait(rules, 500, headers()), std::nullopt);
    EXPECT_EQ(wait(retry(rules).statuses(500), 500, headers()), 10ms);
    EXPECT_EQ(wait(rules, 503, headers(), "POST"), std::nullopt);
    EXPECT_EQ(wait(retry(rules).methods("POST"), 503, headers(), "POST"), 10ms);
}

TEST(retry_plan, waits_longer_each_time_up_to_the_maximum)
{
    const retry rules = retry(10).backoff(100ms, 3, 1s);
    EXPECT_EQ(rules.backoff_of(1), 100ms);
    EXPECT_EQ(rules.backoff_of(2), 300ms);
    EXPECT_EQ(rules.backoff_of(4), 1s);
    EXPECT_EQ(rules.backoff_of(1000), 1s);
    retry_plan plan(rules);
    for (int i = 1; i <= 10; ++i) {
        const auto wait = plan.after_failure(lost, ended("GET", phase::head));
        ASSERT_TRUE(wait);
        EXPECT_GE(*wait, 0s);
        EXPECT_LE(*wait, rules.backoff_of(i));
    }
}

}  // namespace
}  // namespace ferry::http::detail
