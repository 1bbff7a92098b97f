#include "ferry/async/gather.hpp"
#include "ferry/async/green.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"

#include "server.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ferry::redis {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::Pair;

// Each test has both versions of the protocol.
class redis_commands : public ::testing::TestWithParam<int> {
protected:
    static void SetUpTestSuite() { shared = std::make_unique<server>(); }
    static void TearDownTestSuite() { shared.reset(); }
    void SetUp() override { ferry::run(r.flushdb()); }

    static std::string url() { return shared->url(fmt::format("/1?protocol={}", GetParam())); }

    static std::unique_ptr<server> shared;
    client r{url()};
};
std::unique_ptr<server> redis_commands::shared;

TEST_P(redis_commands, strings)
{
    const std::string binary = "\0\r\n\xFF\x06\x16"s;
    EXPECT_EQ(run(r.get("none")), std::nullopt);
    EXPECT_TRUE(run(r.set(binary, binary)));
    EXPECT_EQ(run(r.get(binary)), binary);
    EXPECT_FALSE(run(r.set(binary, "new", set_options().nx())));
    EXPECT_TRUE(run(r.set(binary, "new", set_options().xx().ex(60s))));
    EXPECT_GT(run(r.pttl(binary)), 50'000);
    EXPECT_EQ(run(r.getset(binary, 5)), "new");
    EXPECT_EQ(run(r.incr(binary, 2)), 7);
    EXPECT_DOUBLE_EQ(run(r.incrbyfloat(binary, 0.5)), 7.5);
    EXPECT_EQ(run(r.append("a", "bc")), 2);
    EXPECT_TRUE(run(r.mset(std::map<std::string, int>{{"x", 1}, {"y", 2}})));
    const std::vector<std::string> keys{"x", "none", "y"};
    EXPECT_THAT(run(r.mget(keys)), ElementsAre("1", std::nullopt, "2"));
    EXPECT_EQ(run(r.exists("x", "y", "none")), 2);
    EXPECT_EQ(run(r.del("x", "none")), 1);
    EXPECT_EQ(run(r.type("y")), "string");
    EXPECT_TRUE(run(r.expire("y", 10s)));
    EXPECT_TRUE(run(r.persist("y")));
    EXPECT_EQ(run(r.pttl("y")), -1);
    EXPECT_EQ(run(r.pttl("none")), -2);
    EXPECT_EQ(run(r.getdel("y")), "2");
}

TEST_P(redis_commands, collections)
{
    EXPECT_EQ(run(r.hset("h", std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}})), 2);
    EXPECT_THAT(run(r.hgetall("h")), ElementsAre(Pair("a", "1"), Pair("b", "2")));
    EXPECT_EQ(run(r.hget("h", "none")), std::nullopt);
    EXPECT_EQ(run(r.hincrby("h", "a", 4)), 5);
    EXPECT_EQ(run(r.hdel("h", "a", "b")), 2);
    EXPECT_TRUE(run(r.hgetall("h")).empty());

    EXPECT_EQ(run(r.rpush("l", "a", "b", "c")), 3);
    EXPECT_THAT(run(r.lrange("l", 0, -1)), ElementsAre("a", "b", "c"));
    EXPECT_EQ(run(r.lpos("l", "b")), 1);
    EXPECT_EQ(run(r.lmove("l", "m", list_end::right, list_end::left)), "c");
    EXPECT_EQ(run(r.lpop("none")), std::nullopt);

    EXPECT_EQ(run(r.sadd("s", "x", "y", "x")), 2);
    EXPECT_THAT(run(r.smembers("s")), ElementsAre("x", "y"));
    EXPECT_TRUE(run(r.sismember("s", "x")));

    EXPECT_EQ(run(r.zadd("z", scored_members{{"one", 1}, {"two", 2.5}})), 2);
    EXPECT_THAT(run(r.zrange_withscores("z", 0, -1)),
                ElementsAre(Pair("one", 1), Pair("two", 2.5)));
    EXPECT_THAT(run(r.zrevrangebyscore("z", 10, 0, 0, 1)), ElementsAre(Pair("two", 2.5)));
    EXPECT_EQ(run(r.zscore("z", "one")), 1);
    EXPECT_EQ(run(r.zcount("z", 0, 2)), 1);
    EXPECT_THAT(run(r.zpopmin("z")), ElementsAre(Pair("one", 1)));
}

