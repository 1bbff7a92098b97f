// What the specification of faults lists, each against the real broker.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/uuid.hpp"

#include "broker.hpp"
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <set>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

class amqp_fault : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared = std::make_unique<broker>(); }
    static void TearDownTestSuite() { shared.reset(); }
    static options at() { return options::from_url(shared->url()); }

    void SetUp() override
    {
        c.on_disconnected([this](const error& e) { lost.push_back(e.code()); });
        c.on_recovered([this] { ++recovered; });
    }
    void until(const std::function<bool()>& done) { run(timeout(120s, poll(&done))); }
    static awaitable<void> poll(const std::function<bool()>* done)
    {
        while (!(*done)()) co_await ferry::sleep(10ms);
    }

    static inline std::unique_ptr<broker> shared;
    connection c = run(connect(at()));
    std::vector<std::error_code> lost;
    int recovered = 0;
};

std::error_code failure_of(awaitable<void> operation)
{
    try {
        run(timeout(60s, std::move(operation)));
    } catch (const error& e) {
        return e.code();
    }
    return {};
}

template <class T>
awaitable<void> ignore(awaitable<T> operation)
{
    co_await std::move(operation);
}

TEST_F(amqp_fault, a_broker_that_stops_says_so_and_persistent_messages_stay)
{
    channel ch = run(c.channel(confirm()));
    run(ch.queue_declare("kept", durable()));
    for (int i = 0; i < 10; ++i) {
        run(ch.basic_publish("", "kept", "persistent", persistent()));
        run(ch.basic_publish("", "kept", "transient"));
    }
    consumer idle = run(ch.basic_consume("kept", prefetch(1)));
    std::optional<delivery> first = run(idle.next());
    shared->ctl({"stop_app"});
    until([&] { return !lost.empty(); });
    EXPECT_EQ(lost.front(), errc::connection_forced);
    EXPECT_FALSE(c.is_open());
    shared->ctl({"start_app"});
    until([&] { return recovered == 1; });
    // The broker gives the delivery of the old connection out again: nothing is sent for it.
    run(first->ack());
    EXPECT_EQ(c.statistics().stale_acks, 1U);
    EXPECT_THROW(run(first->ack()), error);
    int count = 0;
    for (; count < 10; ++count) {
        auto d = run(timeout(60s, idle.next()));
        EXPECT_EQ(d->text(), "persistent");
        run(d->ack());
    }
    run(idle.cancel());
    EXPECT_EQ(run(ch.queue_declare("kept", passive())).message_count(), 0U);
    EXPECT_EQ(c.statistics().recoveries, 1U);
    run(ch.queue_delete("kept"));
}

TEST_F(amqp_fault, a_full_queue_refuses_until_somebody_takes_from_it)
{
    connection own = run(connect(at()));
    bool gone = false;
    own.on_disconnected([&](const error&) { gone = true; });
    channel ch = run(own.channel(confirm()));
    const value limits = value::object("x-max-length", 2, "x-overflow", "reject-publish");
    const std::string q = run(ch.queue_declare("", arguments(limits))).name();
    publisher out(ch);
    const std::set<std::string> sent{"a", "b", "c", "d", "e"};
    for (const std::string& body : sent) run(out.publish("", q, body));
    until([&] { return own.statistics().nacked > sent.size(); });
    channel other = run(own.channel());
    consumer in = run(other.basic_consume(q));
    std::set<std::string> got;
    std::set<std::string> ids;
    while (got.size() < sent.size()) {
        auto d = run(timeout(60s, in.next()));
        got.insert(std::string(d->text()));
        ids.insert(d->properties().message_id());
        EXPECT_TRUE(is_uuid(d->properties().message_id()));
        run(d->ack());
    }
    EXPECT_EQ(got, sent);
    EXPECT_EQ(ids.size(), sent.size());
    run(timeout(60s, out.flush()));
    EXPECT_EQ(out.confirmed(), sent.size());
    EXPECT_FALSE(gone);
    EXPECT_EQ(own.statistics().connects, 1U);
    run(ch.queue_delete(q));
}

