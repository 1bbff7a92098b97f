// What every broker and result store keeps to. A further one is one more row of backends. Those
// that want a server run where one is named: FERRY_REDIS, FERRY_RABBITMQ, FERRY_POSTGRES.
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/testing/environment.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;
using testing::environment;

struct backend {
    const char* name;
    std::string (*broker_url)(const testing::temporary_directory&);
    std::string (*results_url)(const testing::temporary_directory&);
    bool holds_etas = true;       ///< else that is the worker's concern
    bool marks_requeued = false;  ///< as delivered before
    bool low_first = false;       ///< priority 0 goes first
};

// A temporary directory's name keeps the tests apart.
std::string redis_url(const testing::temporary_directory& d)
{
    return environment("FERRY_REDIS") +
           "?visibility_timeout=60&global_keyprefix=" + d.path().filename().string();
}

const backend all_backends[] = {
    {"sqlite", [](const testing::temporary_directory& d) { return "sqlite://" + (d / "t.db"); },
     [](const testing::temporary_directory&) { return std::string{}; }},
    {"sqlite_full",
     [](const testing::temporary_directory& d) {
         return "sqlite://" + (d / "t.db") + "?durability=full&lease=30s";
     },
     [](const testing::temporary_directory&) { return std::string{}; }},
    {"sqlite_results_apart",
     [](const testing::temporary_directory& d) { return "sqlite://" + (d / "t.db"); },
     [](const testing::temporary_directory& d) { return "sqlite://" + (d / "r.db"); }},
    {"sqlite_and_database",
     [](const testing::temporary_directory& d) { return "sqlite://" + (d / "t.db"); },
     [](const testing::temporary_directory& d) { return "db+sqlite:///" + (d / "results.db"); }},
    {"sqlite_and_postgres",
     [](const testing::temporary_directory& d) { return "sqlite://" + (d / "t.db"); },
     [](const testing::temporary_directory&) { return "db+" + environment("FERRY_POSTGRES"); }},
    {"redis", redis_url, [](const testing::temporary_directory&) { return std::string{}; }, false,
     true, true},
    {"rabbitmq",
     [](const testing::temporary_directory&) {
         return environment("FERRY_RABBITMQ") + "?max_priority=9";
     },
     [](const testing::temporary_directory&) { return std::string{}; }, false, true},
    {"rabbitmq_unconfirmed",
     [](const testing::temporary_directory&) {
         return environment("FERRY_RABBITMQ") + "?max_priority=9&confirm_publish=0";
     },
     [](const testing::temporary_directory&) { return std::string{}; }, false, true},
};

std::vector<backend> backends()
{
    std::vector<backend> usable;
    for (const backend& b : all_backends) {
        const std::string_view name = b.name;
        if (name.starts_with("redis") && environment("FERRY_REDIS").empty()) continue;
        if (name.ends_with("postgres") && environment("FERRY_POSTGRES").empty()) continue;
        if (name.starts_with("rabbitmq") && environment("FERRY_RABBITMQ").empty()) continue;
        usable.push_back(b);
    }
    return usable;
}

class broker_contract : public ::testing::TestWithParam<backend> {
public:
    broker_contract()
    {
        for (const char* queue : {"q", "r"}) ferry::run(broker_->purge(queue));
        for (const char* id : {"1", "2"}) ferry::run(results_->forget(id));
    }

    /// The body is a coroutine of the fixture's.
    void check(awaitable<void> body) { ferry::run(timeout(60s, std::move(body), "the test")); }

    awaitable<std::unique_ptr<consumer>> consume(std::size_t prefetch)
    {
        return broker_->consume(std::vector<std::string>{"q", "r"}, prefetch, results_);
    }

    awaitable<void> put(std::string id, int priority = 0, std::string queue = "q",
                        std::optional<timestamp> eta = std::nullopt)
    {
        message m;
        m.task = "t";
        m.id = std::move(id);
        m.priority = priority;
        m.eta = eta;
        return broker_->publish(std::move(queue), encode(m));
    }

    static std::string id_of(const delivery& d) { return decode(d.content).id; }

    /// Receives until there are so many.
    static awaitable<std::vector<delivery>> take(consumer* from, std::size_t count)
    {
        std::vector<delivery> all;
        while (all.size() < count) {
            auto arrived = from->receive();
            for (delivery& d : co_await std::move(arrived)) all.push_back(std::move(d));
        }
        co_return all;
    }

