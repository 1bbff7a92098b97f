#include "ferry/amqp/amqp.hpp"
#include "ferry/amqp/detail/message_access.hpp"
#include "ferry/async/gather.hpp"
#include "ferry/async/green.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/sync.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/task_group.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/net/listener.hpp"

#include "broker.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <set>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;

// All tests share one broker, and take queues of their own.
class amqp_interop : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared = std::make_unique<broker>(); }
    static void TearDownTestSuite() { shared.reset(); }

    static options at() { return options::from_url(shared->url()); }
    static inline std::unique_ptr<broker> shared;
    connection c = run(connect(at()));
    channel ch = run(c.channel());
    std::string q = run(ch.queue_declare("", exclusive())).name();
};

std::error_code failure_of(awaitable<void> operation)
{
    try {
        run(std::move(operation));
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

TEST_F(amqp_interop, a_message_comes_as_it_was_sent)
{
    const auto with = properties()
                          .content_type("text/plain")
                          .headers(value::object("k", 1, "t", value::object("x", 1.5)))
                          .persistent()
                          .priority(3)
                          .correlation_id("cid")
                          .message_id("mid");
    for (const std::size_t size : {0U, 1U, 4088U, 4089U, 131064U, 131065U, 1U << 20U, 64U << 20U}) {
        SCOPED_TRACE(size);
        const std::string body(size, 'b');
        run(ch.basic_publish("", q, body, with));
        std::optional<delivery> got;
        while (!got) got = run(ch.basic_get(q));
        EXPECT_EQ(got->text().size(), size);
        EXPECT_TRUE(got->text() == body);
        EXPECT_EQ(got->routing_key(), q);
        EXPECT_EQ(got->exchange(), "");
        EXPECT_FALSE(got->redelivered());
        const auto p = got->properties();
        EXPECT_EQ(p.content_type(), "text/plain");
        EXPECT_EQ(p.headers(), with.headers());
        EXPECT_EQ(p.priority(), 3);
        EXPECT_EQ(p.correlation_id(), "cid");
        run(got->ack());
    }
    EXPECT_FALSE(run(ch.basic_get(q)));
}

TEST_F(amqp_interop, long_bodies_given_as_buffers_are_not_copied_and_arrive)
{
    const buffer body(std::string(3U << 20U, 'x'));
    run(ch.basic_publish("", q, body));
    run(ch.basic_publish("", q, "small"));
    std::optional<delivery> got;
    while (!got) got = run(ch.basic_get(q, true));
    EXPECT_EQ(got->body(), body);
    got.reset();
    while (!got) got = run(ch.basic_get(q, true));
    EXPECT_EQ(got->text(), "small");
}

awaitable<std::vector<std::string>> take(channel from, std::string queue, std::size_t count,
                                         std::uint16_t window)
{
    auto beginning = from.basic_consume(queue, prefetch(window));
    consumer all = co_await std::move(beginning);
    std::vector<std::string> bodies;
    while (bodies.size() < count) {
        auto waiting = all.next();
        auto d = co_await std::move(waiting);
        bodies.emplace_back(d->text());
        auto acking = d->ack();
        co_await std::move(acking);
    }
    auto ending = all.cancel();
    co_await std::move(ending);
    co_return bodies;
}

awaitable<void> give(channel to, std::string queue, std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i) {
        auto publishing = to.basic_publish("", queue, std::to_string(i));
        co_await std::move(publishing);
    }
}

TEST_F(amqp_interop, a_consumer_gets_all_in_order)
{
    for (const std::uint16_t window : {1, 10, 0}) {
        const auto [bodies, sent] = run(gather(take(ch, q, 1000, window), give(ch, q, 1000)));
        ASSERT_EQ(bodies.size(), 1000);
        for (std::size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(bodies[i], std::to_string(i));
    }
}

TEST_F(amqp_interop, what_is_not_acknowledged_comes_again)
{
    run(give(ch, q, 3));
    std::optional<delivery> got;
    while (!got) got = run(ch.basic_get(q));
    run(got->nack());
    EXPECT_THROW(run(got->ack()), error);
    got.reset();
    while (!got) got = run(ch.basic_get(q));
    EXPECT_TRUE(got->redelivered());
    EXPECT_EQ(got->text(), "0");
    run(got->reject(false));
    got = run(ch.basic_get(q));
    EXPECT_EQ(got->text(), "1");
}

TEST_F(amqp_interop, what_a_consumer_did_not_take_goes_back_when_all_is_dropped)
{
    const std::string shared_queue = run(ch.queue_declare("left")).name();
    run(give(ch, shared_queue, 3));
    {
        connection other = run(connect(at()));
        channel on = run(other.channel());
        consumer all = run(on.basic_consume(shared_queue));
        EXPECT_EQ(run(all.next())->text(), "0");
    }
    std::uint32_t count = 0;
    for (int i = 0; i < 1000 && count < 3; ++i) {
        run(sleep(10ms));
        count = run(ch.queue_declare(shared_queue, passive())).message_count();
    }
    EXPECT_EQ(count, 3U);
    run(ch.queue_delete(shared_queue));
}

TEST_F(amqp_interop, confirms_say_what_became_of_a_message)
{
    channel sure = run(c.channel(confirm()));
    run(sure.basic_publish("", q, "taken", persistent()));
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 1);
    run(sure.basic_publish("", "nowhere", "lost"));
    EXPECT_EQ(failure_of(sure.basic_publish("", "nowhere", "lost", properties(), mandatory())),
              errc::no_route);
    const auto full = run(ch.queue_declare(
        "", exclusive(),
        arguments(value::object("x-max-length", 1, "x-overflow", "reject-publish"))));
    run(sure.basic_publish("", full.name(), "one"));
    EXPECT_EQ(failure_of(sure.basic_publish("", full.name(), "two")), errc::publish_nacked);

    // Many at once, each with its own answer.
    const auto many = [](channel to, std::string queue) -> awaitable<int> {
        std::vector<awaitable<void>> all;
        for (int i = 0; i < 2000; ++i) all.push_back(to.basic_publish("", queue, "x"));
        co_await gather(std::move(all));
        co_return 2000;
    };
    EXPECT_EQ(run(many(sure, q)), 2000);
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 2001);
}