TEST_F(amqp_fault, a_program_that_was_stopped_for_long_recovers)
{
    connection quick = run(connect(at().heartbeat(1s)));
    bool gone = false;
    bool back = false;
    quick.on_disconnected([&](const error&) { gone = true; });
    quick.on_recovered([&] { back = true; });
    channel ch = run(quick.channel());
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    // The broker gives up after three heartbeats.
    const testing::program waker(
        {"/bin/sh", "-c", "sleep 8; kill -CONT " + std::to_string(::getpid())},
        shared->directory() / "waker.out", shared->directory() / "waker.err");
    ::raise(SIGSTOP);
    until([&] { return gone && back; });
    EXPECT_NE(run(ch.queue_declare("", exclusive())).name(), q);
}

awaitable<void> publish_many(publisher* out, std::string queue, int count)
{
    for (int i = 0; i < count; ++i) {
        auto publishing = out->publish("", queue, std::to_string(i));
        co_await std::move(publishing);
    }
    auto flushing = out->flush();
    co_await std::move(flushing);
}

awaitable<void> raise_alarm(const broker* of)
{
    of->ctl({"set_vm_memory_high_watermark", "absolute", "1MB"});
    auto pause = ferry::sleep(6s);
    co_await std::move(pause);
    of->ctl({"set_vm_memory_high_watermark", "0.6"});
}

