#include "ferry/async/gather.hpp"
#include "ferry/async/green.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"

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

    static std::string url()
    {
        return shared->url(fmt::format("/1?protocol={}&socket_timeout=60", GetParam()));
    }

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
    EXPECT_TRUE(run(r.set(binary, "new", set_options().xx().ex(600s))));
    EXPECT_GT(run(r.pttl(binary)), 500'000);
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
    EXPECT_TRUE(run(r.expire("y", 60s)));
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
    auto got = run(r.xreadgroup("g", "me", {{"s", ">"}}, 60s, 1));
    ASSERT_EQ(got.size(), 1);
    EXPECT_EQ(got[0].first, "s");
    ASSERT_EQ(got[0].second.size(), 1);
    EXPECT_EQ(run(r.xack("s", "g", got[0].second[0].id())), 1);
    EXPECT_TRUE(run(r.xread({{"s", "$"}}, 20ms)).empty());
    EXPECT_THROW(run(r.xgroup_create("s", "g")), response_error);
}

TEST_P(redis_commands, more_of_keys_and_strings)
{
    run(r.set("k", "hello"));
    EXPECT_EQ(run(r.getrange("k", 1, -2)), "ell");
    EXPECT_EQ(run(r.setrange("k", 5, " world")), 11);
    EXPECT_EQ(run(r.get("k")), "hello world");
    EXPECT_FALSE(run(r.setbit("bits", 7, true)));
    EXPECT_TRUE(run(r.getbit("bits", 7)));
    EXPECT_EQ(run(r.bitcount("bits")), 1);
    const std::map<std::string, int> pairs{{"k", 1}, {"new", 2}};
    EXPECT_FALSE(run(r.msetnx(pairs)));
    EXPECT_TRUE(run(r.expireat("k", std::chrono::system_clock::now() + 1h)));
    EXPECT_NEAR(static_cast<double>(run(r.ttl("k"))), 3600, 5);
    EXPECT_EQ(run(r.touch("k", "bits", "none")), 2);
    EXPECT_TRUE(run(r.copy("k", "copied")));
    EXPECT_FALSE(run(r.renamenx("k", "copied")));
    EXPECT_TRUE(run(r.randomkey()));
}

TEST_P(redis_commands, more_of_lists_and_hashes)
{
    run(r.rpush("l", "b", "d", "e"));
    EXPECT_EQ(run(r.linsert_before("l", "b", "a")), 4);
    EXPECT_EQ(run(r.linsert_after("l", "b", "c")), 5);
    EXPECT_EQ(run(r.linsert_after("l", "x", "c")), -1);
    EXPECT_TRUE(run(r.lset("l", 0, "A")));
    EXPECT_EQ(run(r.lpop("l", 2)), (std::vector<std::string>{"A", "b"}));
    EXPECT_EQ(run(r.rpop("l", 9)), (std::vector<std::string>{"e", "d", "c"}));
    EXPECT_EQ(run(r.rpop("l", 9)), std::nullopt);
    EXPECT_EQ(run(r.lpushx("l", "x")), 0);
    EXPECT_EQ(run(r.rpushx("l", "x")), 0);
    run(r.rpush("l", "x"));
    EXPECT_EQ(run(r.rpoplpush("l", "m")), "x");
    EXPECT_TRUE(run(r.hsetnx("h", "n", 1)));
    EXPECT_FALSE(run(r.hsetnx("h", "n", 2)));
    EXPECT_EQ(run(r.hincrbyfloat("h", "n", 0.5)), 1.5);
}

TEST_P(redis_commands, more_of_sets)
{
    run(r.sadd("a", "1", "2", "3"));
    run(r.sadd("b", "2", "3", "4"));
    EXPECT_EQ(run(r.sinter("a", "b")), (std::set<std::string>{"2", "3"}));
    EXPECT_EQ(run(r.sunion("a", "b")), (std::set<std::string>{"1", "2", "3", "4"}));
    EXPECT_EQ(run(r.sdiff("a", "b")), (std::set<std::string>{"1"}));
    EXPECT_EQ(run(r.sinterstore("i", "a", "b")), 2);
    EXPECT_EQ(run(r.sunionstore("u", "a", "b")), 4);
    EXPECT_EQ(run(r.sdiffstore("d", "a", "b")), 1);
    EXPECT_EQ(run(r.smismember("a", std::vector{"1", "9"})), (std::vector<bool>{true, false}));
    EXPECT_TRUE(run(r.smove("a", "b", "1")));
    EXPECT_EQ(run(r.srandmember("b", -9)).size(), 9);
    EXPECT_EQ(run(r.spop("b", 9)).size(), 4);

    run(r.zadd("z", scored_members{{"one", 1}, {"two", 2}, {"three", 3}, {"four", 4}}));
    EXPECT_THAT(run(r.zrevrange("z", 0, 1)), ElementsAre("four", "three"));
    EXPECT_THAT(run(r.zrevrange_withscores("z", 0, 0)), ElementsAre(Pair("four", 4)));
    EXPECT_EQ(run(r.zmscore("z", std::vector{"one", "none"})),
              (std::vector<std::optional<double>>{1, std::nullopt}));
    EXPECT_EQ(run(r.zrevrank("z", "four")), 0);
    EXPECT_THAT(run(r.zpopmax("z")), ElementsAre(Pair("four", 4)));
    EXPECT_EQ(run(r.zremrangebyrank("z", 0, 0)), 1);
    EXPECT_EQ(run(r.zremrangebyscore("z", 3, 9)), 1);
    EXPECT_EQ(run(r.zunionstore("zu", std::vector{"z", "z"})), 1);
    EXPECT_EQ(run(r.zscore("zu", "two")), 4);
    EXPECT_EQ(run(r.zinterstore("zi", std::vector{"z", "none"})), 0);
}