// Counts what it is told, and lets somebody wait for so much.
class counter final : public publish_watcher {
public:
    explicit counter(int wanted) : wanted_{wanted} {}
    void published(std::exception_ptr failure) noexcept override
    {
        ++(failure ? failed : good);
        if (good + failed == wanted_) all.set();
    }
    int good = 0;
    int failed = 0;
    event all;

private:
    int wanted_;
};

TEST_F(amqp_interop, tells_watchers_what_became_of_a_message)
{
    channel sure = run(c.channel(confirm()));
    const auto watcher = std::make_shared<counter>(1001);
    for (int i = 0; i < 1000; ++i) {
        EXPECT_TRUE(sure.try_publish("", q, "x", properties(), mandatory(), watcher));
    }
    EXPECT_TRUE(sure.try_publish("", "nowhere", "lost", properties(), mandatory(), watcher));
    run(timeout(60s, watcher->all.wait()));
    EXPECT_EQ(watcher->good, 1000);
    EXPECT_EQ(watcher->failed, 1);
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 1000);

    // Without confirms it is told at once, and nothing of what happens then.
    run(ch.queue_purge(q));
    EXPECT_TRUE(ch.try_publish("", q, "x", properties(), mandatory(false), watcher));
    EXPECT_EQ(watcher->good, 1001);
    while (!run(ch.basic_get(q, true))) {
    }
    run(sure.close());
    EXPECT_THROW(sure.try_publish("", q, "x", properties(), mandatory(), watcher), error);
}

TEST_F(amqp_interop, mandatory_messages_come_back_without_confirms_too)
{
    std::vector<std::string> returned;
    ch.add_on_return([&](const returned_message& m) {
        returned.push_back(std::to_string(m.reply_code()) + ' ' + m.routing_key() + ' ' +
                           std::string(m.text()));
    });
    run(ch.basic_publish("", "nowhere", "back", properties(), mandatory()));
    while (returned.empty()) run(ch.queue_declare(q, passive()));
    EXPECT_THAT(returned, ::testing::ElementsAre("312 nowhere back"));
}

