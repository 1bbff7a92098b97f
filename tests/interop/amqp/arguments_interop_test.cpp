// Every argument of queues, exchanges and consumers that RabbitMQ knows, seen by what it does.
#include "ferry/amqp/amqp.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/documents/json.hpp"

#include "broker.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::amqp {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class amqp_arguments : public ::testing::Test {
protected:
    static void SetUpTestSuite() { shared = std::make_unique<broker>(); }
    static void TearDownTestSuite() { shared.reset(); }

    static void until(const std::function<bool()>& done)
    {
        const auto end = std::chrono::steady_clock::now() + 90s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) throw std::runtime_error("in vain");
            run(ferry::sleep(20ms));
        }
    }
    std::string declare(const value& with)
    {
        return run(ch.queue_declare("", exclusive(), arguments(with))).name();
    }
    // A durable one of this type, as some types have to be.
    void declare(const std::string& name, const char* type, value with = value::object())
    {
        with.insert("x-queue-type", type);
        run(ch.queue_declare(name, durable(), arguments(with)));
    }
    void publish(const std::string& queue, std::string body, properties with = properties())
    {
        run(timeout(90s, ch.basic_publish("", queue, std::move(body), std::move(with))));
    }
    std::uint32_t count(const std::string& queue)
    {
        return run(ch.queue_declare(queue, passive())).message_count();
    }
    delivery taken(const std::string& queue)
    {
        std::optional<delivery> d;
        until([&] { return (d = run(ch.basic_get(queue, true))).has_value(); });
        return std::move(*d);
    }
    // All that is there, in its order.
    std::vector<std::string> drained(const std::string& queue)
    {
        std::vector<std::string> all;
        while (const auto d = run(ch.basic_get(queue, true))) all.emplace_back(d->text());
        return all;
    }

    static inline std::unique_ptr<broker> shared;
    connection c = run(connect(shared->url()));
    channel ch = run(c.channel(confirm()));
};

// The broker's reply code to what it refuses; 0 if it does not.
template <class T>
int refusal(awaitable<T> operation)
{
    try {
        run(timeout(90s, std::move(operation)));
    } catch (const channel_closed& e) {
        return e.reply_code();
    } catch (const connection_closed& e) {
        return e.reply_code();
    }
    return 0;
}

TEST_F(amqp_arguments, a_single_active_consumer_has_all_until_it_leaves)
{
    const std::string q = declare(value::object("x-single-active-consumer", true));
    channel first_on = run(c.channel());
    channel second_on = run(c.channel());
    consumer first = run(first_on.basic_consume(q, prefetch(1)));
    consumer second = run(second_on.basic_consume(q, prefetch(10)));
    for (const char* body : {"1", "2", "3"}) publish(q, body);
    auto d = run(timeout(90s, first.next()));
    EXPECT_EQ(d->text(), "1");
    // The first has as much as it may have; nothing goes to the second, though it has room.
    EXPECT_EQ(count(q), 2U);
    run(d->ack());
    d = run(timeout(90s, first.next()));
    EXPECT_EQ(d->text(), "2");
    EXPECT_EQ(count(q), 1U);
    EXPECT_EQ(c.statistics().unacked, 1U);
    run(first_on.close());
    // What the first had not settled comes before the rest.
    for (const char* body : {"2", "3"}) {
        d = run(timeout(90s, second.next()));
        EXPECT_EQ(d->text(), body);
        EXPECT_EQ(d->redelivered(), d->text() == "2");
        run(d->ack());
    }
}

TEST_F(amqp_arguments, a_queue_that_nobody_uses_expires)
{
    const auto soon = arguments(value::object("x-expires", 700));
    run(ch.queue_declare("in use", soon));
    consumer user = run(ch.basic_consume("in use"));
    run(ch.queue_declare("unused", soon));
    // Asking for it over a channel would count as using it.
    const auto names = [] { return shared->ctl({"list_queues", "name"}); };
    EXPECT_THAT(names(), HasSubstr("in use"));
    until([&] { return names().find("unused") == std::string::npos; });
    EXPECT_EQ(run(ch.queue_declare("in use", passive())).consumer_count(), 1U);
    run(user.cancel());
    until([&] { return names().find("in use") == std::string::npos; });
}

