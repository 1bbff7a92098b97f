// One operation, four ways to wait for it.
#include "ferry/async/async.hpp"

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

using namespace ferry;
using namespace std::chrono_literals;

namespace {

awaitable<std::size_t> length_of(std::string text)
{
    co_await sleep(1ms);  // as if it came from far away
    co_return text.size();
}

awaitable<void> in_a_coroutine()
{
    const std::size_t one = co_await length_of("asyncio");
    auto [a, b] = co_await gather(length_of("side"), length_of("by side"));
    std::printf("a coroutine awaits: %zu, %zu, %zu\n", one, a, b);
    try {
        co_await timeout(5ms, sleep(1h), "a very long sleep");
    } catch (const timeout_error& e) {
        std::printf("a time limit: %s\n", e.what());
    }
}

}  // namespace

int main()
{
    std::printf("a plain program blocks: %zu\n", run(length_of("plain")));

    run(in_a_coroutine());

    auto jobs = green::spawn_each(std::vector<std::string>{"gevent", "green thread"},
                                  [](const std::string& t) { return green::wait(length_of(t)); });
    green::join_all(jobs, 2s);
    for (const auto& job : jobs)
        std::printf("a green thread waits: %zu\n", job.value().value_or(0));

    auto called = spawn(length_of("Twisted"))
                      .then([](std::size_t n) { std::printf("a callback is called: %zu\n", n); })
                      .otherwise([](const error& e) { std::printf("failed: %s\n", e.what()); });
    run(called.join());
}
