// GET of 16 bytes from a redis-server of this machine, beside hiredis and redis-py: one after
// another, by 64 coroutines at once, and in pipelines of 64 (hiredis: pipelines in both). And the
// parser of replies alone.
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/redis/detail/reply_parser.hpp"
#include "ferry/redis/redis.hpp"

#include "bench/bench.hpp"
#include <hiredis.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace ferry::bench {
namespace {

constexpr int at_once = 64;
constexpr int batch = 64 * 32;
constexpr int pushes = 1000;

constexpr double bar_of_pipelines = 1 / 0.9;  // of hiredis
constexpr double bar_of_redis_py = 1.0 / 5;
constexpr double longest_wake_up_us = 100;

awaitable<void> get_again_and_again(redis::client r, int count)
{
    for (int i = 0; i < count; ++i) co_await r.get("key");
}

double get_64_at_once(const redis::client& r)
{
    std::vector<awaitable<void>> all;
    for (int i = 0; i < at_once; ++i) all.push_back(get_again_and_again(r, batch / at_once));
    run(gather(std::move(all)));
    return batch;
}

awaitable<void> get_by_pipelines(redis::client r)
{
    for (int i = 0; i < batch / at_once; ++i) {
        redis::pipeline p;
        for (int k = 0; k < at_once; ++k) p.get("key");
        const auto answers = co_await r.execute(std::move(p));
        if (answers.size() != at_once) std::abort();
    }
}

double hiredis_one_by_one(redisContext* c)
{
    for (int i = 0; i < batch; ++i) freeReplyObject(redisCommand(c, "GET key"));
    return batch;
}

double hiredis_pipelines(redisContext* c)
{
    for (int i = 0; i < batch / at_once; ++i) {
        for (int k = 0; k < at_once; ++k) redisAppendCommand(c, "GET key");
        for (int k = 0; k < at_once; ++k) {
            void* reply = nullptr;
            if (redisGetReply(c, &reply) != REDIS_OK) std::abort();
            freeReplyObject(reply);
        }
    }
    return batch;
}

double parse_by_ferry(const std::string& in)
{
    redis::detail::reply_parser parser;
    double count = 0;
    for (std::string_view rest = in; !rest.empty(); ++count) {
        rest.remove_prefix(parser.parse(rest));
        if (parser.take().is_null()) std::abort();
    }
    return count;
}

double parse_by_hiredis(const std::string& in)
{
    redisReader* reader = redisReaderCreate();
    double count = 0;
    constexpr std::size_t piece = 16 * 1024;
    for (std::size_t at = 0; at < in.size(); at += piece) {
        redisReaderFeed(reader, in.data() + at, std::min(piece, in.size() - at));
        for (;;) {
            void* reply = nullptr;
            if (redisReaderGetReply(reader, &reply) != REDIS_OK) std::abort();
            if (reply == nullptr) break;
            freeReplyObject(reply);
            ++count;
        }
    }
    redisReaderFree(reader);
    return count;
}

std::string times(const std::string& text, int n)
{
    std::string all;
    for (int i = 0; i < n; ++i) all += text;
    return all;
}

void compare_with_redis_py(const std::string& port, const std::string& name, double own,
                           double bar = 0)
{
    if (!wanted("redis", name)) return;
    const std::string program =
        "/usr/bin/python3 " FERRY_BENCH_DIR "/redis_peer.py " + port + ' ' + name + " 20000";
    std::FILE* const peer = ::popen(program.c_str(), "r");
    double theirs = 0;
    if (peer == nullptr || std::fscanf(peer, "%lf", &theirs) != 1) std::abort();
    ::pclose(peer);
    print("redis", "redis-py/" + name, "cpu", {theirs}, "us/op");
    print_ratio("redis", name, own / theirs, "redis-py", bar);
}

// How long it takes from a push until who waits for it on another connection has it.
awaitable<void> wait_for_pushes(redis::client r, std::vector<double>* times)
{
    const std::vector<std::string> keys{"bench.waited"};
    for (int i = 0; i < pushes; ++i) {
        auto popping = spawn(r.brpop(keys, std::chrono::seconds(10)));
        co_await sleep(std::chrono::milliseconds(1));
        const double began = wall_seconds();
        auto pushing = spawn(r.lpush("bench.waited", "x"));
        co_await popping.join();
        times->push_back((wall_seconds() - began) * 1e6);
        co_await pushing.join();
    }
}

void measure_waiting(const redis::client& r)
{
    if (!wanted("redis", "brpop-wake-up")) return;
    std::vector<double> times;
    run(wait_for_pushes(r, &times));
    print("redis", "ferry/brpop-wake-up", "latency", {median(times)}, "us");
    print_ratio("redis", "brpop-wake-up", median(times) / longest_wake_up_us, "100us", 1);
}

// CPU microseconds of one operation, once more for the rivals that are programs of their own.
template <class F>
double cost(F work)
{
    const double began = cpu_seconds();
    const double count = work();
    return (cpu_seconds() - began) / count * 1e6;
}

}  // namespace
}  // namespace ferry::bench

int main()
{
    using namespace ferry;
    using namespace ferry::bench;
    const std::string url = std::getenv("FERRY_REDIS") == nullptr ? "" : std::getenv("FERRY_REDIS");
    if (url.empty()) {
        std::fputs("redis_bench: run it by tests/services/with_redis\n", stderr);
        return 1;
    }
    const auto where = redis::options::from_url(url).at();
    redisContext* c = redisConnect(where.host().c_str(), where.port());
    redis::client r(url);
    run(r.set("key", std::string(16, 'x')));

    const rate_unit unit{"req/s"};
    const auto one_by_one = [&] {
        run(get_again_and_again(r, batch));
        return double{batch};
    };
    compare("redis", "get-seq", unit,
            {{"ferry", one_by_one}, {"hiredis", [&] { return hiredis_one_by_one(c); }}});
    compare_with_redis_py(std::to_string(where.port()), "get-seq", cost(one_by_one));
    const auto at_once_by_ferry = [&] { return get_64_at_once(r); };
    compare("redis", "get-64", unit,
            {{"ferry", at_once_by_ferry},
             {"hiredis", [&] { return hiredis_pipelines(c); }, {}, bar_of_pipelines}});
    compare_with_redis_py(std::to_string(where.port()), "get-64", cost(at_once_by_ferry),
                          bar_of_redis_py);
    const auto pipelines = [&] {
        run(get_by_pipelines(r));
        return double{batch};
    };
    compare("redis", "pipeline-64", unit,
            {{"ferry", pipelines}, {"hiredis", [&] { return hiredis_pipelines(c); }}});
    compare_with_redis_py(std::to_string(where.port()), "pipeline-64", cost(pipelines));

    measure_waiting(r);
    const std::string small = times("$16\r\n0123456789abcdef\r\n+OK\r\n:42\r\n", 20'000);
    compare("redis", "parse-small", {"replies/s"},
            {{"ferry", [&] { return parse_by_ferry(small); }},
             {"hiredis", [&] { return parse_by_hiredis(small); }}});
    const std::string list =
        "*100000\r\n" + times("$100\r\n" + std::string(100, 'x') + "\r\n", 100'000);
    compare("redis", "parse-list", {"MB/s", static_cast<double>(list.size()) / 1e6},
            {{"ferry", [&] { return parse_by_ferry(list); }},
             {"hiredis", [&] { return parse_by_hiredis(list); }}});
    redisFree(c);
}