// What ferry itself would write in another way, or not at all.
std::string properties_of_every_kind()
{
    using namespace std::string_literals;
    const std::string headers =
        "\1at\2\1bb\xFF\1cB\xFF\1ds\xFF\xFE\1eu\xFF\xFE\1fI\0\0\0\1\1gi\xFF\0\0\0"
        "\1hl\0\0\0\0\0\0\0\1\1iL\0\0\0\0\0\0\0\1\1jf\x3F\x80\0\0"
        "\1kd\x3F\xF0\0\0\0\0\0\0\1lD\2\0\0\0\7\1mS\0\0\0\1\xFF\1nx\0\0\0\1\xFF"
        "\1oT\0\0\0\0\0\0\0\1\1pF\0\0\0\0\1qA\0\0\0\1V\1rV\1rV"s;
    const std::string size{0, 0, 0, static_cast<char>(headers.size())};
    // Headers, an empty correlation-id and a cluster-id.
    return "\x24\x04"s + size + headers + "\0\1c"s;
}

TEST_F(amqp_interop, what_is_forwarded_stays_as_it_came)
{
    channel sure = run(c.channel(confirm()));
    const std::string other = run(ch.queue_declare("", exclusive())).name();
    for (const std::size_t size : {0U, 5U, 200'000U}) {
        SCOPED_TRACE(size);
        const std::string body(size, 'b');
        const auto watcher = std::make_shared<counter>(1);
        EXPECT_TRUE(
            sure.try_publish("", q, body, properties_of_every_kind(), mandatory(), watcher));
        run(timeout(60s, watcher->all.wait()));
        ASSERT_EQ(watcher->good, 1);
        const auto first = run(ch.basic_get(q, true));
        ASSERT_TRUE(first);
        EXPECT_EQ(detail::message_access::properties(*first), properties_of_every_kind());
        run(sure.forward("", other, *first, mandatory()));
        const auto second = run(ch.basic_get(other, true));
        ASSERT_TRUE(second);
        EXPECT_EQ(detail::message_access::properties(*second), properties_of_every_kind());
        EXPECT_TRUE(second->text() == body);
    }
    const delivery none;
    EXPECT_EQ(failure_of(sure.forward("", "nowhere", none, mandatory())), errc::no_route);
}

TEST_F(amqp_interop, exchanges_of_every_type)
{
    channel sure = run(c.channel(confirm()));
    const auto route = [&](const char* type, const std::vector<std::pair<std::string, value>>& bind,
                           const std::string& key, value headers) {
        const std::string x = std::string("x.") + type;
        run(ch.exchange_declare(x, type, auto_delete()));
        const auto queue = run(ch.queue_declare("", exclusive())).name();
        for (const auto& [k, arguments] : bind) run(ch.queue_bind(queue, x, k, arguments));
        run(sure.basic_publish(x, key, "m", properties().headers(std::move(headers))));
        const auto count = run(ch.queue_declare(queue, passive())).message_count();
        run(ch.queue_delete(queue));
        return count;
    };
    const value none = value::object();
    EXPECT_EQ(route("direct", {{"a", none}}, "a", none), 1);
    EXPECT_EQ(route("direct", {{"a", none}}, "b", none), 0);
    EXPECT_EQ(route("fanout", {{"", none}}, "any", none), 1);
    EXPECT_EQ(route("topic", {{"a.*.c", none}}, "a.b.c", none), 1);
    EXPECT_EQ(route("topic", {{"a.#", none}}, "a.b.c", none), 1);
    EXPECT_EQ(route("topic", {{"a.*", none}}, "a.b.c", none), 0);
    EXPECT_EQ(route("headers", {{"", value::object("x-match", "all", "k", 1)}}, "",
                    value::object("k", 1)),
              1);
    EXPECT_EQ(route("headers", {{"", value::object("x-match", "all", "k", 1)}}, "",
                    value::object("k", 2)),
              0);
    run(ch.exchange_declare("x.from", "fanout", auto_delete()));
    run(ch.exchange_declare("x.to", "fanout"));
    run(ch.exchange_bind("x.to", "x.from"));
    run(ch.queue_bind(q, "x.to"));
    run(sure.basic_publish("x.from", "", "through"));
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 1);
    EXPECT_EQ(run(ch.queue_purge(q)), 1);
    run(ch.queue_unbind(q, "x.to"));
    run(ch.exchange_unbind("x.to", "x.from"));
    run(ch.exchange_delete("x.to"));
}