TEST_P(redis_commands, counting_places_and_the_server)
{
    EXPECT_TRUE(run(r.pfadd("p", "a", "b")));
    EXPECT_TRUE(run(r.pfadd("q", "c")));
    EXPECT_EQ(run(r.pfcount("p", "q")), 3);
    EXPECT_TRUE(run(r.pfmerge("both", "p", "q")));
    EXPECT_EQ(run(r.geoadd("g", 10.75, 59.91, "oslo")), 1);
    run(r.geoadd("g", 5.32, 60.39, "bergen"));
    EXPECT_NEAR(*run(r.geodist("g", "oslo", "bergen", "km")), 305, 5);
    EXPECT_THAT(run(r.geosearch("g", 10.7, 59.9, 50, "km")), ElementsAre("oslo"));
    EXPECT_TRUE(run(r.info("server"))["redis_version"].starts_with("7"));
    EXPECT_TRUE(run(r.info()).contains("used_memory"));
    EXPECT_TRUE(run(r.config_set("maxmemory", "100mb")));
    EXPECT_EQ(run(r.config_get("maxmemory"))["maxmemory"], "104857600");
    EXPECT_TRUE(run(r.config_set("maxmemory", 0)));
    EXPECT_TRUE(run(r.pubsub_channels("none*")).empty());
    EXPECT_EQ(run(r.pubsub_numsub("none"))["none"], 0);
}

TEST_P(redis_commands, functions_and_known_scripts)
{
    const std::vector<std::string> keys{"n"};
    const std::vector<std::string> arguments{"5"};
    run(r.set("n", 1));
    const std::string sha = run(r.script_load("return redis.call('INCRBY', KEYS[1], ARGV[1])"));
    EXPECT_EQ(run(r.evalsha(sha, keys, arguments)).as<int>(), 6);
    EXPECT_EQ(run(r.function_load("#!lua name=shop\n"
                                  "redis.register_function('add', function(k, a)\n"
                                  "  return redis.call('INCRBY', k[1], a[1]) end)")),
              "shop");
    EXPECT_EQ(run(r.fcall("add", keys, arguments)).as<int>(), 11);
}

TEST_P(redis_commands, groups_of_streams)
{
    const std::map<std::string, std::string> fields{{"f", "v"}};
    std::vector<std::string> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(run(r.xadd("s", fields)));
    EXPECT_EQ(run(r.xrevrange("s", "+", "-", 1)).front().id(), ids[2]);
    run(r.xgroup_create("s", "g", "0"));
    EXPECT_EQ(run(r.xpending("s", "g")).count(), 0);
    run(r.xreadgroup("g", "ann", {{"s", ">"}}, 60s));
    const pending_summary all = run(r.xpending("s", "g"));
    EXPECT_EQ(all.count(), 3);
    EXPECT_EQ(all.first(), ids[0]);
    EXPECT_EQ(all.last(), ids[2]);
    EXPECT_THAT(all.consumers(), ElementsAre(Pair("ann", 3)));
    const auto entries = run(r.xpending_range("s", "g"));
    ASSERT_EQ(entries.size(), 3);
    EXPECT_EQ(entries[1].id(), ids[1]);
    EXPECT_EQ(entries[1].consumer(), "ann");
    EXPECT_EQ(entries[1].deliveries(), 1);
    EXPECT_EQ(run(r.xclaim("s", "g", "bob", 0ms, ids[0])).front().id(), ids[0]);
    const claimed_entries taken = run(r.xautoclaim("s", "g", "bob", 0ms));
    EXPECT_EQ(taken.entries().size(), 3);
    EXPECT_EQ(taken.next(), "0-0");
    EXPECT_EQ(run(r.xinfo_stream("s"))["length"].as<int>(), 3);
    EXPECT_EQ(run(r.xinfo_groups("s")).front()["name"].as<std::string>(), "g");
    EXPECT_EQ(run(r.xinfo_consumers("s", "g")).size(), 2);
    EXPECT_EQ(run(r.xgroup_delconsumer("s", "g", "bob")), 3);
    EXPECT_TRUE(run(r.xgroup_destroy("s", "g")));
}

