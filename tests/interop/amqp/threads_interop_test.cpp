// What is shared by several threads, or several users of one thread.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

class amqp_shared : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared = std::make_unique<broker>(); }
    static void TearDownTestSuite() { shared.reset(); }
    static inline std::unique_ptr<broker> shared;
    connection c = run(connect(shared->url()));
};

constexpr int threads = 4;
constexpr int messages = 100;

// All in one thread, which ends with it; everything it uses lives in another one.
void work_elsewhere(connection c, const std::string& queue, std::set<std::string>* got)
{
    channel ch = run(c.channel(confirm()));
    run(ch.queue_declare(queue));
    publisher out(run(c.channel(confirm())));
    for (int i = 0; i < messages; ++i) {
        const std::string body = std::to_string(i);
        run(i % 2 == 0 ? ch.basic_publish("", queue, body) : out.publish("", queue, body));
    }
    run(out.flush());
    EXPECT_THROW(run(ch.queue_declare("amq.mine")), channel_closed);
    channel in = run(c.channel());
    consumer from = run(in.basic_consume(queue, prefetch(10)));
    while (got->size() < messages) {
        auto d = run(timeout(60s, from.next()));
        got->insert(std::string(d->text()));
        run(d->ack());
        EXPECT_THROW(run(d->ack()), error);
    }
    EXPECT_THROW(run(timeout(10ms, from.next())), timeout_error);
    run(from.cancel());
    EXPECT_EQ(run(in.queue_delete(queue)), 0U);
}

awaitable<void> until_set(event* done)
{
    co_await done->wait();
}

TEST_F(amqp_shared, other_threads_use_a_connection_as_its_own_does)
{
    std::vector<std::set<std::string>> got(threads);
    const loop here = loop::current();
    const auto held = here.hold();
    event done;
    int left = threads;
    const auto end = [&] {
        if (--left == 0) done.set();
    };
    std::vector<std::future<void>> all;
    for (int i = 0; i < threads; ++i) {
        all.push_back(std::async(std::launch::async, [&, i] {
            EXPECT_NO_THROW(work_elsewhere(c, "shared." + std::to_string(i),
                                           &got[static_cast<std::size_t>(i)]));
            here.post(end);
        }));
    }
    run(timeout(240s, until_set(&done)));
    for (auto& each : all) each.get();
    for (const auto& each : got) EXPECT_EQ(each.size(), messages);
    run(yield_now());
    // All their channels have ended with them.
    EXPECT_EQ(c.statistics().channels, 0U);
}

// From far too short to long enough for any machine, in turn.
std::chrono::microseconds short_patience(std::size_t turn)
{
    return std::chrono::microseconds(std::size_t{1} << turn % 16);
}

// Waits that end before they have what they wait for, all the time.
awaitable<void> take_impatiently(connection c, std::size_t count, std::set<std::string>* got)
{
    channel out = co_await c.channel();
    const std::string q = (co_await out.queue_declare("", exclusive())).name();
    channel in = co_await c.channel();
    consumer from = co_await in.basic_consume(q, prefetch(10));
    std::size_t sent = 0;
    for (std::size_t turn = 0; got->size() < count; ++turn) {
        if (sent < count) co_await out.basic_publish("", q, std::to_string(sent++));
        std::optional<delivery> d;
        try {
            d = co_await timeout(short_patience(turn), from.next());
        } catch (const timeout_error&) {
            continue;
        }
        EXPECT_TRUE(got->insert(std::string(d->text())).second) << d->text();
        EXPECT_FALSE(d->redelivered());
        if (got->size() % 5 == 0) co_await d->ack(true);
    }
    for (std::size_t i = 0; i < 5; ++i) co_await out.basic_publish("", q, "left");
    for (int i = 0; i < 5; ++i) {
        auto d = co_await from.next();
        std::error_code again;
        try {
            co_await timeout(std::chrono::microseconds(10 * i), d->ack());
        } catch (const timeout_error&) {
            // It may have been settled.
        }
        try {
            co_await d->ack();
        } catch (const error& e) {
            again = e.code();
        }
        EXPECT_EQ(again, errc::already_settled);
    }
    co_await in.basic_qos(1);  // the broker took no offence at what was settled
}

awaitable<void> get_impatiently(connection c, std::size_t count, std::set<std::string>* got)
{
    channel ch = co_await c.channel();
    const std::string q = (co_await ch.queue_declare("", exclusive())).name();
    for (std::size_t i = 0; i < count; ++i) co_await ch.basic_publish("", q, std::to_string(i));
    for (std::size_t turn = 0; got->size() < count; ++turn) {
        std::optional<delivery> d;
        try {
            d = co_await timeout(short_patience(turn), ch.basic_get(q));
        } catch (const timeout_error&) {
            continue;
        }
        if (!d) continue;
        got->insert(std::string(d->text()));
        co_await d->ack();
    }
}

using impatient = awaitable<void> (*)(connection, std::size_t, std::set<std::string>*);

void expect_all_on_another_thread(const connection& c, impatient take)
{
    constexpr std::size_t many = 500;
    std::set<std::string> got;
    const loop here = loop::current();
    const auto held = here.hold();
    event done;
    auto other = std::async(std::launch::async, [&] {
        EXPECT_NO_THROW(run(timeout(120s, take(c, many, &got))));
        here.post([&] { done.set(); });
    });
    run(timeout(240s, until_set(&done)));
    other.get();
    EXPECT_EQ(got.size(), many);
}

TEST_F(amqp_shared, a_wait_that_another_thread_gives_up_loses_nothing)
{
    expect_all_on_another_thread(c, take_impatiently);
    expect_all_on_another_thread(c, get_impatiently);
}