TEST_F(amqp_interop, a_refusal_closes_its_channel_and_no_other)
{
    run(ch.queue_declare("taken", durable()));
    struct row {
        const char* what;
        std::function<awaitable<void>(channel)> act;
        errc code;
        std::uint16_t reply;
    };
    for (const row& r : std::vector<row>{
             {"passive", [](channel on) { return ignore(on.queue_declare("none", passive())); },
              errc::not_found, 404},
             {"get", [](channel on) { return ignore(on.basic_get("none")); }, errc::not_found, 404},
             {"consume", [](channel on) { return ignore(on.basic_consume("none")); },
              errc::not_found, 404},
             {"redeclare", [](channel on) { return ignore(on.queue_declare("taken")); },
              errc::precondition_failed, 406},
             {"amq.", [](channel on) { return ignore(on.queue_declare("amq.mine")); },
              errc::access_refused, 403},
             {"default", [](channel on) { return on.queue_bind("taken", "", "k"); },
              errc::access_refused, 403},
         }) {
        SCOPED_TRACE(r.what);
        channel other = run(c.channel());
        try {
            run(r.act(other));
            ADD_FAILURE() << "accepted";
        } catch (const channel_closed& e) {
            EXPECT_TRUE(e.code() == r.code) << e.what();
            EXPECT_EQ(e.reply_code(), r.reply);
        }
        EXPECT_FALSE(other.is_open());
        EXPECT_THROW(run(other.basic_qos(1)), channel_closed);
        EXPECT_TRUE(ch.is_open());
    }
    run(ch.queue_delete("taken"));

    // A publish to an exchange that is not there is refused later; calls say so.
    channel other = run(c.channel());
    run(other.basic_publish("nowhere", "", "x"));
    EXPECT_EQ(failure_of(other.basic_qos(1)), errc::not_found);
    EXPECT_EQ(run(ch.queue_declare(q, passive())).name(), q);
}

TEST_F(amqp_interop, logins_that_are_refused)
{
    EXPECT_EQ(failure_of(ignore(connect(at().login("guest", "wrong")))),
              errc::authentication_failed);
    EXPECT_EQ(failure_of(ignore(connect(at().vhost("none")))), errc::not_allowed);
    const auto port = net::listener(net::tcp("127.0.0.1", 0)).port();
    EXPECT_EQ(failure_of(ignore(connect(options().hosts({net::tcp("127.0.0.1", port)})))),
              std::errc::connection_refused);
    // The second host is tried when the first is down.
    EXPECT_TRUE(run(connect(options().hosts(
                        {net::tcp("127.0.0.1", port), net::tcp("127.0.0.1", shared->port())})))
                    .is_open());
}