TEST_F(amqp_arguments, a_full_queue_drops_refuses_or_gives_away)
{
    const std::string dead = declare(value::object());
    const auto fill = [&](value with) {
        with.insert("x-dead-letter-exchange", "");
        with.insert("x-dead-letter-routing-key", dead);
        const std::string q = declare(with);
        std::string refused;
        for (const char* body : {"12345", "67890", "abc"}) {
            try {
                publish(q, body);
            } catch (const error& e) {
                EXPECT_EQ(e.code(), errc::publish_nacked) << e.what();
                refused += body;
            }
        }
        EXPECT_THAT(refused, AnyOf("", "abc"));
        const auto kept = drained(q);
        if (refused.empty()) {
            EXPECT_THAT(kept, ElementsAre("67890", "abc"));
        } else {
            EXPECT_THAT(kept, ElementsAre("12345", "67890"));
        }
        return !refused.empty();
    };
    const auto died = [&](const char* body) {
        const delivery d = taken(dead);
        EXPECT_EQ(d.text(), body);
        EXPECT_EQ(d.properties().headers()["x-death"][0]["reason"], value("maxlen"));
    };
    for (const char* limit : {"x-max-length", "x-max-length-bytes"}) {
        SCOPED_TRACE(limit);
        const int most = std::string_view(limit) == "x-max-length" ? 2 : 10;
        EXPECT_FALSE(fill(value::object(limit, most)));
        died("12345");
        EXPECT_FALSE(fill(value::object(limit, most, "x-overflow", "drop-head")));
        died("12345");
    }
    EXPECT_TRUE(fill(value::object("x-max-length", 2, "x-overflow", "reject-publish-dlx")));
    died("abc");
    EXPECT_TRUE(fill(value::object("x-max-length", 2, "x-overflow", "reject-publish")));
    EXPECT_EQ(count(dead), 0U);
}

TEST_F(amqp_arguments, a_message_carries_each_of_its_deaths_the_newest_first)
{
    const std::string last = declare(value::object());
    const auto dying_into = [&](const std::string& next, value with) {
        with.insert("x-dead-letter-exchange", "");
        with.insert("x-dead-letter-routing-key", next);
        return declare(with);
    };
    const std::string second = dying_into(last, value::object("x-message-ttl", 1));
    const std::string first = dying_into(second, value::object());
    publish(first, "x", properties().expiration("1"));
    const delivery d = taken(last);
    const value headers = d.properties().headers();
    const value deaths = headers["x-death"];
    ASSERT_EQ(deaths.size(), 2U);
    EXPECT_EQ(deaths[0]["queue"], value(second));
    EXPECT_EQ(deaths[0]["reason"], value("expired"));
    EXPECT_EQ(deaths[1]["queue"], value(first));
    EXPECT_EQ(deaths[1]["original-expiration"], value("1"));
    EXPECT_EQ(headers["x-first-death-queue"], value(first));
    EXPECT_EQ(headers["x-first-death-reason"], value("expired"));
    EXPECT_EQ(headers["x-first-death-exchange"], value(""));
    EXPECT_EQ(d.properties().expiration(), "");
}

TEST_F(amqp_arguments, dead_letters_wait_at_least_once_for_a_queue_that_takes_them)
{
    // Three minutes unless told otherwise.
    shared->ctl({"eval",
                 "application:set_env(rabbit, dead_letter_worker_publisher_confirm_timeout, "
                 "500)."});
    const value with = value::object("x-dead-letter-exchange", "", "x-dead-letter-routing-key",
                                     "late", "x-overflow", "reject-publish", "x-message-ttl", 1);
    value strict = with;
    strict.insert("x-dead-letter-strategy", "at-least-once");
    declare("strict", "quorum", strict);
    publish("strict", "kept");
    until([&] { return count("strict") == 0; });
    run(ch.queue_declare("late"));
    EXPECT_EQ(taken("late").text(), "kept");
    run(ch.queue_delete("late"));
    run(ch.queue_delete("strict"));
}

