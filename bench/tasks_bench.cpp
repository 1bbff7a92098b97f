// The embedded task queue: what a call costs, how fast a worker is, how long a result takes. No
// rival runs without a server of its own.
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/tasks.hpp"

#include "bench/bench.hpp"
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace ferry;
using namespace std::chrono_literals;

constexpr int calls_in_flight = 500;
constexpr int tasks_a_run = 20'000;

/// A database in the temporary directory, gone at the end.
class shop {
public:
    shop()
        : folder_{std::filesystem::temp_directory_path() /
                  ("ferry-tasks-bench-" + std::to_string(::getpid()))}
    {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
    }
    ~shop() { std::filesystem::remove_all(folder_); }
    shop(const shop&) = delete;
    shop& operator=(const shop&) = delete;

    std::string url() const { return "sqlite://" + (folder_ / "tasks.db").string(); }

private:
    std::filesystem::path folder_;
};

using no_op = tasks::task<int(int)>;

awaitable<int> call(no_op task, int n)
{
    auto sent = co_await task.delay(n);
    co_return static_cast<int>(sent.id().size());
}

awaitable<int> call_and_get(no_op task, int n)
{
    auto sent = co_await task.delay(n);
    co_return co_await sent.get(60s);
}

template <class F>
awaitable<void> in_flight(F one, no_op task, int count)
{
    for (int done = 0; done < count; done += calls_in_flight) {
        std::vector<awaitable<int>> batch;
        for (int n = 0; n < calls_in_flight; ++n) batch.push_back(one(task, n));
        auto gathered = gather(std::move(batch));
        co_await std::move(gathered);
    }
}

awaitable<void> until_ended(tasks::worker* worker, std::uint64_t count)
{
    while (worker->ended() < count) co_await sleep(1ms);
    worker->stop();
}

/// Serves in a thread of its own while `beside` runs in this one.
template <class F>
void serve(const tasks::app& app, std::size_t threads, F beside)
{
    tasks::worker worker(app, tasks::concurrency(threads));
    std::thread server([&] { run(worker.run()); });
    beside(worker);
    worker.stop();
    server.join();
}

void measure(const std::string& name, bool ignore_result)
{
    std::vector<double> enqueue_cpu;
    std::vector<double> waiting_rate;
    std::vector<double> through_rate;
    std::vector<double> through_cpu;
    for (int i = 0; i < bench::repetitions(); ++i) {
        const shop at;
        tasks::app app("bench", tasks::broker(at.url()));
        const no_op task =
            app.task("bench.no_op", [](int n) { return n; }, tasks::ignore_result(ignore_result));
        double cpu = bench::cpu_seconds();
        run(in_flight(call, task, tasks_a_run));
        enqueue_cpu.push_back((bench::cpu_seconds() - cpu) / tasks_a_run * 1e6);

        double start = bench::wall_seconds();
        serve(app, 2, [](tasks::worker& w) { run(until_ended(&w, tasks_a_run)); });
        waiting_rate.push_back(tasks_a_run / (bench::wall_seconds() - start));

        start = bench::wall_seconds();
        cpu = bench::cpu_seconds();
        serve(app, 2, [&](tasks::worker& w) {
            if (ignore_result) {
                run(in_flight(call, task, tasks_a_run));
                run(until_ended(&w, tasks_a_run));
            } else {
                run(in_flight(call_and_get, task, tasks_a_run));
            }
        });
        through_rate.push_back(tasks_a_run / (bench::wall_seconds() - start));
        through_cpu.push_back((bench::cpu_seconds() - cpu) / tasks_a_run * 1e6);
    }
    bench::print("tasks", "ferry/enqueue-" + name, "cpu", enqueue_cpu, "us/task");
    bench::print("tasks", "ferry/waiting-" + name, "rate", waiting_rate, "tasks/s");
    bench::print("tasks", "ferry/through-" + name, "rate", through_rate, "tasks/s");
    bench::print("tasks", "ferry/through-" + name, "cpu", through_cpu, "us/task");
}

void measure_latency()
{
    constexpr int calls = 500;
    std::vector<double> latency;
    const shop at;
    tasks::app app("bench", tasks::broker(at.url()));
    const no_op task = app.task("bench.no_op", [](int n) { return n; });
    serve(app, 1, [&](tasks::worker&) {
        for (int n = 0; n < calls; ++n) {
            const double start = bench::wall_seconds();
            run(call_and_get(task, n));
            latency.push_back((bench::wall_seconds() - start) * 1e6);
        }
    });
    bench::print("tasks", "ferry/delay-get", "latency", latency, "us");
}

}  // namespace

int main()
{
    if (bench::wanted("tasks", "no-result")) measure("no-result", true);
    if (bench::wanted("tasks", "result")) measure("result", false);
    if (bench::wanted("tasks", "delay-get")) measure_latency();
}