TEST_F(amqp_interop, a_topology_is_applied_and_compared)
{
    topology wanted;
    wanted.exchanges.emplace_back().name = "top.x";
    wanted.exchanges.back().type = "topic";
    wanted.queues.emplace_back().name = "top.q";
    wanted.queues.back().durable = true;
    wanted.queues.emplace_back().name = "top.elsewhere";
    wanted.queues.back().vhost = "elsewhere";
    topology::binding& b = wanted.bindings.emplace_back();
    b.source = "top.x";
    b.destination = "top.q";
    b.routing_key = "a.#";
    EXPECT_THAT(run(wanted.differences(c)),
                ::testing::ElementsAre("exchange 'top.x': missing", "queue 'top.q': missing"));
    run(wanted.apply(c));
    run(wanted.apply(c));
    EXPECT_TRUE(run(wanted.differences(c)).empty());
    channel sure = run(c.channel(confirm()));
    run(sure.basic_publish("top.x", "a.b", "routed", properties(), mandatory()));

    wanted.queues.front().durable = false;
    const auto found = run(wanted.differences(c));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_NE(found[0].find("queue 'top.q': PRECONDITION_FAILED"), std::string::npos) << found[0];
    EXPECT_EQ(failure_of(wanted.apply(c)), errc::precondition_failed);
    EXPECT_TRUE(c.is_open());
    run(ch.queue_delete("top.q"));
    run(ch.exchange_delete("top.x"));
}

TEST_F(amqp_interop, a_consumer_whose_queue_is_deleted_is_told)
{
    const auto waiting = [](channel on, std::string queue, channel by) -> awaitable<void> {
        auto beginning = on.basic_consume(queue);
        consumer all = co_await std::move(beginning);
        auto deleting = by.queue_delete(queue);
        co_await std::move(deleting);
        auto next = all.next();
        co_await std::move(next);
    };
    EXPECT_EQ(failure_of(waiting(ch, q, run(c.channel()))), errc::consumer_cancelled);
}

TEST_F(amqp_interop, cancelled_calls_leave_the_channel_in_step)
{
    const auto act = [](channel on, std::string queue) -> awaitable<void> {
        for (int i = 0; i < 50; ++i) {
            auto calling = spawn(on.queue_declare(queue, passive()));
            co_await yield_now();
            if (i % 2 == 0) co_await yield_now();
            calling.cancel();
            co_await calling.wait();
        }
    };
    run(act(ch, q));
    EXPECT_EQ(run(ch.queue_declare(q, passive())).name(), q);
    const auto got = run(gather(take(ch, q, 5, 10), give(ch, q, 5)));
    EXPECT_EQ(std::get<0>(got).size(), 5);
}

// As pika's consume(queue, inactivity_timeout=...).
awaitable<void> take_in_time(consumer* from, int count)
{
    int silences = 0;
    for (int i = 0; i < count;) {
        try {
            auto taking = timeout(200us, from->next());
            const auto d = co_await std::move(taking);
            EXPECT_EQ(d->text(), std::to_string(i));
            ++i;
        } catch (const timeout_error&) {
            ++silences;
        }
    }
    EXPECT_GT(silences, 0);
}

awaitable<void> give_now_and_then(channel to, std::string queue, int count)
{
    for (int i = 0; i < count; ++i) {
        auto pause = ferry::sleep(i == 0 ? 5ms : std::chrono::milliseconds(i % 3));
        co_await std::move(pause);
        auto publishing = to.basic_publish("", queue, std::to_string(i));
        co_await std::move(publishing);
    }
}

TEST_F(amqp_interop, a_consumer_that_is_asked_with_a_time_limit_loses_nothing)
{
    consumer from = run(ch.basic_consume(q, no_ack()));
    run(timeout(60s, gather(take_in_time(&from, 300), give_now_and_then(ch, q, 300))));
}

TEST_F(amqp_interop, all_four_ways_of_waiting)
{
    run(ch.basic_publish("", q, "one"));
    green::run([this] { green::wait(ch.basic_publish("", q, "two")); });
    std::string told;
    const auto task =
        spawn(ch.queue_declare(q, passive())).then([&](const queue_info& i) { told = i.name(); });
    run(task.join());
    EXPECT_EQ(told, q);
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 2);
}

TEST_F(amqp_interop, a_transaction_takes_all_or_nothing)
{
    run(ch.tx_select());
    run(ch.basic_publish("", q, "kept"));
    EXPECT_FALSE(run(ch.basic_get(q)));
    run(ch.tx_commit());
    run(ch.basic_publish("", q, "dropped"));
    run(ch.tx_rollback());
    for (const bool commits : {false, true}) {
        const auto d = run(ch.basic_get(q));
        ASSERT_TRUE(d);
        EXPECT_EQ(d->text(), "kept");
        run(ch.basic_ack(d->delivery_tag()));
        run(commits ? ch.tx_commit() : ch.tx_rollback());
        if (!commits) run(ch.basic_recover());
    }
    EXPECT_FALSE(run(ch.basic_get(q)));
}