TEST_F(amqp_arguments, priorities_order_messages_and_consumers)
{
    const std::string q = declare(value::object("x-max-priority", 5));
    publish(q, "none");
    publish(q, "one", properties().priority(1));
    publish(q, "most", properties().priority(5));
    publish(q, "more", properties().priority(9));
    EXPECT_THAT(drained(q), ElementsAre("most", "more", "one", "none"));

    consumer low = run(ch.basic_consume(q, prefetch(1)));
    consumer high =
        run(ch.basic_consume(q, prefetch(1), arguments(value::object("x-priority", 10))));
    publish(q, "to the high one");
    publish(q, "to the low one, as the other has enough");
    EXPECT_EQ(run(timeout(90s, high.next()))->text(), "to the high one");
    EXPECT_EQ(run(timeout(90s, low.next()))->text(), "to the low one, as the other has enough");
}

TEST_F(amqp_arguments, a_consumer_may_ask_to_be_cancelled_when_its_queue_moves)
{
    const std::string q = declare(value::object());
    consumer all =
        run(ch.basic_consume(q, arguments(value::object("x-cancel-on-ha-failover", true))));
    EXPECT_THAT(shared->ctl({"list_consumers", "queue_name", "arguments"}),
                HasSubstr(R"({"x-cancel-on-ha-failover",true})"));
    publish(q, "x");
    EXPECT_EQ(run(timeout(90s, all.next()))->text(), "x");
}

TEST_F(amqp_arguments, a_quorum_queue_counts_deliveries_and_limits_them)
{
    const std::string dead = declare(value::object());
    declare("counted", "quorum",
            value::object("x-delivery-limit", 1, "x-dead-letter-exchange", "",
                          "x-dead-letter-routing-key", dead));
    publish("counted", "x");
    consumer all = run(ch.basic_consume("counted", prefetch(1)));
    for (int n = 0; n < 2; ++n) {
        auto d = run(timeout(90s, all.next()));
        const value headers = d->properties().headers();
        EXPECT_EQ(headers.is_null() ? 0 : headers["x-delivery-count"].as<int>(), n);
        run(d->nack());
    }
    const delivery d = taken(dead);
    EXPECT_EQ(d.properties().headers()["x-death"][0]["reason"], value("delivery_limit"));
    run(ch.queue_delete("counted"));
}

TEST_F(amqp_arguments, a_stream_is_read_from_each_kind_of_place)
{
    declare("places", "stream");
    for (int i = 0; i < 5; ++i) publish("places", std::to_string(i));
    // The text of the first message that comes, when one more is published meanwhile.
    const auto first_from = [&](const value& place) {
        channel on = run(c.channel());
        consumer from = run(on.basic_consume("places", prefetch(1),
                                             arguments(value::object("x-stream-offset", place))));
        publish("places", "after");
        const std::string text(run(timeout(90s, from.next()))->text());
        run(on.close());
        return text;
    };
    EXPECT_EQ(first_from("last"), "4");
    EXPECT_EQ(first_from("first"), "0");
    EXPECT_EQ(first_from("1h"), "0");
    EXPECT_EQ(first_from(2), "2");
    EXPECT_EQ(first_from("next"), "after");

    connection bad = run(connect(options::from_url(shared->url()).no_recovery()));
    channel on = run(bad.channel());
    EXPECT_EQ(refusal(on.basic_consume("places", prefetch(1),
                                       arguments(value::object("x-stream-offset", "soon")))),
              541);
    channel other = run(c.channel());
    EXPECT_EQ(refusal(other.basic_consume("places", prefetch(0))), 406);
    run(ch.queue_delete("places"));
}