TEST_P(redis_commands, streams)
{
    const std::vector<std::pair<std::string, std::string>> fields{{"b", "1"}, {"a", "2"}};
    const std::string first = run(r.xadd("s", fields));
    run(r.xadd("s", fields, xadd_options().id("9999999999999-5")));
    const auto all = run(r.xrange("s"));
    ASSERT_EQ(all.size(), 2);
    EXPECT_EQ(all[0].id(), first);
    EXPECT_EQ(all[1].fields(), fields);
    EXPECT_TRUE(run(r.xgroup_create("s", "g", "0")));
    auto got = run(r.xreadgroup("g", "me", {{"s", ">"}}, 1s, 1));
    ASSERT_EQ(got.size(), 1);
    EXPECT_EQ(got[0].first, "s");
    ASSERT_EQ(got[0].second.size(), 1);
    EXPECT_EQ(run(r.xack("s", "g", got[0].second[0].id())), 1);
    EXPECT_TRUE(run(r.xread({{"s", "$"}}, 20ms)).empty());
    EXPECT_THROW(run(r.xgroup_create("s", "g")), response_error);
}

TEST_P(redis_commands, blocking_commands_wait_beside_the_others)
{
    const auto later = [](client over) -> awaitable<void> {
        auto pushing = over.rpush("q", "job");
        co_await std::move(pushing);
    };
    const auto [got, pushed] = run(gather(r.brpop({"p", "q"}, 5s), later(r)));
    EXPECT_EQ(got, popped("q", "job"));
    EXPECT_EQ(run(r.blpop({"q"}, 10ms)), std::nullopt);
    EXPECT_EQ(run(r.blmove("q", "w", list_end::left, list_end::right, 10ms)), std::nullopt);
}

TEST_P(redis_commands, pipelines_and_transactions)
{
    pipeline p;
    p.incr("n").cmd("LPUSH", "n", 1).get("n");
    const auto answers = run(r.execute(p));
    ASSERT_EQ(answers.size(), 3);
    EXPECT_EQ(answers[0].as<int>(), 1);
    EXPECT_TRUE(answers[1].is_error());
    EXPECT_EQ(answers[2].as<std::string>(), "1");

    pipeline all;
    all.incr("n").incr("n");
    EXPECT_EQ(run(r.transaction(all))[1].as<int>(), 3);

    pipeline bad;
    bad.incr("n").cmd("NOSUCH");
    EXPECT_THROW(run(r.transaction(bad)), response_error);
    EXPECT_EQ(run(r.get("n")), "3");
}

TEST_P(redis_commands, a_watched_transaction_is_done_again_if_somebody_interferes)
{
    run(r.set("balance", 10));
    int tries = 0;
    const auto double_it = [&tries, outside = r](client& c, pipeline& p) -> awaitable<void> {
        auto reading = c.get("balance");
        const auto text = co_await std::move(reading);
        if (++tries == 1) {
            client other = outside;
            auto meddling = other.set("balance", 21);
            co_await std::move(meddling);
        }
        p.set("balance", std::stoi(*text) * 2);
    };
    run(r.transaction({"balance"}, double_it));
    EXPECT_EQ(tries, 2);
    EXPECT_EQ(run(r.get("balance")), "42");
}

TEST_P(redis_commands, scans)
{
    std::map<std::string, int> keys;
    for (int i = 0; i < 2500; ++i) keys.emplace(fmt::format("key:{}", i), i);
    run(r.mset(keys));
    const auto count = [](scanner<std::string> all) -> awaitable<std::size_t> {
        std::set<std::string> seen;
        for (;;) {
            auto next = all.next();
            auto key = co_await std::move(next);
            if (!key) break;
            seen.insert(std::move(*key));
        }
        co_return seen.size();
    };
    EXPECT_EQ(run(count(scan(r, "key:*"))), 2500);
    EXPECT_EQ(run(count(scan(r, "none*"))), 0);
    run(r.hset("h", "a", 1));
    EXPECT_EQ(run(hscan(r, "h").next()), (std::pair{"a"s, "1"s}));
}

