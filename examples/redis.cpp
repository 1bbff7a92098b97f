// Redis: values, many commands at once, a queue between coroutines, channels. The server is the one
// of the variable FERRY_REDIS, or of this machine.
#include "ferry/redis/redis.hpp"

#include "ferry/async/async.hpp"

#include <cstdio>
#include <cstdlib>

using namespace ferry;
using namespace std::chrono_literals;

awaitable<void> values(redis::client r)
{
    co_await r.set("greeting", "hello", redis::set_options().ex(60s));
    const std::optional<std::string> text = co_await r.get("greeting");
    std::printf("greeting: %s\n", text.value_or("gone").c_str());

    redis::pipeline p;
    p.incr("visits").hset("user:1", std::map<std::string, int>{{"age", 42}}).hgetall("user:1");
    const std::vector<redis::reply> answers = co_await r.execute(std::move(p));
    std::printf("visits: %d, age: %s\n", answers[0].as<int>(),
                answers[2].as<redis::text_map>()["age"].c_str());
}

awaitable<void> work(redis::client r)
{
    const std::vector<std::string> queues{"jobs"};
    for (;;) {
        const auto job = co_await r.brpop(queues, 10s);
        if (!job || job->second == "stop") break;
        std::printf("job: %s\n", job->second.c_str());
    }
}

awaitable<void> hand_out(redis::client r)
{
    for (const char* job : {"wash", "dry", "stop"}) co_await r.lpush("jobs", job);
}

awaitable<void> channels(redis::client r)
{
    redis::subscriber news(r);
    const std::vector<std::string> names{"weather"};
    co_await news.subscribe(names);
    co_await r.publish("weather", "sunny");
    const auto heard = co_await news.next();
    std::printf("%s: %s\n", heard->channel().c_str(), heard->data().c_str());
}

int main()
{
    const char* url = std::getenv("FERRY_REDIS");
    redis::client r(url == nullptr ? "redis://127.0.0.1:6379/0" : url);
    run(values(r));
    run(gather(work(r), hand_out(r)));
    run(channels(r));
}