TEST_F(amqp_arguments, are_kept_by_the_broker_as_they_were_sent)
{
    struct row {
        const char* type;
        const char* name;
        value sent;
        const char* kept;
        value other;  ///< with which it is another queue; null: that is not looked at
    };
    const std::vector<row> rows{
        {"classic", "x-queue-mode", "lazy", R"("lazy")", "default"},
        {"classic", "x-queue-mode", "default", R"("default")", "lazy"},
        {"classic", "x-queue-version", 1, "1", 2},
        {"classic", "x-queue-version", 2, "2", 1},
        {"classic", "x-queue-master-locator", "client-local", R"("client-local")", nullptr},
        {"classic", "x-queue-master-locator", "min-masters", R"("min-masters")", nullptr},
        {"classic", "x-queue-master-locator", "random", R"("random")", nullptr},
        {"classic", "x-max-length", 0, "0", 1},
        {"classic", "x-max-length-bytes", std::int64_t{1} << 40U, "1099511627776", 1},
        {"classic", "x-of-my-own", "kept", R"("kept")", nullptr},
        {"quorum", "x-queue-leader-locator", "client-local", R"("client-local")", "balanced"},
        {"quorum", "x-queue-leader-locator", "balanced", R"("balanced")", "client-local"},
        {"quorum", "x-quorum-initial-group-size", 1, "1", 3},
        {"quorum", "x-delivery-limit", 3, "3", 4},
        {"quorum", "x-dead-letter-strategy", "at-most-once", R"("at-most-once")", "at-least-once"},
        {"stream", "x-queue-leader-locator", "client-local", R"("client-local")", "balanced"},
        {"stream", "x-max-age", "7D", R"("7D")", "8D"},
        {"stream", "x-stream-max-segment-size-bytes", 1'000'000, "1000000", 2'000'000},
        {"stream", "x-initial-cluster-size", 1, "1", 2},
    };
    const auto name_of = [&](const row& r) { return "kept " + std::to_string(&r - rows.data()); };
    const auto said = [](const row& r) {
        return std::string(r.type) + ' ' + r.name + ' ' + r.kept;
    };
    for (const row& r : rows) {
        SCOPED_TRACE(said(r));
        for (int n = 0; n < 2; ++n) declare(name_of(r), r.type, value::object(r.name, r.sent));
        publish(name_of(r), "x");
    }
    const std::string all = shared->ctl({"list_queues", "name", "arguments"});
    for (const row& r : rows) {
        SCOPED_TRACE(said(r));
        const std::size_t at = all.find(name_of(r) + '\t');
        ASSERT_NE(at, std::string::npos);
        EXPECT_THAT(all.substr(at, all.find('\n', at) - at),
                    HasSubstr(std::string("{\"") + r.name + "\"," + r.kept + "}"));
        if (!r.other.is_null()) {
            channel on = run(c.channel());
            const value with = value::object("x-queue-type", r.type, r.name, r.other);
            EXPECT_EQ(refusal(on.queue_declare(name_of(r), durable(), arguments(with))), 406);
        }
        run(ch.queue_delete(name_of(r)));
    }
}

