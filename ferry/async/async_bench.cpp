// What waiting costs. Asio itself is the rival, in the same run.
#include "ferry/async/async.hpp"
#include "ferry/async/loop_access.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <vector>

namespace ferry {
namespace {

using namespace std::chrono_literals;

awaitable<int> give(int n)
{
    co_return n;
}

awaitable<int> give_later(int n)
{
    co_await yield_now();
    co_return n;
}

/// Runs `make(count)` with as many repetitions as the benchmark wants.
template <class F>
void repeat(benchmark::State& state, F make)
{
    constexpr int batch = 1000;
    for (auto _ : state) run(make(batch));
    state.SetItemsProcessed(state.iterations() * batch);
}

void asio_post_to_the_loop(benchmark::State& state)
{
    auto main = [](int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) {
            auto op = boost::asio::post(loop_access::executor(), boost::asio::use_awaitable);
            co_await std::move(op);
        }
    };
    repeat(state, main);
}
BENCHMARK(asio_post_to_the_loop);

void yield(benchmark::State& state)
{
    auto main = [](int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) co_await yield_now();
    };
    repeat(state, main);
}
BENCHMARK(yield);

void await_ready(benchmark::State& state)
{
    auto main = [](int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) benchmark::DoNotOptimize(co_await give(i));
    };
    repeat(state, main);
}
BENCHMARK(await_ready);

void run_ready(benchmark::State& state)
{
    for (auto _ : state) benchmark::DoNotOptimize(run(give(1)));
}
BENCHMARK(run_ready);

void asio_co_spawn_detached(benchmark::State& state)
{
    constexpr int batch = 1000;
    auto work = []() -> awaitable<void> { co_return; };
    for (auto _ : state) {
        boost::asio::io_context context(1);
        for (int i = 0; i < batch; ++i) {
            boost::asio::co_spawn(context, work(), boost::asio::detached);
        }
        context.run();
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(asio_co_spawn_detached);

void spawn_and_join(benchmark::State& state)
{
    auto main = [](int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) {
            auto t = spawn(give(i));
            co_await t.wait();
        }
    };
    repeat(state, main);
}
BENCHMARK(spawn_and_join);

void spawn_then(benchmark::State& state)
{
    auto main = [](int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) spawn(give(i)).then([](int v) { benchmark::DoNotOptimize(v); });
        co_await yield_now();
        co_await yield_now();
    };
    repeat(state, main);
}
BENCHMARK(spawn_then);

void gather_of_hundred(benchmark::State& state)
{
    auto main = [](int n) -> awaitable<void> {
        for (int i = 0; i < n; i += 100) {
            std::vector<awaitable<int>> all;
            for (int k = 0; k < 100; ++k) all.push_back(give_later(k));
            co_await gather(std::move(all));
        }
    };
    repeat(state, main);
}
BENCHMARK(gather_of_hundred);

void timeout_of_a_post(benchmark::State& state)
{
    auto main = [](int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) co_await timeout(5s, give_later(i));
    };
    repeat(state, main);
}
BENCHMARK(timeout_of_a_post);

void queue_hand_over(benchmark::State& state)
{
    auto put = [](queue<int>* q, int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) co_await q->put(i);
        q->close();
    };
    auto get = [](queue<int>* q) -> awaitable<void> {
        for (;;) {
            const auto item = co_await q->next();
            if (!item) break;
        }
    };
    auto main = [&](int n) -> awaitable<void> {
        queue<int> q(1);
        co_await gather(put(&q, n), get(&q));
    };
    repeat(state, main);
}
BENCHMARK(queue_hand_over);

void green_thread_start_and_end(benchmark::State& state)
{
    auto main = [](int n) -> awaitable<void> {
        for (int i = 0; i < n; ++i) {
            auto t = green::spawn([] { return 1; });
            co_await t.wait();
        }
    };
    repeat(state, main);
}
BENCHMARK(green_thread_start_and_end);

void green_wait(benchmark::State& state)
{
    constexpr int batch = 1000;
    for (auto _ : state) {
        green::run([] {
            for (int i = 0; i < batch; ++i) benchmark::DoNotOptimize(green::wait(give(i)));
        });
    }
    state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(green_wait);

}  // namespace
}  // namespace ferry
