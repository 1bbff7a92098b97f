// What becomes of a call whose broker is away, or breaks off. The broker is a Redis whose answers
// are written here.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/app.hpp"
#include "ferry/tasks/beat.hpp"
#include "ferry/tasks/canvas.hpp"
#include "ferry/tasks/detail/beside_worker.hpp"
#include "ferry/tasks/worker.hpp"
#include "ferry/testing/fault_server.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

TEST(publish_policy, waits_ever_longer_up_to_a_limit)
{
    struct row {
        const char* name;
        publish_retry option;
        std::vector<std::chrono::milliseconds> waits;
    };
    const row rows[] = {
        {"celery's", publish_retry(3), {0ms, 200ms, 400ms, 600ms, 800ms, 1000ms, 1000ms}},
        {"all alike", publish_retry(3, 50ms, 0ms), {50ms, 50ms, 50ms}},
        {"the limit is less than the start", publish_retry(3, 50ms, 10ms, 20ms), {20ms, 20ms}},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        call_settings call;
        r.option(call);
        for (std::size_t n = 0; n < r.waits.size(); ++n) {
            EXPECT_EQ(call.publishing->wait_after(static_cast<int>(n)), r.waits[n]) << n;
        }
        EXPECT_EQ(call.publishing->wait_after(std::numeric_limits<int>::max()), r.waits.back());
    }
}

class publish_retries : public ::testing::Test {
protected:
    publish_retries() { log::set_level(log::level::off); }
    ~publish_retries() override { log::set_level(log::level::warning); }

    /// It has the message, and its connection breaks.
    static testing::script breaks() { return received().reset(); }
    static testing::script takes() { return received().send(":1\r\n:1\r\n").stay_silent(); }
    static testing::script refuses()
    {
        return received().send(":1\r\n-OOM too much\r\n").stay_silent();
    }

    template <class... Options>
    app app_on(std::uint16_t port, const Options&... options) const
    {
        return app("shop", broker("redis://127.0.0.1:" + std::to_string(port) + "/0?protocol=2"),
                   results("sqlite://" + (folder_ / "results.db")), options...);
    }

    static std::error_code failure_of(awaitable<async_result<value>> sending)
    {
        try {
            ferry::run(std::move(sending));
        } catch (const error& e) {
            return e.code();
        }
        return {};
    }

    static std::string id_in(const std::string& sent)
    {
        const std::string before = "\"id\":\"";
        const std::size_t at = sent.find(before);
        return at == std::string::npos ? std::string{} : sent.substr(at + before.size(), 36);
    }

    testing::temporary_directory folder_;

private:
    static testing::script received() { return testing::script().receive_until("delivery_tag"); }
};

TEST_F(publish_retries, go_on_with_the_same_id_until_it_is_taken)
{
    const testing::fault_server server({breaks(), breaks(), takes()});
    const app shop = app_on(server.port());
    const async_result<value> sent = ferry::run(shop.signature("shop.tidy").delay());
    ASSERT_EQ(server.connections(), 3U);
    for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(id_in(server.received(n)), sent.id()) << n;
}

TEST_F(publish_retries, end_when_the_policy_does)
{
    struct row {
        const char* name;
        publish_retry of_app;
        std::vector<publish_retry> of_call;
        std::size_t tries;
    };
    const row rows[] = {
        {"never", publish_retry(0), {}, 1},
        {"twice", publish_retry(2, 1ms, 0ms), {}, 3},
        {"the call says never", publish_retry(2, 1ms, 0ms), {publish_retry(0)}, 1},
        {"the call says twice", publish_retry(0), {publish_retry(2, 1ms, 0ms)}, 3},
    };
    for (const row& r : rows) {
        SCOPED_TRACE(r.name);
        const testing::fault_server server(breaks());
        auto call = app_on(server.port(), r.of_app).signature("shop.tidy");
        for (const publish_retry& option : r.of_call) call = call.set(option);
        EXPECT_EQ(failure_of(call.delay()), condition::disconnected);
        EXPECT_EQ(server.connections(), r.tries);
    }
}