TEST_F(amqp_arguments, that_make_no_sense_are_refused)
{
    struct row {
        const char* type;
        const char* name;
        value bad;
    };
    for (const row& r : std::vector<row>{
             {"classic", "x-message-ttl", -1},
             {"classic", "x-expires", 0},
             {"classic", "x-max-length", -1},
             {"classic", "x-max-length-bytes", "many"},
             {"classic", "x-overflow", "burst"},
             {"classic", "x-dead-letter-exchange", 1},
             {"classic", "x-dead-letter-routing-key", "without an exchange"},
             {"classic", "x-max-priority", -1},
             {"classic", "x-queue-mode", "busy"},
             {"classic", "x-queue-version", 3},
             {"classic", "x-single-active-consumer", "yes"},
             {"round", "x-max-length", 1},
             {"quorum", "x-max-priority", 5},
             {"quorum", "x-quorum-initial-group-size", 0},
             {"quorum", "x-queue-leader-locator", "nowhere"},
             {"quorum", "x-dead-letter-strategy", "sometimes"},
             {"stream", "x-stream-max-segment-size-bytes", -1},
             {"stream", "x-initial-cluster-size", "large"},
         }) {
        SCOPED_TRACE(std::string(r.type) + ' ' + r.name);
        channel on = run(c.channel());
        const value with = value::object("x-queue-type", r.type, r.name, r.bad);
        EXPECT_EQ(refusal(on.queue_declare("refused", durable(), arguments(with))), 406);
    }
    const auto of_type = [](const char* type) {
        return arguments(value::object("x-queue-type", type));
    };
    for (const char* type : {"quorum", "stream"}) {
        SCOPED_TRACE(type);
        channel on = run(c.channel());
        EXPECT_EQ(refusal(on.queue_declare("refused", of_type(type))), 406);
        on = run(c.channel());
        EXPECT_EQ(refusal(on.queue_declare("refused", durable(), exclusive(), of_type(type))), 406);
        on = run(c.channel());
        EXPECT_EQ(refusal(on.queue_declare("refused", durable(), auto_delete(), of_type(type))),
                  406);
    }
    // Over this one RabbitMQ fails, and with it the connection.
    connection bad = run(connect(options::from_url(shared->url()).no_recovery()));
    channel on = run(bad.channel());
    const value with = value::object("x-queue-type", "stream", "x-max-age", "for ever");
    EXPECT_EQ(refusal(on.queue_declare("refused", durable(), arguments(with))), 541);
}

TEST_F(amqp_arguments, headers_are_matched_as_the_binding_says)
{
    const std::string q = declare(value::object());
    struct row {
        value binding;
        value headers;
        bool matches;
    };
    const auto both = value::object("a", 1, "x-b", 2);
    for (const row& r : std::vector<row>{
             {value::object("x-match", "all", "a", 1, "x-b", 2), value::object("a", 1), true},
             {value::object("x-match", "all-with-x", "a", 1, "x-b", 2), value::object("a", 1),
              false},
             {value::object("x-match", "all-with-x", "a", 1, "x-b", 2), both, true},
             {value::object("x-match", "any", "a", 1, "x-b", 2), value::object("x-b", 2), false},
             {value::object("x-match", "any", "a", 1, "x-b", 2), both, true},
             {value::object("x-match", "any-with-x", "a", 1, "x-b", 2), value::object("x-b", 2),
              true},
             {value::object("a", 1), value::object("a", std::int64_t{1} << 40U), false},
             {value::object("a", std::int64_t{1} << 40U),
              value::object("a", std::int64_t{1} << 40U), true},
             {value::object("a", 1), value::object("a", 1.0), true},
             {value::object("a", 1), value::object("a", "1"), false},
         }) {
        SCOPED_TRACE(json::dump(r.binding) + ' ' + json::dump(r.headers));
        run(ch.queue_bind(q, "amq.headers", "", r.binding));
        run(ch.basic_publish("amq.headers", "", "x", properties().headers(r.headers)));
        EXPECT_EQ(drained(q).size(), r.matches ? 1U : 0U);
        run(ch.queue_unbind(q, "amq.headers", "", r.binding));
    }
}

TEST_F(amqp_arguments, an_alternate_exchange_takes_what_would_come_back)
{
    const std::string q = declare(value::object());
    run(ch.exchange_declare("choosy", "direct", auto_delete(),
                            arguments(value::object("alternate-exchange", "amq.fanout"))));
    const std::string chosen = declare(value::object());
    run(ch.queue_bind(chosen, "choosy", "chosen"));
    run(ch.queue_bind(q, "amq.fanout"));
    run(ch.basic_publish("choosy", "chosen", "1", properties(), mandatory()));
    run(ch.basic_publish("choosy", "none", "2", properties(), mandatory()));
    EXPECT_THAT(drained(chosen), ElementsAre("1"));
    EXPECT_THAT(drained(q), ElementsAre("2"));
    EXPECT_EQ(c.statistics().returned, 0U);
}

}  // namespace
}  // namespace ferry::amqp