TEST_F(amqp_interop, copies_go_to_the_queues_that_a_message_names)
{
    channel sure = run(c.channel(confirm()));
    const std::string open = run(ch.queue_declare("", exclusive())).name();
    const std::string hidden = run(ch.queue_declare("", exclusive())).name();
    run(sure.basic_publish(
        "", q, "x",
        properties().header("CC", value::array(open)).header("BCC", value::array(hidden))));
    for (const std::string& queue : {q, open, hidden}) {
        const auto d = run(ch.basic_get(queue, true));
        ASSERT_TRUE(d);
        const value headers = d->properties().headers();
        EXPECT_EQ(headers["CC"], value::array(open));
        EXPECT_FALSE(headers.contains("BCC"));
    }
}

TEST_F(amqp_interop, a_stream_is_read_from_any_place)
{
    run(ch.queue_declare("numbers", durable(), arguments(value::object("x-queue-type", "stream"))));
    channel sure = run(c.channel(confirm()));
    for (int i = 0; i < 10; ++i) run(sure.basic_publish("", "numbers", std::to_string(i)));
    const auto read = [&](const value& offset, int first, int count) {
        channel on = run(c.channel());
        consumer from = run(on.basic_consume("numbers", prefetch(3),
                                             arguments(value::object("x-stream-offset", offset))));
        for (int i = first; i < first + count; ++i) {
            const auto d = run(timeout(60s, from.next()));
            EXPECT_EQ(d->text(), std::to_string(i));
            EXPECT_EQ(d->properties().headers()["x-stream-offset"], value(i));
            run(on.basic_ack(d->delivery_tag()));
        }
        run(on.close());
    };
    read("first", 0, 10);
    read(7, 7, 3);
    read(value(timestamp(std::chrono::seconds(0))), 0, 10);
    run(ch.queue_delete("numbers"));
}

TEST_F(amqp_interop, an_alarm_holds_publishes_back_and_loses_none)
{
    channel sure = run(c.channel(confirm()));
    run(sure.basic_publish("", q, "before"));
    shared->ctl({"set_vm_memory_high_watermark", "absolute", "1MB"});
    const auto during = [](connection of, channel on, std::string queue) -> awaitable<void> {
        auto held = spawn(on.basic_publish("", queue, "held"));
        while (of.blocked().empty()) co_await ferry::sleep(10ms);
        EXPECT_EQ(of.blocked(), "low on memory");
        EXPECT_FALSE(held.done());
        shared->ctl({"set_vm_memory_high_watermark", "0.6"});
        co_await held.join();
    };
    run(timeout(240s, during(c, sure, q)));
    EXPECT_EQ(run(ch.queue_declare(q, passive())).message_count(), 2);
}

TEST_F(amqp_interop, a_broker_that_stands_still_is_found_by_its_heartbeat)
{
    connection quick = run(connect(at().heartbeat(1s)));
    std::string why;
    quick.on_disconnected([&](const error& e) { why = e.what(); });
    bool back = false;
    quick.on_recovered([&] { back = true; });
    ::kill(shared->pid(), SIGSTOP);
    const auto wait_for = [](const std::function<bool()>* done) -> awaitable<void> {
        while (!(*done)()) co_await ferry::sleep(20ms);
    };
    const std::function<bool()> lost = [&] { return !why.empty(); };
    run(timeout(120s, wait_for(&lost)));
    EXPECT_NE(why.find("nothing came from the broker for 2 s"), std::string::npos) << why;
    ::kill(shared->pid(), SIGCONT);
    const std::function<bool()> recovered = [&] { return back; };
    run(timeout(120s, wait_for(&recovered)));
}

}  // namespace
}  // namespace ferry::amqp