TEST_F(publish_retries, end_where_nobody_listens)
{
    std::uint16_t port = 0;
    {
        const testing::fault_server server(breaks());
        port = server.port();
    }
    const app shop = app_on(port, publish_retry(5, 1ms, 1ms));
    EXPECT_EQ(failure_of(shop.signature("shop.tidy").delay()), condition::disconnected);
}

TEST_F(publish_retries, are_not_made_of_what_is_refused)
{
    const testing::fault_server server(refuses());
    const app shop = app_on(server.port());
    EXPECT_EQ(failure_of(shop.signature("shop.tidy").delay()), condition::overloaded);
    ASSERT_EQ(server.connections(), 1U);
    EXPECT_EQ(server.received(0).find("LPUSH"), server.received(0).rfind("LPUSH"));
}

TEST_F(publish_retries, end_with_the_patience_of_the_caller)
{
    const testing::fault_server server(breaks());
    const app shop = app_on(server.port(), publish_retry(1, 24h, 0ms, 24h));
    EXPECT_EQ(failure_of(timeout(50ms, shop.signature("shop.tidy").delay())), condition::timed_out);
    EXPECT_LE(server.connections(), 1U);
}

TEST_F(publish_retries, are_not_made_by_a_beat_unless_its_entry_says_so)
{
    for (const bool says_so : {false, true}) {
        SCOPED_TRACE(says_so);
        const testing::fault_server server(breaks());
        const app shop = app_on(server.port());
        auto call = shop.signature("shop.tidy");
        if (says_so) call = call.set(publish_retry(1));
        beat b(shop, state_file(folder_.path() / (says_so ? "again.json" : "once.json")),
               leader(""));
        b.add("one", 5ms, call);
        const auto beating = spawn(b.run());
        auto twice = [](const testing::fault_server* at) -> awaitable<void> {
            while (at->connections() < 2 || id_in(at->received(1)).empty()) co_await sleep(1ms);
        };
        ferry::run(timeout(60s, twice(&server), "two tries"));
        b.stop();
        ferry::run(beating.join());
        EXPECT_EQ(id_in(server.received(0)) == id_in(server.received(1)), says_so);
    }
}

/// A broker that loses its connection when the first call of a task is sent.
class losing_broker final : public message_broker {
public:
    losing_broker(std::shared_ptr<message_broker> rest, std::string task)
        : rest_{std::move(rest)}, task_{std::move(task)}
    {
    }
    awaitable<void> publish(std::string queue, envelope e) override
    {
        const bool is_it = e.headers.get("task", "") == task_;
        if (is_it && !lost.exchange(true)) {
            throw connection_error{make_error_code(ferry::errc::disconnected), "gone"};
        }
        return rest_->publish(std::move(queue), std::move(e));
    }
    awaitable<std::unique_ptr<consumer>> consume(std::vector<std::string> queues,
                                                 std::size_t prefetch,
                                                 std::shared_ptr<result_store> results) override
    {
        return rest_->consume(std::move(queues), prefetch, std::move(results));
    }
    awaitable<std::int64_t> size(std::string queue) override { return rest_->size(queue); }
    awaitable<std::int64_t> purge(std::string queue) override { return rest_->purge(queue); }
    broker_info info() const override { return rest_->info(); }

    std::atomic<bool> lost = false;

private:
    std::shared_ptr<message_broker> rest_;
    std::string task_;
};

TEST_F(publish_retries, are_made_of_the_body_of_a_chord_that_looks_for_its_parts)
{
    // Such a store does not count the parts.
    const auto losing = std::make_shared<losing_broker>(
        open_broker("sqlite://" + (folder_ / "tasks.db")), "shop.sum");
    app shop("shop", broker(losing), results("db+sqlite:///" + (folder_ / "results.db")));
    const auto add = shop.task("shop.add", [](int x, int y) { return x + y; });
    const auto sum = shop.task("shop.sum", [](std::vector<int> all) {
        return std::accumulate(all.begin(), all.end(), 0);
    });
    worker w(shop, concurrency(1));
    detail::run_beside(w, [&]() -> awaitable<void> {
        const auto total = co_await chord(group(add.s(1, 1), add.s(2, 2)), sum.s()).delay();
        const int six = co_await total.get(60s);
        EXPECT_EQ(six, 6);
    });
    EXPECT_TRUE(losing->lost);
}

}  // namespace
}  // namespace ferry::tasks