    static awaitable<bool> nothing_comes(consumer* from)
    {
        try {
            auto limited = timeout(30ms, from->receive());
            co_await std::move(limited);
            co_return false;
        } catch (const timeout_error&) {
            co_return true;
        }
    }

    static settlement settled(std::uint64_t tag, verdict how)
    {
        settlement s;
        s.tag = tag;
        s.verdict = how;
        return s;
    }

    /// Without waiting, by a consumer that can.
    static awaitable<void> settle_later(consumer* by, settlement s)
    {
        if (by->settle_later(s)) co_return;
        auto settling = by->settle(std::move(s));
        co_await std::move(settling);
    }

    static result_document document(std::string id, std::string status, value result)
    {
        result_document d;
        d.task_id = std::move(id);
        d.status = std::move(status);
        d.result = std::move(result);
        return d;
    }

    testing::temporary_directory dir_;
    std::shared_ptr<message_broker> broker_ = open_broker(GetParam().broker_url(dir_));
    std::shared_ptr<result_store> results_ = open_results(GetParam().results_url(dir_), broker_);
};

TEST_P(broker_contract, carries_a_message_unchanged)
{
    check([](broker_contract* t) -> awaitable<void> {
        envelope sent;
        sent.headers = value::object("task", "t", "id", "1", "other", value::array(1, "x"));
        sent.reply_to = "client";
        sent.priority = 3;
        sent.body = std::string("\0\xff body", 7);
        co_await t->broker_->publish("q", sent);
        auto from = co_await t->consume(1);
        const auto got = co_await take(from.get(), 1);
        EXPECT_EQ(got[0].content.open().headers, sent.headers);
        EXPECT_EQ(got[0].content.open().reply_to, "client");
        EXPECT_EQ(got[0].content.open().priority, 3);
        EXPECT_EQ(got[0].content.open().body, sent.body);
        EXPECT_EQ(got[0].queue, "q");
        EXPECT_FALSE(got[0].redelivered);
        EXPECT_NE(got[0].tag, 0U);
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, a_call_is_what_encode_makes_of_it)
{
    check([](broker_contract* t) -> awaitable<void> {
        std::vector<message> calls;
        calls.reserve(3);
        message& plain = calls.emplace_back();
        plain.task = "shop.add";
        plain.id = "1";
        plain.args = value::array(2, "caf\u00e9 \"quoted\" \\ \n");
        plain.kwargs = value::object("y", 3);
        plain.reply_to = "client";
        plain.origin = "gen1@here";
        message& full = calls.emplace_back(plain);
        full.id = "2";
        full.eta = timestamp(std::chrono::seconds(1'000));
        full.retries = 2;
        full.hard_time_limit = 30;
        full.ignore_result = true;
        full.root_id = "0";
        full.parent_id = "1";
        full.group = "g";
        full.group_index = 4;
        full.shadow = "shown";
        full.compression = "zlib";
        full.callbacks = value::array(value::object("task", "next"));
        message& own = calls.emplace_back(plain);
        own.id = "3";
        own.headers = value::object("tenant", 7, "origin", "elsewhere");
        auto from = co_await t->consume(10);
        for (const message& m : calls) {
            SCOPED_TRACE(m.id);
            const envelope expected = encode(m);
            co_await t->broker_->publish("q", m, nullptr);
            const auto got = co_await take(from.get(), 1);
            const envelope& e = got[0].content.open();
            EXPECT_EQ(e.headers, expected.headers);
            EXPECT_EQ(e.body, expected.body);
            EXPECT_EQ(e.content_type, expected.content_type);
            EXPECT_EQ(e.content_encoding, expected.content_encoding);
            EXPECT_EQ(e.correlation_id, expected.correlation_id);
            EXPECT_EQ(e.reply_to, expected.reply_to);
            EXPECT_EQ(e.priority, expected.priority);
            EXPECT_EQ(e.delivery_mode, expected.delivery_mode);
            co_await from->settle(settled(got[0].tag, verdict::ack));
        }
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, serves_higher_priority_first_and_several_queues)
{
    check([](broker_contract* t) -> awaitable<void> {
        co_await t->put("low");
        co_await t->put("high", 9);
        co_await t->put("other", 0, "r");
        auto from = co_await t->consume(10);
        const auto got = co_await take(from.get(), 3);
        std::vector<std::string> ids;
        for (const delivery& d : got) ids.push_back(id_of(d));
        const auto place = [&](const char* id) { return std::ranges::find(ids, id) - ids.begin(); };
        EXPECT_EQ(place("high") < place("low"), !GetParam().low_first);
        EXPECT_LT(place("other"), 3);
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, holds_no_more_than_the_prefetch)
{
    check([](broker_contract* t) -> awaitable<void> {
        for (const char* id : {"1", "2", "3", "4"}) co_await t->put(id);
        auto from = co_await t->consume(2);
        const auto first = co_await take(from.get(), 2);
        const bool quiet = co_await nothing_comes(from.get());
        EXPECT_TRUE(quiet);
        co_await from->settle(settled(first[0].tag, verdict::ack));
        const auto third = co_await take(from.get(), 1);
        EXPECT_EQ(id_of(third[0]), "3");
        from->prefetch(3, 0);
        const auto fourth = co_await take(from.get(), 1);
        EXPECT_EQ(id_of(fourth[0]), "4");
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, each_verdict)
{
    check([](broker_contract* t) -> awaitable<void> {
        for (const char* id : {"ack", "reject", "requeue"}) co_await t->put(id);
        auto from = co_await t->consume(3);
        const auto got = co_await take(from.get(), 3);
        co_await from->settle(settled(got[0].tag, verdict::ack));
        co_await from->settle(settled(got[1].tag, verdict::reject));
        co_await from->settle(settled(got[2].tag, verdict::requeue));
        const auto again = co_await take(from.get(), 1);
        EXPECT_EQ(id_of(again[0]), "requeue");
        EXPECT_EQ(again[0].redelivered, GetParam().marks_requeued);
        co_await from->settle(settled(again[0].tag, verdict::ack));
        co_await from->settle(settled(again[0].tag, verdict::ack));  // twice is once
        const bool quiet = co_await nothing_comes(from.get());
        EXPECT_TRUE(quiet);
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, what_is_given_back_beside_acks_comes_again)
{
    check([](broker_contract* t) -> awaitable<void> {
        for (const char* id : {"1", "2", "3", "4"}) co_await t->put(id);
        auto from = co_await t->consume(4);
        const auto got = co_await take(from.get(), 4);
        for (const auto& d : got) {
            settlement s = settled(d.tag, id_of(d) == "2" ? verdict::requeue : verdict::ack);
            co_await settle_later(from.get(), std::move(s));
        }
        const auto again = co_await take(from.get(), 1);
        EXPECT_EQ(id_of(again[0]), "2");
        co_await from->settle(settled(again[0].tag, verdict::ack));
        const bool quiet = co_await nothing_comes(from.get());
        EXPECT_TRUE(quiet);
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, close_gives_back_what_is_not_settled)
{
    check([](broker_contract* t) -> awaitable<void> {
        co_await t->put("1");
        co_await t->put("2");
        auto first = co_await t->consume(2);
        const auto held = co_await take(first.get(), 2);
        co_await first->settle(settled(held[0].tag, verdict::ack));
        co_await first->close();
        auto second = co_await t->consume(2);
        const auto again = co_await take(second.get(), 1);
        EXPECT_EQ(id_of(again[0]), "2");
        EXPECT_TRUE(again[0].redelivered);
        co_await second->close();
    }(this));
}

TEST_P(broker_contract, what_is_given_back_at_last_is_there_for_others)
{
    check([](broker_contract* t) -> awaitable<void> {
        co_await t->put("1");
        auto from = co_await t->consume(1);
        const auto got = co_await take(from.get(), 1);
        settlement s = settled(got[0].tag, verdict::requeue);
        co_await settle_later(from.get(), std::move(s));
        co_await from->close();
        auto other = co_await t->consume(1);
        const auto again = co_await take(other.get(), 1);
        EXPECT_EQ(id_of(again[0]), "1");
        co_await other->close();
    }(this));
}

TEST_P(broker_contract, a_cancelled_receive_loses_nothing)
{
    check([](broker_contract* t) -> awaitable<void> {
        auto from = co_await t->consume(1);
        const bool quiet = co_await nothing_comes(from.get());
        EXPECT_TRUE(quiet);
        co_await t->put("1");
        const auto got = co_await take(from.get(), 1);
        EXPECT_EQ(id_of(got[0]), "1");
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, an_eta_is_kept)
{
    if (!GetParam().holds_etas) GTEST_SKIP() << "the worker holds it";
    check([](broker_contract* t) -> awaitable<void> {
        const timestamp due = now() + 80ms;
        co_await t->put("late", 9, "q", due);
        co_await t->put("now");
        auto from = co_await t->consume(2);
        const auto first = co_await take(from.get(), 1);
        EXPECT_EQ(id_of(first[0]), "now");
        const auto second = co_await take(from.get(), 1);
        EXPECT_EQ(id_of(second[0]), "late");
        EXPECT_GE(now(), due);
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, a_settlement_leaves_messages_and_a_result)
{
    check([](broker_contract* t) -> awaitable<void> {
        co_await t->put("1");
        auto from = co_await t->consume(2);
        const auto got = co_await take(from.get(), 1);
        message next;
        next.task = "t";
        next.id = "2";
        settlement s = settled(got[0].tag, verdict::ack);
        s.publish.emplace_back("q", encode(next));
        s.result = document("1", "SUCCESS", 5);
        co_await from->settle(std::move(s));
        const auto followed = co_await take(from.get(), 1);
        EXPECT_EQ(id_of(followed[0]), "2");
        const result_document d = co_await t->results_->wait("1");
        EXPECT_EQ(d.result, value(5));
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, what_is_settled_later_is_so_when_all_is_settled)
{
    check([](broker_contract* t) -> awaitable<void> {
        co_await t->put("1");
        auto from = co_await t->consume(1);
        const auto got = co_await take(from.get(), 1);
        settlement s = settled(got[0].tag, verdict::ack);
        s.result = document("1", "SUCCESS", 5);
        co_await settle_later(from.get(), std::move(s));
        co_await from->settled();
        const result_document d = co_await t->results_->wait("1");
        EXPECT_EQ(d.result, value(5));
        co_await from->close();
    }(this));
}

TEST_P(broker_contract, counts_and_purges)
{
    check([](broker_contract* t) -> awaitable<void> {
        co_await t->put("1");
        co_await t->put("2", 0, "q", now() + 1h);
        co_await t->put("3", 0, "r");
        const std::int64_t waiting = co_await t->broker_->size("q");
        EXPECT_EQ(waiting, 2);
        const std::int64_t dropped = co_await t->broker_->purge("q");
        EXPECT_EQ(dropped, 2);
        const std::int64_t left = co_await t->broker_->size("r");
        EXPECT_EQ(left, 1);
    }(this));
}

TEST_P(broker_contract, results_are_found_waited_for_and_forgotten)
{
    check([](broker_contract* t) -> awaitable<void> {
        const result_document unknown = co_await t->results_->find("1");
        EXPECT_EQ(unknown.status, "PENDING");
        EXPECT_EQ(unknown.task_id, "1");
        auto waiting = spawn(t->results_->wait("1"));
        co_await t->results_->store(document("1", "STARTED", nullptr));
        result_document early = co_await t->results_->find("1");
        while (early.status == "PENDING") {  // on its way
            co_await sleep(1ms);
            early = co_await t->results_->find("1");
        }
        EXPECT_EQ(early.status, "STARTED");
        EXPECT_FALSE(waiting.done());
        co_await t->results_->store(document("1", "SUCCESS", value::array("x")));
        const result_document late = co_await waiting.join();
        EXPECT_EQ(late.result, value::array("x"));
        co_await t->results_->store(document("1", "FAILURE", nullptr));
        const result_document same = co_await t->results_->wait("1");
        EXPECT_EQ(same.status, "SUCCESS") << "a success stays";
        co_await t->results_->forget("1");
        const result_document gone = co_await t->results_->find("1");
        EXPECT_EQ(gone.status, "PENDING");
    }(this));
}

TEST_P(broker_contract, a_result_that_was_quicker_than_who_expects_it_is_found_at_once)
{
    check([](broker_contract* t) -> awaitable<void> {
        co_await t->results_->store(document("1", "SUCCESS", 5));
        t->results_->expect("1");
        auto waiting = t->results_->wait("1");
        // Less than a store that misses it takes to look by itself.
        auto limited = timeout(900ms, std::move(waiting));
        const result_document d = co_await std::move(limited);
        EXPECT_EQ(d.result, value(5));
    }(this));
}

TEST_P(broker_contract, a_result_tells_what_it_is_of)
{
    check([](broker_contract* t) -> awaitable<void> {
        result_document d = document("2", "FAILURE",
                                     value::object("exc_type", "ValueError", "exc_message",
                                                   value::array("no"), "exc_module", "builtins"));
        d.traceback = "ValueError('no')";
        d.date_done = iso8601::parse("2026-11-22T06:43:45.461024Z").utc;
        result_document::origin call;
        call.task = "shop.add";
        call.args = value::array(1, "x");
        call.kwargs = value::object("y", 2);
        call.worker = "w1@here";
        call.retries = 3;
        call.queue = "q";
        d.call = call;
        co_await t->results_->store(d);
        const result_document got = co_await t->results_->wait("2");
        EXPECT_EQ(task_error(got).message(), "no");
        EXPECT_EQ(got.traceback, d.traceback);
        EXPECT_EQ(got.date_done, d.date_done);
        EXPECT_TRUE(got.call);
        if (!got.call) co_return;
        EXPECT_EQ(got.call->task, "shop.add");
        EXPECT_EQ(got.call->args, call.args);
        EXPECT_EQ(got.call->kwargs, call.kwargs);
        EXPECT_EQ(got.call->worker, "w1@here");
        EXPECT_EQ(got.call->retries, 3);
        EXPECT_EQ(got.call->queue, "q");
        co_await t->results_->forget("2");
    }(this));
}

INSTANTIATE_TEST_SUITE_P(each, broker_contract, ::testing::ValuesIn(backends()),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(broker_url, names_its_options)
{
    for (const char* url :
         {"nosuch://host", "sqlite:///tmp/x.db?lease=soon", "sqlite:///tmp/x.db?durability=half",
          "sqlite:///tmp/x.db?colour=red", "://", "db+sqlite:////tmp/x.db"}) {
        SCOPED_TRACE(url);
        EXPECT_THROW(open_broker(url), error);
    }
}

TEST(database_results, of_other_databases_there_are_none)
{
    for (const char* url : {"db+mysql://u:secret@h/d", "db+sqlite://", "db+sqlite:///:memory:",
                            "db+", "db+sqlite", "db+sqlite:////no/such/folder/x.db"}) {
        SCOPED_TRACE(url);
        try {
            open_results(url, nullptr);
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(std::string{e.what()}.find("secret"), std::string::npos) << e.what();
        }
    }
}

TEST(database_results, a_server_that_is_not_there_fails_each_operation)
{
    const auto store =
        open_results("db+postgresql://u:secret@127.0.0.1:1/d?connect_timeout=2", nullptr);
    for (int i = 0; i < 2; ++i) {
        try {
            ferry::run(store->find("1"));
            FAIL();
        } catch (const error& e) {
            EXPECT_EQ(e.code(), condition::disconnected);
            EXPECT_EQ(std::string{e.what()}.find("secret"), std::string::npos) << e.what();
        }
    }
}

TEST(database_results, what_is_too_old_is_dropped_when_asked)
{
    const testing::temporary_directory d;
    const std::string url = "db+sqlite:///" + (d / "r.db");
    const auto store = open_results(url, nullptr, 1h);
    result_document old;
    old.task_id = "old";
    old.status = "SUCCESS";
    old.date_done = now() - 2h;
    ferry::run(store->store(old));
    result_document young = old;
    young.task_id = "young";
    young.date_done = now() - 30min;
    ferry::run(store->store(young));
    ferry::run(open_results(url, nullptr, 0s)->clean_up());
    EXPECT_EQ(ferry::run(store->find("old")).status, "SUCCESS") << "kept for ever";
    ferry::run(store->clean_up());
    EXPECT_EQ(ferry::run(store->find("old")).status, "PENDING");
    EXPECT_EQ(ferry::run(store->find("young")).status, "SUCCESS");
}

TEST(database_results, a_result_that_no_pickle_can_say_fails_alone)
{
    const testing::temporary_directory d;
    const auto store = open_results("db+sqlite:///" + (d / "r.db"), nullptr);
    result_document bad;
    bad.task_id = "bad";
    bad.status = "SUCCESS";
    bad.result = value::set(value::array(1));
    EXPECT_THROW(ferry::run(store->store(bad)), error);
    bad.result = 1;
    ferry::run(store->store(bad));
    EXPECT_EQ(ferry::run(store->find("bad")).result, value(1));
}

}  // namespace
}  // namespace ferry::tasks
