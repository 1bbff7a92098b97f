// Redis: a stream that a group of workers shares, a lock, a script, a transaction, all keys of a
// kind. The server is the one of the variable FERRY_REDIS, or of this machine.
#include "ferry/async/async.hpp"
#include "ferry/redis/redis.hpp"

#include <cstdio>
#include <cstdlib>

using namespace ferry;
using namespace std::chrono_literals;

using fields = std::map<std::string, std::string>;

awaitable<void> shared_work(redis::client r)
{
    co_await r.xgroup_create("orders", "shop", "0");
    for (const char* what : {"paper", "ink"}) {
        const fields order{{"what", what}};
        co_await r.xadd("orders", order);
    }
    redis::stream_reader orders(r, "orders", "shop", "ann", 60s);
    for (int i = 0; i < 2; ++i) {
        const auto order = co_await orders.next();
        std::printf("order: %s\n", std::string((*order)["what"]).c_str());
        co_await orders.ack(*order);
    }
    co_await r.del("orders");
}

awaitable<void> alone(redis::client r)
{
    redis::named_lock door(r, "report", 30s);
    const bool mine = co_await door.acquire(5s);
    std::printf("the lock is %s\n", mine ? "mine" : "somebody's");
    co_await door.release();

    const redis::script add("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    const std::vector<std::string> keys{"total"};
    const std::vector<std::string> arguments{"5"};
    const redis::reply sum = co_await add.run(r, keys, arguments);
    std::printf("total: %d\n", sum.as<int>());
}

// Reads what it changes, and begins anew if somebody else has changed it meanwhile.
awaitable<void> double_it(redis::client& r, redis::pipeline& p)
{
    const std::optional<std::string> total = co_await r.get("total");
    p.set("total", std::to_string(2 * std::stoi(total.value_or("0"))));
}

awaitable<void> everything(redis::client r)
{
    co_await shared_work(r);
    co_await alone(r);
    const std::vector<std::string> watched{"total"};
    co_await r.transaction(watched, double_it);
    redis::scanner<std::string> keys = redis::scan(r, "tot*");
    for (;;) {
        const auto key = co_await keys.next();
        if (!key) break;
        const std::optional<std::string> v = co_await r.get(*key);
        std::printf("%s: %s\n", key->c_str(), v.value_or("gone").c_str());
    }
    co_await r.del("total");
}

int main()
{
    const char* url = std::getenv("FERRY_REDIS");
    redis::client r(url == nullptr ? "redis://127.0.0.1:6379/0" : url);
    run(everything(r));
}
