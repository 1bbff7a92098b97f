// Exchanges of the brokers that have them, and workers that listen to one together. Those run where
// a server is named: FERRY_REDIS, FERRY_RABBITMQ.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/uuid.hpp"
#include "ferry/redis/client.hpp"
#include "ferry/tasks/tasks.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;

std::vector<std::string> servers()
{
    std::vector<std::string> named;
    for (const char* variable : {"FERRY_REDIS", "FERRY_RABBITMQ"}) {
        if (std::getenv(variable) != nullptr) named.emplace_back(variable);
    }
    return named;
}

class exchanges : public ::testing::TestWithParam<std::string> {
public:
    /// The body is a coroutine of the fixture's.
    static void check(awaitable<void> body)
    {
        ferry::run(timeout(patience, std::move(body), "the test"));
    }

    bool is_redis() const { return GetParam() == "FERRY_REDIS"; }
    std::string url() const
    {
        const std::string at = std::getenv(GetParam().c_str());
        return is_redis() ? at + "?global_keyprefix=" + own_ : at;
    }
    std::string own(const char* name) const { return own_ + "." + name; }

    awaitable<std::unique_ptr<consumer>> consume(std::string queue) const
    {
        return broker_->consume(std::vector<std::string>(1, std::move(queue)), 10, results_);
    }

    awaitable<void> put(std::string id, std::string exchange, std::string key,
                        std::string type = {}) const
    {
        message m;
        m.task = "t";
        m.id = std::move(id);
        m.exchange = std::move(exchange);
        m.exchange_type = std::move(type);
        return broker_->publish(std::move(key), encode(m));
    }

    /// The id, exchange and key of the next delivery, which is acked.
    static awaitable<std::string> next(consumer* from)
    {
        auto coming = from->receive();
        const std::vector<delivery> all = co_await std::move(coming);
        std::string seen;
        for (const delivery& d : all) {
            seen += decode(d.content).id + " " + d.exchange + " " + d.routing_key;
            settlement done;
            done.tag = d.tag;
            auto settling = from->settle(std::move(done));
            co_await std::move(settling);
        }
        co_return seen;
    }

    const std::string own_ = uuid4();
    std::shared_ptr<message_broker> broker_ = open_broker(url());
    std::shared_ptr<result_store> results_ = open_results("", broker_);
};

awaitable<void> by_their_keys(const exchanges* t)
{
    for (const char* const kind : {"direct", "topic"}) {
        const std::string exchange = t->own(kind);
        const std::string queue = "of." + exchange;
        const std::string key = kind == std::string{"topic"} ? "a.*.c" : "k";
        const std::string sent = kind == std::string{"topic"} ? "a.b.c" : "k";
        auto opening = t->consume("plain." + exchange);
        const std::unique_ptr<consumer> in = co_await std::move(opening);
        auto binding = in->set_queue(queue, true, queue_binding(exchange, kind, key));
        co_await std::move(binding);
        auto straying = t->put("stray", exchange, "elsewhere");
        co_await std::move(straying);
        auto putting = t->put("1", exchange, sent);
        co_await std::move(putting);
        auto coming = exchanges::next(in.get());
        const std::string first = co_await std::move(coming);
        EXPECT_EQ(first, "1 " + exchange + " " + sent);
        // One of a type that is told.
        auto again = t->put("2", exchange, sent, kind);
        co_await std::move(again);
        auto second = exchanges::next(in.get());
        const std::string seen = co_await std::move(second);
        EXPECT_EQ(seen, "2 " + exchange + " " + sent);
        auto closing = in->close();
        co_await std::move(closing);
    }
}

TEST_P(exchanges, lead_to_the_queues_that_are_bound_to_the_key)
{
    check(by_their_keys(this));
}

awaitable<void> to_all(const exchanges* t)
{
    const std::string exchange = t->own("all");
    std::vector<std::unique_ptr<consumer>> hearing;
    for (const char* const name : {"a", "b"}) {
        auto opening = t->consume("plain." + t->own(name));
        hearing.push_back(co_await std::move(opening));
        queue_binding from(exchange, "fanout", "news");
        from.temporary = true;
        auto binding = hearing.back()->set_queue(t->own(name), true, std::move(from));
        co_await std::move(binding);
    }
    for (const char* const id : {"1", "2"}) {
        auto putting = t->put(id, exchange, "news", "fanout");
        co_await std::move(putting);
        for (const auto& each : hearing) {
            auto coming = exchanges::next(each.get());
            const std::string seen = co_await std::move(coming);
            EXPECT_EQ(seen, std::string{id} + " " + exchange + " news");
        }
    }
    // Given back, it comes again, and to nobody else.
    auto putting = t->put("3", exchange, "news", "fanout");
    co_await std::move(putting);
    auto coming = hearing[0]->receive();
    const std::vector<delivery> held = co_await std::move(coming);
    EXPECT_EQ(held.size(), 1U);
    settlement back;
    back.tag = held.at(0).tag;
    back.verdict = verdict::requeue;
    auto settling = hearing[0]->settle(std::move(back));
    co_await std::move(settling);
    auto again = exchanges::next(hearing[0].get());
    const std::string twice = co_await std::move(again);
    EXPECT_TRUE(twice.starts_with("3 ")) << twice;
    auto stopping = hearing[0]->set_queue(t->own("a"), false);
    co_await std::move(stopping);
    for (const auto& each : hearing) {
        auto closing = each->close();
        co_await std::move(closing);
    }
}

TEST_P(exchanges, that_are_fanouts_lead_to_all)
{
    check(to_all(this));
}