TEST_F(amqp_shared, a_pool_has_a_connection_for_each_purpose)
{
    pool broker(shared->url());
    const std::string q = [&] {
        pooled_channel first = run(broker.publishing());
        std::string name = run(first->queue_declare("", arguments(value()))).name();
        run(first->basic_publish("", name, "one"));
        return name;
    }();
    const auto number_of = [&] { return run(broker.publishing())->channel_number(); };
    EXPECT_EQ(number_of(), 1);
    {
        // One that the broker has closed is not used again.
        pooled_channel bad = run(broker.publishing());
        EXPECT_THROW(run(bad->queue_declare("amq.mine")), channel_closed);
        pooled_channel second = run(broker.publishing());
        run(second->basic_publish("", q, "two"));
    }
    channel in = run(broker.consuming());
    consumer from = run(in.basic_consume(q));
    for (const char* expected : {"one", "two"}) {
        auto d = run(timeout(60s, from.next()));
        EXPECT_EQ(d->text(), expected);
        run(d->ack());
    }
    // Two connections, told apart by the broker, and the test's own. Of those that were it hears
    // soon.
    const auto listed = [] { return shared->ctl({"-q", "list_connections", "pid"}); };
    std::string all = listed();
    for (int i = 0; i < 20 && std::ranges::count(all, '<') > 3; ++i) all = listed();
    EXPECT_EQ(std::ranges::count(all, '<'), 3) << all;
    run(in.queue_delete(q));
    run(broker.close());
    EXPECT_EQ(number_of(), 1);
}

TEST_F(amqp_shared, a_pool_of_one_channel_is_waited_for)
{
    pool broker(options::from_url(shared->url()), 1);
    std::optional<pooled_channel> first(run(broker.publishing()));
    auto second = spawn(broker.publishing());
    EXPECT_THROW(run(timeout(50ms, ferry::sleep(1h))), timeout_error);
    EXPECT_FALSE(second.done());
    first.reset();
    run(timeout(60s, second.wait()));
    EXPECT_TRUE(second.done());
}

TEST_F(amqp_shared, messages_are_handed_to_a_function_and_settled_by_number)
{
    channel ch = run(c.channel());
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    for (const char* body : {"good", "bad", "again", "last"}) run(ch.basic_publish("", q, body));
    std::vector<std::string> seen;
    event enough;
    message_handler take = [&](delivery d) -> awaitable<void> {
        seen.emplace_back(d.text());
        const std::uint64_t tag = d.delivery_tag();
        if (seen.back() == "bad") {
            co_await ch.basic_reject(tag, false);
        } else if (seen.back() == "again" && !d.redelivered()) {
            co_await ch.basic_nack(tag);
        } else {
            co_await ch.basic_ack(tag);
        }
        if (seen.size() == 5) enough.set();
    };
    const std::string tag = run(ch.basic_consume(q, take, prefetch(1)));
    EXPECT_EQ(ch.consumer_tags(), std::vector{tag});
    run(timeout(60s, until_set(&enough)));
    EXPECT_EQ((std::set<std::string>(seen.begin(), seen.end())),
              (std::set<std::string>{"good", "bad", "again", "last"}));
    run(ch.basic_cancel(tag));
    EXPECT_TRUE(ch.consumer_tags().empty());
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 0U);
    EXPECT_EQ(run(ch.queue_declare(q, passive())).consumer_count(), 0U);
    EXPECT_EQ(c.statistics().handler_time.count(), 5U);
    EXPECT_EQ(c.statistics().unacked, 0U);
    run(ch.close());
}

TEST_F(amqp_shared, a_handler_that_throws_ends_its_consumer_and_gives_back_what_it_had)
{
    channel ch = run(c.channel());
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    for (const char* body : {"good", "settled", "bad", "behind"})
        run(ch.basic_publish("", q, body));
    std::vector<std::string> failures;
    event failed;
    loop::current().on_error([&](const std::exception_ptr& why, std::string_view) {
        failures.push_back(describe(why));
        failed.set();
    });
    message_handler take = [&](delivery d) -> awaitable<void> {
        const std::string body(d.text());
        if (body != "bad") co_await d.ack();
        if (body == "bad") throw std::runtime_error("no room");
    };
    run(ch.basic_consume(q, take));
    run(timeout(60s, until_set(&failed)));
    loop::current().on_error({});
    EXPECT_EQ(failures.size(), 1U);
    EXPECT_NE(failures.front().find("no room"), std::string::npos) << failures.front();
    EXPECT_TRUE(ch.consumer_tags().empty());
    EXPECT_EQ(c.statistics().unacked, 0U);
    // The channel goes on, and what was not settled is there again.
    for (const char* body : {"bad", "behind"}) {
        std::optional<delivery> d;
        while (!d) d = run(ch.basic_get(q));
        EXPECT_EQ(d->text(), body);
        EXPECT_TRUE(d->redelivered());
        run(d->ack());
    }
    EXPECT_FALSE(run(ch.basic_get(q)));
    // One that has settled its message first has nothing to give back.
    run(ch.basic_publish("", q, "settled"));
    failed.clear();
    loop::current().on_error([&](const std::exception_ptr&, std::string_view) { failed.set(); });
    message_handler ack_and_throw = [](delivery d) -> awaitable<void> {
        co_await d.ack();
        throw std::runtime_error("late");
    };
    run(ch.basic_consume(q, ack_and_throw));
    run(timeout(60s, until_set(&failed)));
    loop::current().on_error({});
    EXPECT_FALSE(run(ch.basic_get(q)));
    EXPECT_TRUE(ch.is_open());
}

}  // namespace
}  // namespace ferry::amqp