TEST_P(redis_commands, scripts_and_locks)
{
    const script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    EXPECT_EQ(run(add.run(r, {"total"}, {"5"})).as<int>(), 5);
    EXPECT_EQ(run(add.run(r, {"total"}, {"5"})).as<int>(), 10);
    const std::vector<std::string> none;
    EXPECT_TRUE(run(r.eval("return false", none, none)).is_null());
    EXPECT_THROW(run(r.eval("return redis.error_reply('ERR x')", none, none)), response_error);

    named_lock door(r, "door", 10s);
    named_lock other(r, "door", 10s);
    EXPECT_TRUE(run(door.acquire()));
    EXPECT_FALSE(run(other.acquire(50ms)));
    EXPECT_TRUE(run(door.owned()));
    run(door.extend());
    run(door.release());
    EXPECT_TRUE(run(other.acquire()));
    EXPECT_THROW(run(door.release()), error);
}

TEST_P(redis_commands, channels)
{
    const auto listen = [](client over) -> awaitable<void> {
        subscriber news(over);
        auto subscribing = news.subscribe({"a", "b"});
        co_await std::move(subscribing);
        auto also = news.psubscribe({"n*"});
        co_await std::move(also);
        auto first = over.publish("b", "hello");
        EXPECT_EQ(co_await std::move(first), 1);
        auto second = over.publish("news", "\0x"s);
        co_await std::move(second);
        auto next = news.next();
        auto m = co_await std::move(next);
        EXPECT_EQ(m->channel(), "b");
        EXPECT_EQ(m->data(), "hello");
        auto then = news.next();
        m = co_await std::move(then);
        EXPECT_EQ(m->pattern(), "n*");
        EXPECT_EQ(m->channel(), "news");
        EXPECT_EQ(m->data(), "\0x"s);
        auto leaving = news.unsubscribe({"b"});
        co_await std::move(leaving);
        auto unheard = over.publish("b", "x");
        EXPECT_EQ(co_await std::move(unheard), 0);
        news.close();
        auto end = news.next();
        EXPECT_FALSE(co_await std::move(end));
    };
    run(listen(r));
}

TEST_P(redis_commands, errors_are_the_command_s_alone)
{
    run(r.set("text", "x"));
    EXPECT_THROW(run(r.lpush("text", 1)), response_error);
    EXPECT_THROW(run(r.cmd("NOSUCH")), response_error);
    EXPECT_THROW(run(r.incr("text")), response_error);
    EXPECT_EQ(run(r.get("text")), "x");
}

TEST_P(redis_commands, big_values_and_many_commands)
{
    const std::string big(64U << 20U, 'b');
    run(r.set("big", big));
    EXPECT_EQ(run(r.get("big")).value().size(), big.size());
    run(r.del("big"));
    pipeline p;
    for (int i = 0; i < 100'000; ++i) p.incr("n");
    const auto answers = run(r.execute(std::move(p)));
    EXPECT_EQ(answers.back().as<int>(), 100'000);
}

TEST_P(redis_commands, all_four_ways_of_waiting)
{
    EXPECT_TRUE(run(r.set("k", "v")));
    EXPECT_EQ(green::run([this] { return green::wait(r.get("k")); }), "v");
    std::optional<std::string> told;
    const auto task = spawn(r.get("k")).then([&](std::optional<std::string> v) { told = v; });
    run(task.join());
    EXPECT_EQ(told, "v");
}

INSTANTIATE_TEST_SUITE_P(resp, redis_commands, ::testing::Values(2, 3),
                         [](const auto& p) { return fmt::format("version_{}", p.param); });

}  // namespace
}  // namespace ferry::redis
