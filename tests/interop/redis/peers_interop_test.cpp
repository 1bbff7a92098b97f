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

std::vector<std::string> peer(const server& at, const char* what)
{
    return {FERRY_PYTHON, FERRY_INTEROP_DIR "/redis_peer.py", at.url(), what};
}

void run_peer(const server& at, const char* what)
{
    const auto done = testing::run_program(peer(at, what));
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_TRUE(done.out.ends_with("ok\n")) << done.out;
}

std::string all_bytes()
{
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    return all;
}

TEST(redis_interop, reads_what_redis_py_writes)
{
    const server at;
    run_peer(at, "write");
    client r(at.url());
    EXPECT_EQ(run(r.get("py:text")), "grüße");
    EXPECT_EQ(run(r.get(all_bytes())), all_bytes());
    EXPECT_THAT(run(r.hgetall("py:hash")), ElementsAre(Pair("a", "1"), Pair("\xFF", "\0"s)));
    EXPECT_THAT(run(r.lrange("py:list", 0, -1)), ElementsAre("x", "2", "3.5"));
    EXPECT_THAT(run(r.smembers("py:set")), ElementsAre("m", "n"));
    EXPECT_THAT(run(r.zrange_withscores("py:zset", 0, -1)),
                ElementsAre(Pair("one", 1), Pair("pi", 3.14)));
    EXPECT_EQ(run(r.xrange("py:stream"))[0]["field"], "value");
    EXPECT_EQ(run(r.lrange("py:many", 0, -1)).size(), 100'000);
}

TEST(redis_interop, redis_py_reads_what_ferry_writes)
{
    const server at;
    client r(at.url());
    run(r.set("cpp:text", "grüße"));
    run(r.set("\x06\x16" + all_bytes(), all_bytes()));
    run(r.hset("cpp:hash", std::map<std::string, std::string>{{"a", "1"}, {"\xFF", "\0"s}}));
    run(r.rpush("cpp:list", "x", 2, 3.5));
    run(r.sadd("cpp:set", "m", "n"));
    run(r.zadd("cpp:zset", scored_members{{"one", 1}, {"pi", 3.14}}));
    run(r.xadd("cpp:stream", std::map<std::string, std::string>{{"field", "value"}}));
    run(r.set("cpp:big", std::string(64U << 20U, 'x')));
    named_lock door(r, "cpp:lock", 30s);
    EXPECT_TRUE(run(door.acquire()));
    run_peer(at, "check");
}

awaitable<std::vector<std::string>> hear(client r, std::string channel, std::size_t count,
                                         std::function<void()> when_ready)
{
    subscriber news(r);
    auto subscribing = news.subscribe({channel});
    co_await std::move(subscribing);
    when_ready();
    std::vector<std::string> heard;
    while (heard.size() < count) {
        auto next = news.next();
        const auto m = co_await std::move(next);
        heard.push_back(m->data());
    }
    co_return heard;
}

TEST(redis_interop, channels_both_ways)
{
    const server at;
    client r(at.url());
    std::unique_ptr<testing::program> python;
    const auto heard =
        run(timeout(60s, hear(r, "py:news", 1000, [&] {
                        python = std::make_unique<testing::program>(
                            peer(at, "publish"), at.directory() / "out1", at.directory() / "err1");
                    })));
    EXPECT_EQ(heard.back(), "message 999");
    EXPECT_EQ(python->wait(), 0) << testing::read_file(at.directory() / "err1");

    testing::program listener(peer(at, "listen"), at.directory() / "out2", at.directory() / "err2");
    while (testing::read_file(at.directory() / "out2") != "ready\n") run(ferry::sleep(10ms));
    pipeline p;
    for (int i = 0; i < 1000; ++i) p.publish("cpp:news", fmt::format("message {}", i));
    run(r.execute(std::move(p)));
    EXPECT_EQ(listener.wait(), 0) << testing::read_file(at.directory() / "err2");
}

}  // namespace
}  // namespace ferry::redis