TEST_F(amqp_fault, an_alarm_under_load_loses_nothing_and_times_nothing_out)
{
    std::vector<std::string> told;
    connection impatient = run(connect(at().call_timeout(4s)));
    impatient.on_blocked([&](const std::string& reason) { told.push_back(reason); });
    channel ch = run(impatient.channel(confirm()));
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    publisher out(ch);
    run(timeout(240s, gather(publish_many(&out, q, 50'000), raise_alarm(shared.get()))));
    EXPECT_EQ(out.confirmed(), 50'000U);
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 50'000U);
    if (!told.empty()) {
        EXPECT_EQ(told.front(), "low on memory");
        EXPECT_EQ(told.back(), "");
    }
    EXPECT_EQ(impatient.blocked(), "");

    connection hasty = run(connect(at().blocked_timeout(200ms)));
    channel other = run(hasty.channel());
    shared->ctl({"set_vm_memory_high_watermark", "absolute", "1MB"});
    const auto until_blocked = [](connection of, channel on) -> awaitable<void> {
        while (of.blocked().empty()) {
            auto publishing = on.basic_publish("", "nowhere", "x");
            co_await std::move(publishing);
            co_await ferry::sleep(5ms);
        }
        auto held = on.basic_publish("", "nowhere", "x");
        co_await std::move(held);
    };
    EXPECT_EQ(failure_of(until_blocked(hasty, other)), errc::blocked);
    shared->ctl({"set_vm_memory_high_watermark", "0.6"});
}

awaitable<int> count_failures(std::vector<awaitable<void>> all)
{
    int failed = 0;
    std::vector<task<void>> running;
    for (auto& one : all) running.push_back(spawn(std::move(one)));
    for (auto& one : running) {
        try {
            co_await one.join();
        } catch (const channel_closed& e) {
            EXPECT_EQ(e.reply_code(), 404);
            EXPECT_EQ(e.class_id(), 60);
            EXPECT_EQ(e.method_id(), 40);
            ++failed;
        }
    }
    co_return failed;
}

TEST_F(amqp_fault, a_channel_that_is_closed_takes_its_own_publishes_along_and_no_others)
{
    channel good = run(c.channel(confirm()));
    channel bad = run(c.channel(confirm()));
    const std::string q = run(good.queue_declare("", exclusive())).name();
    std::vector<awaitable<void>> on_good;
    std::vector<awaitable<void>> on_bad;
    for (int i = 0; i < 100; ++i) {
        on_good.push_back(good.basic_publish("", q, "x"));
        on_bad.push_back(bad.basic_publish(i == 0 ? "no such exchange" : "", q, "y"));
    }
    const auto [failed, others] =
        run(gather(count_failures(std::move(on_bad)), count_failures(std::move(on_good))));
    EXPECT_EQ(failed, 100);
    EXPECT_EQ(others, 0);
    EXPECT_FALSE(bad.is_open());
    EXPECT_EQ(run(c.channel()).channel_number(), bad.channel_number());
    EXPECT_TRUE(lost.empty());
}

TEST_F(amqp_fault, what_comes_back_keeps_its_order)
{
    channel ch = run(c.channel(confirm()));
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    const auto outcome = [](channel on, std::string key) -> awaitable<bool> {
        try {
            auto publishing = on.basic_publish("", key, key, properties(), mandatory());
            co_await std::move(publishing);
            co_return true;
        } catch (const error& e) {
            EXPECT_TRUE(e.code() == errc::no_route) << e.what();
            EXPECT_NE(std::string(e.what()).find("the key '" + key + "'"), std::string::npos);
            co_return false;
        }
    };
    std::vector<awaitable<bool>> all;
    for (int i = 0; i < 200; ++i) {
        all.push_back(outcome(ch, i % 3 == 0 ? q : "nowhere." + std::to_string(i)));
    }
    const std::vector<bool> routed = [&] {
        const auto got = run(gather(std::move(all)));
        return std::vector<bool>(got.begin(), got.end());
    }();
    for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(routed[i], i % 3 == 0) << i;
    EXPECT_EQ(c.statistics().returned, 133U);
}

TEST_F(amqp_fault, declarations_that_a_restart_interrupts_are_all_made)
{
    channel ch = run(c.channel());
    const auto declare_all = [](channel on) -> awaitable<void> {
        for (int i = 0; i < 50; ++i) {
            auto declaring = on.queue_declare("many." + std::to_string(i), durable());
            co_await std::move(declaring);
            co_await ferry::sleep(5ms);
        }
    };
    const auto restart = [](const broker* b) -> awaitable<void> {
        co_await ferry::sleep(60ms);
        b->kill();
        b->again();
    };
    run(timeout(240s, gather(declare_all(ch), restart(shared.get()))));
    EXPECT_FALSE(lost.empty());
    for (int i = 0; i < 50; ++i) {
        const std::string name = "many." + std::to_string(i);
        EXPECT_EQ(run(ch.queue_declare(name, passive())).name(), name);
        run(ch.queue_delete(name));
    }
}

TEST_F(amqp_fault, a_consumer_whose_queue_is_gone_after_a_restart_ends_and_the_rest_goes_on)
{
    connection other = run(connect(at()));
    channel theirs = run(other.channel());
    run(theirs.queue_declare("of another program"));
    channel ch = run(c.channel(confirm()));
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    consumer orphan = run(ch.basic_consume("of another program"));
    consumer own = run(ch.basic_consume(q));
    std::string now = q;
    c.on_renamed([&](const std::string& from, const std::string& to) {
        EXPECT_EQ(from, q);
        now = to;
    });
    run(theirs.queue_delete("of another program", if_empty()));
    // It was told of the deletion at once; one that could not be told is ended at the recovery.
    EXPECT_EQ(failure_of(ignore<std::optional<delivery>>(orphan.next())), errc::consumer_cancelled);
    run(theirs.queue_declare("of another program"));
    consumer again = run(ch.basic_consume("of another program"));
    run(other.close());
    shared->kill();
    shared->again();
    until([&] { return recovered == 1; });
    EXPECT_EQ(failure_of(ignore<std::optional<delivery>>(again.next())), errc::consumer_cancelled);
    EXPECT_TRUE(ch.is_open());
    run(ch.basic_publish("", now, "still here", properties(), mandatory()));
    EXPECT_EQ(run(timeout(60s, own.next()))->text(), "still here");
}

TEST_F(amqp_fault, what_came_without_acks_outlives_its_connection)
{
    channel ch = run(c.channel(confirm()));
    const std::string q = run(ch.queue_declare("kept without acks", durable())).name();
    consumer in = run(ch.basic_consume(q, no_ack()));
    for (int i = 0; i < 10; ++i) run(ch.basic_publish("", q, std::to_string(i)));
    until([&] { return c.statistics().delivered == 10; });
    shared->ctl({"close_all_connections", "test"});
    until([&] { return recovered == 1; });
    for (int i = 0; i < 10; ++i) {
        auto d = run(timeout(60s, in.next()));
        EXPECT_EQ(d->text(), std::to_string(i));
    }
    run(ch.basic_publish("", q, "after it"));
    EXPECT_EQ(run(timeout(60s, in.next()))->text(), "after it");
    run(ch.queue_delete(q));
}

TEST_F(amqp_fault, what_ends_the_connection_fails_its_call_and_is_not_repeated)
{
    channel ch = run(c.channel());
    channel bystander = run(c.channel());
    EXPECT_EQ(failure_of(ch.exchange_declare("x", "no such type")), errc::command_invalid);
    until([&] { return recovered == 1; });
    EXPECT_EQ(lost.size(), 1U);
    // The other channel goes on.
    run(bystander.basic_qos(5));
    // A program that does so again and again is not let in for ever.
    EXPECT_EQ(failure_of(ch.exchange_declare("x", "no such type")), errc::command_invalid);
    until([&] { return recovered == 2; });
    EXPECT_EQ(failure_of(ch.exchange_declare("x", "no such type")), errc::command_invalid);
    EXPECT_THROW(run(bystander.basic_qos(5)), connection_error);
    EXPECT_FALSE(c.is_open());
}

// The answer to the next call tells what the broker makes of it.
awaitable<void> acknowledged(channel on, std::uint64_t tag, bool multiple)
{
    auto settling = on.basic_ack(tag, multiple);
    co_await std::move(settling);
    auto asking = on.basic_qos(1);
    co_await std::move(asking);
}

TEST_F(amqp_fault, refusals_have_their_code)
{
    channel setup = run(c.channel());
    const std::string q = run(setup.queue_declare("", exclusive())).name();
    consumer only = run(setup.basic_consume(q, exclusive()));
    connection elsewhere = run(connect(at()));
    struct row {
        const char* what;
        std::function<awaitable<void>(channel)> act;
        int code;
    };
    const auto publish = [&](properties with) {
        return [=](channel on) { return on.basic_publish("", q, "x", with); };
    };
    for (const row& r : std::vector<row>{
             {"another consumer", [&](channel on) { return ignore(on.basic_consume(q)); }, 403},
             {"user-id", publish(properties().user_id("somebody")), 406},
             {"expiration", publish(properties().expiration("soon")), 406},
             {"delivery mode", publish(properties().delivery_mode(7)), 406},
             {"CC is no array", publish(properties().header("CC", "q")), 406},
             {"in use", [&](channel on) { return ignore(on.queue_delete(q, if_unused())); }, 406},
             {"commit without select", [](channel on) { return on.tx_commit(); }, 406},
             {"priority",
              [](channel on) {
                  return ignore(
                      on.queue_declare("p", arguments(value::object("x-max-priority", 256))));
              },
              406},
             {"time to live",
              [](channel on) {
                  return ignore(
                      on.queue_declare("p", arguments(value::object("x-message-ttl", "soon"))));
              },
              406},
             {"a quorum queue that is not durable",
              [](channel on) {
                  return ignore(
                      on.queue_declare("p", arguments(value::object("x-queue-type", "quorum"))));
              },
              406},
             {"an unknown tag", [](channel on) { return acknowledged(on, 7, false); }, 406},
             {"no tag", [](channel on) { return acknowledged(on, 0, false); }, 406},
             {"the default exchange", [&](channel on) { return on.queue_bind(q, "", "k"); }, 403},
             {"a name of the broker's",
              [](channel on) { return on.exchange_declare("amq.mine", "direct"); }, 403},
             {"transactions with confirms", [](channel on) { return on.tx_select(); }, 406},
             {"no reply consumer",
              [&](channel on) {
                  return on.basic_publish("", q, "x",
                                          properties().reply_to("amq.rabbitmq.reply-to"));
              },
              406},
         }) {
        SCOPED_TRACE(r.what);
        channel on = run(c.channel(confirm()));
        if (std::string_view(r.what) == "commit without select") on = run(c.channel());
        try {
            run(timeout(60s, r.act(on)));
            ADD_FAILURE() << "accepted";
        } catch (const channel_closed& e) {
            EXPECT_EQ(e.reply_code(), r.code) << e.what();
        }
    }
    channel other = run(elsewhere.channel());
    EXPECT_EQ(failure_of(ignore(other.basic_consume(q))), errc::resource_locked);
    // What the broker takes for done.
    run(acknowledged(setup, 0, true));
    run(setup.exchange_delete("none"));
    run(setup.queue_delete("none"));
    run(setup.queue_unbind(q, "amq.direct", "none"));
    // What is refused here, as the broker would end the connection.
    channel twice = run(c.channel());
    const std::string r = run(twice.queue_declare("", exclusive())).name();
    consumer one = run(twice.basic_consume(r, consumer_tag("same")));
    EXPECT_EQ(failure_of(ignore(twice.basic_consume(r, consumer_tag("same")))), errc::bad_argument);
    EXPECT_EQ(failure_of(twice.basic_publish(
                  "", r, "x", properties().header("big", value::integer("18446744073709551615")))),
              errc::bad_argument);
    EXPECT_EQ(failure_of(twice.basic_publish("", std::string(256, 'k'), "x")), errc::bad_argument);
    EXPECT_TRUE(twice.is_open());
}

// What a call brings in spite of its cancellation is the caller's.
awaitable<void> get_and_give_back(channel from, std::string queue)
{
    auto getting = from.basic_get(std::move(queue));
    auto d = co_await std::move(getting);
    if (!d) co_return;
    auto rejecting = d->reject();
    co_await std::move(rejecting);
}

awaitable<void> consume_and_end(channel from, std::string queue)
{
    auto beginning = from.basic_consume(std::move(queue), prefetch(1));
    consumer all = co_await std::move(beginning);
    auto ending = from.close();
    co_await std::move(ending);
}

TEST_F(amqp_fault, cancelled_calls_give_back_what_they_were_given)
{
    channel ch = run(c.channel(confirm()));
    const std::string q = run(ch.queue_declare("", exclusive())).name();
    run(ch.basic_publish("", q, "one"));
    const auto cancel_soon = [](awaitable<void> operation) -> awaitable<void> {
        auto going = spawn(std::move(operation));
        co_await yield_now();
        co_await yield_now();
        going.cancel();
        co_await going.wait();
    };
    for (int i = 0; i < 20; ++i) run(cancel_soon(get_and_give_back(ch, q)));
    for (int i = 0; i < 20; ++i) {
        channel own = run(c.channel());
        run(cancel_soon(consume_and_end(own, q)));
    }
    std::optional<delivery> d;
    const auto get = [](channel on, std::string from,
                        std::optional<delivery>* into) -> awaitable<void> {
        while (!*into) {
            auto getting = on.basic_get(from);
            *into = co_await std::move(getting);
        }
    };
    run(timeout(60s, get(ch, q, &d)));
    EXPECT_EQ(d->text(), "one");
    run(d->ack());
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 0U);
    const auto until_alone = [](channel on, std::string queue) -> awaitable<void> {
        for (std::uint32_t consumers = 1; consumers != 0;) {
            auto asking = on.queue_declare(queue, passive());
            const queue_info info = co_await std::move(asking);
            consumers = info.consumer_count();
        }
    };
    run(timeout(60s, until_alone(ch, q)));
}

}  // namespace
}  // namespace ferry::amqp