TEST_P(redis_commands, a_stream_is_read_as_it_grows)
{
    const std::map<std::string, std::string> fields{{"f", "v"}};
    run(r.xadd("s", fields));
    stream_reader fresh(r, "s");
    EXPECT_EQ(run(fresh.next(20ms)), std::nullopt);
    const std::string second = run(r.xadd("s", fields));
    const std::string third = run(r.xadd("s", fields));
    EXPECT_EQ(run(fresh.next())->id(), second);
    EXPECT_EQ(run(fresh.next())->id(), third);
    // A cancelled wait loses none.
    EXPECT_THROW(run(timeout(20ms, fresh.next())), timeout_error);
    const std::string fourth = run(r.xadd("s", fields));
    EXPECT_EQ(run(fresh.next())->id(), fourth);
    stream_reader old(r, "s", "0");
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(run(old.next(60s)));
    EXPECT_FALSE(run(old.next(1ms)));
}

TEST_P(redis_commands, a_group_shares_a_stream_and_takes_over_from_the_silent)
{
    std::vector<std::string> ids;
    for (int i = 0; i < 4; ++i) {
        ids.push_back(run(r.xadd("s", std::map<std::string, int>{{"n", i}})));
    }
    run(r.xgroup_create("s", "g", "0"));
    {
        stream_reader ann(r, "s", "g", "ann");
        auto first = run(ann.next());
        EXPECT_EQ((*first)["n"], "0");
        EXPECT_TRUE(run(ann.ack(*first)));
        EXPECT_FALSE(run(ann.ack(*first)));
    }
    // Begun anew, she has what she had got before.
    stream_reader again(r, "s", "g", "ann");
    EXPECT_EQ((*run(again.next()))["n"], "1");
    run(r.xdel("s", ids[2]));
    // Bob takes over what she leaves alone: the deleted one is not among it.
    stream_reader bob(r, "s", "g", "bob", 50ms);
    for (const char* n : {"1", "3"}) {
        const auto taken = run(bob.next(60s));
        EXPECT_EQ((*taken)["n"], n);
        EXPECT_TRUE(run(bob.ack(*taken)));
    }
    EXPECT_THROW(run(timeout(20ms, bob.next())), timeout_error);
    run(r.xadd("s", std::map<std::string, int>{{"n", 4}}));
    const std::optional<stream_entry> fifth = run(bob.next(60s));
    EXPECT_EQ((*fifth)["n"], "4");
    EXPECT_TRUE(run(bob.ack(*fifth)));
}

TEST_P(redis_commands, blocking_commands_wait_beside_the_others)
{
    const auto later = [](client over) -> awaitable<void> {
        auto pushing = over.rpush("q", "job");
        co_await std::move(pushing);
    };
    const auto [got, pushed] = run(gather(r.brpop({"p", "q"}, 60s), later(r)));
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

    named_lock door(r, "door", 60s);
    named_lock other(r, "door", 60s);
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

TEST_P(redis_commands, sharded_channels)
{
    const auto listen = [](client over) -> awaitable<void> {
        subscriber news(over);
        auto subscribing = news.ssubscribe({"shard"});
        co_await std::move(subscribing);
        auto saying = over.spublish("shard", "hello");
        EXPECT_EQ(co_await std::move(saying), 1);
        auto next = news.next();
        const auto m = co_await std::move(next);
        EXPECT_EQ(m->channel(), "shard");
        EXPECT_EQ(m->data(), "hello");
        auto leaving = news.sunsubscribe({"shard"});
        co_await std::move(leaving);
        auto unheard = over.spublish("shard", "x");
        EXPECT_EQ(co_await std::move(unheard), 0);
    };
    run(listen(r));
}

TEST(redis_urls, a_socket_of_the_file_system)
{
    const testing::temporary_directory directory;
    const std::string path = directory / "redis.sock";
    const server at({"--unixsocket", path});
    for (const std::string& url :
         {"unix://" + path + "?db=2", "redis+socket://" + path + "?virtual_host=2"}) {
        SCOPED_TRACE(url);
        client r(url);
        run(r.set("k", "v"));
        client same(at.url("/2"));
        EXPECT_EQ(run(same.getdel("k")), "v");
    }
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