awaitable<void> to_nowhere(const exchanges* t)
{
    auto opening = t->consume(t->own("plain"));
    const std::unique_ptr<consumer> in = co_await std::move(opening);
    for (int i = 0; i < 3; ++i) {
        bool refused = false;
        try {
            auto putting = t->put("1", t->own("nothing"), "k");
            co_await std::move(putting);
        } catch (const error& e) {
            refused = e.code() == condition::not_found;
        }
        EXPECT_EQ(refused, !t->is_redis());
    }
    // A worker that has to send such a one goes on with what else it leaves.
    message m;
    m.task = "t";
    m.id = "2";
    settlement both;
    m.exchange = t->own("nothing");
    both.publish.emplace_back("k", encode(m));
    m.exchange.clear();
    both.publish.emplace_back(t->own("plain"), encode(m));
    auto settling = in->settle(std::move(both));
    co_await std::move(settling);
    auto coming = exchanges::next(in.get());
    const std::string seen = co_await std::move(coming);
    EXPECT_EQ(seen, "2  ");
    auto closing = in->close();
    co_await std::move(closing);
}

TEST_P(exchanges, that_are_not_there_disturb_nobody)
{
    check(to_nowhere(this));
}

awaitable<void> serve_both(worker* first, worker* second, awaitable<void> body)
{
    const auto serving = spawn(first->run());
    const auto also = spawn(second->run());
    const auto tested = spawn(std::move(body));
    co_await tested.wait();
    first->stop();
    second->stop();
    co_await serving.join();
    co_await also.join();
    co_await tested.join();
}

using counts = std::vector<std::unique_ptr<std::atomic<int>>>;

awaitable<void> call_until(const app* from, std::string name, int n, const counts* heard, int least)
{
    const auto call = from->signature("news", n).set(broadcast_queue(name));
    const auto all = [&] {
        return std::ranges::all_of(*heard, [&](const auto& count) { return *count >= least; });
    };
    // Who does not listen yet has not heard the first ones.
    for (bool first = true; !all(); first = false) {
        if (first || n == 1) {
            auto sent = call.delay();
            co_await std::move(sent);
        }
        co_await sleep(20ms);
    }
}

constexpr int last_call = 100'000;

awaitable<void> call_once_all_hear(const app* from, std::string name, const counts* heard)
{
    auto first = call_until(from, name, 1, heard, 1);
    co_await std::move(first);
    auto last = call_until(from, name, last_call, heard, last_call);
    co_await std::move(last);
}

TEST_P(exchanges, broadcast_queues_have_each_worker_run_a_call)
{
    counts heard;
    std::vector<std::unique_ptr<app>> apps;
    std::vector<std::unique_ptr<worker>> workers;
    for (const char* const name : {"a", "b"}) {
        heard.push_back(std::make_unique<std::atomic<int>>(0));
        apps.push_back(std::make_unique<app>("news", broker(url()), queue(own(name))));
        apps.back()->task("news", [count = heard.back().get()](int n) { *count += n; });
        workers.push_back(std::make_unique<worker>(
            *apps.back(), concurrency(1), node_name(own(name)), broadcast_queue(own("news"))));
    }
    check(serve_both(workers[0].get(), workers[1].get(),
                     call_once_all_hear(apps[0].get(), own("news"), &heard)));
    for (const auto& count : heard) EXPECT_EQ(*count / last_call, 1);
}

std::ptrdiff_t threads()
{
    const std::filesystem::directory_iterator all("/proc/self/task");
    return std::distance(begin(all), end(all));
}

/// \param in_order  it is stopped; else it is cancelled.
/// \param slow      if not empty, this Redis takes its time to answer from then on.
awaitable<void> end_once_it_serves(worker* w, task<int()> call, bool in_order, std::string slow)
{
    const auto serving = spawn(w->run());
    auto sent = call.delay();
    const async_result<int> result = co_await std::move(sent);
    auto got = result.get(patience);
    co_await std::move(got);
    if (!slow.empty()) {
        redis::client other(redis::options::from_url(slow));
        auto pausing = other.cmd("CLIENT", "PAUSE", 300);
        co_await std::move(pausing);
    }
    in_order ? w->stop() : serving.cancel();
    co_await serving.wait();
}

TEST_P(exchanges, and_all_else_are_done_with_when_a_cancelled_worker_is_gone)
{
    const std::string slow = is_redis() ? std::getenv("FERRY_REDIS") : "";
    // What others than the broker start stays.
    std::ptrdiff_t before = 0;
    for (const bool in_order : {true, false, false}) {
        {
            app a("gone", broker(url()), queue(own("gone")));
            const auto one = a.task("one", [] { return 1; });
            worker w(a, concurrency(1), node_name(own("gone")), mingle(false));
            ferry::run(end_once_it_serves(&w, one, in_order, in_order ? "" : slow));
        }
        if (in_order) before = threads();
        EXPECT_EQ(threads(), before) << "a connection's thread goes on when nobody waits for it";
    }
}

INSTANTIATE_TEST_SUITE_P(each, exchanges, ::testing::ValuesIn(servers()), [](const auto& i) {
    return i.param == "FERRY_REDIS" ? "redis" : "rabbitmq";
});
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(exchanges);

TEST(exchange, the_embedded_broker_has_none)
{
    const testing::temporary_directory d;
    const app a("none", broker("sqlite://" + (d / "t.db")));
    try {
        ferry::run(a.signature("t").set(exchange("x", "k")).delay());
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), condition::unsupported);
    }
}

}  // namespace
}  // namespace ferry::tasks
