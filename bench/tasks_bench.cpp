// No-op tasks through each broker: what sending costs, how fast two worker threads are with a queue
// that waits and with one that fills meanwhile, with and without results, how long a result takes,
// and what 100,000 tasks that wait for their time take of memory. Beside it, in the same run,
// Celery with two processes, and rabbitmq-c with the same bytes.
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/tasks.hpp"

#include "bench/bench.hpp"
#include "bench/tasks_rivals.hpp"
#include "bench/tasks_serving.hpp"
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ferry::bench {
namespace {

using namespace std::chrono_literals;

constexpr int senders = 500;
constexpr int tasks_a_run = 20'000;
constexpr int celery_tasks_a_run = 5'000;
constexpr int tasks_with_eta = 100'000;
constexpr int calls = 500;  // one after the other

/// A database in the temporary directory, gone at the end.
class folder {
public:
    folder()
        : path_{std::filesystem::temp_directory_path() /
                ("ferry-tasks-bench-" + std::to_string(::getpid()))}
    {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directory(path_);
    }
    ~folder() { std::filesystem::remove_all(path_); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    std::string url() const { return "sqlite://" + (path_ / "tasks.db").string(); }

private:
    std::filesystem::path path_;
};

awaitable<int> send(task_type task, int count)
{
    for (int n = 0; n < count; ++n) co_await task.delay(n);
    co_return count;
}

awaitable<int> call(task_type task, int count)
{
    for (int n = 0; n < count; ++n) {
        auto sent = co_await task.delay(n);
        co_await sent.get(60s);
    }
    co_return count;
}

template <class F>
awaitable<void> many_at_once(F one, task_type task, int count)
{
    std::vector<awaitable<int>> all;
    for (int n = 0; n < senders; ++n) all.push_back(one(task, count / senders));
    auto gathered = gather(std::move(all));
    co_await std::move(gathered);
}

struct figures {
    std::vector<double> send_cpu;
    std::vector<double> waiting_rate;
    std::vector<double> waiting_cpu;
    std::vector<double> waiting_sleeps;
    std::vector<double> through_rate;
    std::vector<double> through_cpu;
    std::vector<double> through_sleeps;
    std::vector<double> through_sender_cpu;
    std::vector<double> through_broker_cpu;
    std::vector<double> results_rate;
    std::vector<double> latency;
    std::vector<double> unconfirmed_latency;

    void print(const std::string& name) const
    {
        const auto line = [&](const char* what, const char* metric, const std::vector<double>& all,
                              const char* unit) {
            if (!all.empty()) bench::print("tasks", "ferry/" + name + what, metric, all, unit);
        };
        line("-send", "cpu", send_cpu, "us/task");
        line("-waiting", "rate", waiting_rate, "tasks/s");
        line("-waiting", "worker-cpu", waiting_cpu, "us/task");
        line("-waiting", "worker-sleeps", waiting_sleeps, "/task");
        line("-through", "rate", through_rate, "tasks/s");
        line("-through", "worker-cpu", through_cpu, "us/task");
        line("-through", "worker-sleeps", through_sleeps, "/task");
        line("-through", "sender-cpu", through_sender_cpu, "us/task");
        line("-through", "broker-cpu", through_broker_cpu, "us/task");
        line("-results", "rate", results_rate, "tasks/s");
        line("-delay-get", "latency", latency, "us");
        line("-unconfirmed-delay-get", "latency", unconfirmed_latency, "us");
    }
};

/// Where a shop is, and the process of the broker, if it has one.
struct place {
    std::string broker;
    std::string results;
    std::string process = {};
    std::string without_confirms = {};  ///< the broker as Celery uses it unless told otherwise
};

double each(double seconds)
{
    return seconds / tasks_a_run * 1e6;
}

double sleeps_each(const serving::times& t)
{
    return static_cast<double>(t.last.sleeps - t.first.sleeps) / tasks_a_run;
}

void measure_waiting(const shop& at, serving& worker, figures& into)
{
    worker.expect(tasks_a_run + 1);
    const serving::times t = worker.ended();
    into.waiting_rate.push_back(tasks_a_run / (t.last.at - t.first.at));
    into.waiting_cpu.push_back(each(t.last.cpu - t.first.cpu));
    into.waiting_sleeps.push_back(sleeps_each(t));
    worker.expect(1);
    run(call(at.echo, 1));
    worker.ended();
}

void measure_through(const shop& at, const place& where, serving& worker, figures& into)
{
    const auto broker_cpu = [&] { return where.process.empty() ? 0 : cpu_of(where.process); };
    const double brokers = broker_cpu();
    const double workers = worker.cpu_seconds();
    const double own = cpu_seconds();
    const double start = wall_seconds();
    worker.expect(tasks_a_run);
    run(many_at_once(send, at.no_op, tasks_a_run));
    const serving::times t = worker.ended();
    into.through_rate.push_back(tasks_a_run / (t.last.at - start));
    into.through_cpu.push_back(each(t.last.cpu - workers));
    into.through_sleeps.push_back(sleeps_each(t));
    into.through_sender_cpu.push_back(each(cpu_seconds() - own));
    if (!where.process.empty()) into.through_broker_cpu.push_back(each(broker_cpu() - brokers));
}

/// The median of microseconds, from the call to its result.
double latency_of_calls(const shop& at)
{
    run(call(at.echo, 1));
    std::vector<double> times;
    for (int n = 0; n < calls; ++n) {
        const double start = wall_seconds();
        run(call(at.echo, 1));
        times.push_back((wall_seconds() - start) * 1e6);
    }
    return median(times);
}

void measure_once(const shop& at, const place& where, figures& into)
{
    run(at.app.open_broker()->purge(std::string{tasks::default_queue}));
    run(send(at.no_op, 1));
    const double cpu = cpu_seconds();
    run(many_at_once(send, at.no_op, tasks_a_run));
    into.send_cpu.push_back(each(cpu_seconds() - cpu));

    serving worker(where.broker, where.results);
    measure_waiting(at, worker, into);
    measure_through(at, where, worker, into);

    worker.expect(tasks_a_run);
    const double start = wall_seconds();
    run(many_at_once(call, at.echo, tasks_a_run));
    into.results_rate.push_back(tasks_a_run / (wall_seconds() - start));
    worker.ended();

    into.latency.push_back(latency_of_calls(at));
    if (where.without_confirms.empty()) return;
    const shop unsure(where.without_confirms, where.results);
    into.unconfirmed_latency.push_back(latency_of_calls(unsure));
}

void measure_embedded(const std::string& name, const std::string& query)
{
    if (!wanted("tasks", name)) return;
    figures all;
    for (int i = 0; i < repetitions(); ++i) {
        const folder in;
        const place where{in.url() + query, {}};
        measure_once(shop(where.broker, where.results), where, all);
    }
    all.print(name);
}

/// What part of Celery's cost ferry's is: of rates the inverse counts.
void compare_with_celery(const std::string& name, const figures& own, const celery_figures& theirs)
{
    const bool redis = name == "redis";
    const auto ratio = [&](const char* what, double r, double bar = 0) {
        print_ratio("tasks", name + '-' + what, r, "celery", bar);
    };
    ratio("send", median(own.send_cpu) / theirs.at("send cpu"), 1.0 / 50);
    ratio("waiting", theirs.at("waiting rate") / median(own.waiting_rate));
    ratio("waiting-worker-cpu", median(own.waiting_cpu) / theirs.at("waiting worker-cpu"),
          1.0 / 40);
    ratio("through-worker-cpu", median(own.through_cpu) / theirs.at("through worker-cpu"),
          1.0 / 40);
    ratio("through", theirs.at("through rate") / median(own.through_rate),
          redis ? 1.0 / 20 : 1.0 / 10);
    ratio("results", theirs.at("results rate") / median(own.results_rate), redis ? 1.0 / 15 : 0);
    if (own.unconfirmed_latency.empty()) {
        ratio("delay-get", median(own.latency) / theirs.at("delay-get latency"), 1.0 / 4);
        return;
    }
    // Like with like: with a confirm RabbitMQ writes to its disk before it delivers.
    ratio("unconfirmed-delay-get", median(own.unconfirmed_latency) / theirs.at("delay-get latency"),
          1.0 / 4);
    ratio("delay-get", median(own.latency) / theirs.at("confirmed-delay-get latency"), 1.0 / 4);
}

void measure_remote(const std::string& name, const std::string& broker, const std::string& results)
{
    if (!wanted("tasks", name)) return;
    const shop at(broker, results);
    const bool confirms = name == "rabbitmq";
    const place where{broker, results, confirms ? "beam.smp" : "redis-server",
                      confirms ? broker + "?confirm_publish=0" : std::string{}};
    std::vector<double> plain;
    std::vector<double> confirmed;
    std::vector<double> consumer_cpu;
    std::vector<double> bare;
    figures all;
    for (int i = 0; i < repetitions(); ++i) {
        measure_once(at, where, all);
        if (name != "rabbitmq" || !wanted("tasks", name + "-rabbitmq-c")) continue;
        tasks::message sample;
        sample.task = "bench.no_op";
        sample.id = sample.reply_to = "4e0e4fbc-2b4e-4a4e-9d3c-3f4a53a8a4f5";
        sample.args = value::array(17);
        sample.origin = "gen12345@localhost";
        sample.ignore_result = true;
        const tasks::envelope e = tasks::encode(sample);
        rabbitmq_c rival(amqp::options::from_url(broker), std::string{tasks::default_queue});
        const auto unasked = rival.through(e, tasks_a_run, false);
        plain.push_back(unasked.rate);
        consumer_cpu.push_back(unasked.consumer_cpu);
        confirmed.push_back(rival.through(e, tasks_a_run, true).rate);
        tasks::result_document d;
        d.task_id = sample.id;
        d.status = tasks::state::success;
        bare.push_back(
            rival.latency(e, tasks::to_json(d), redis::options::from_url(results), calls));
    }
    all.print(name);
    if (!plain.empty()) {
        print("tasks", "rabbitmq-c/rabbitmq-through", "rate", plain, "msg/s");
        print("tasks", "rabbitmq-c/rabbitmq-through", "consumer-cpu", consumer_cpu, "us/msg");
        print("tasks", "rabbitmq-c-confirmed/rabbitmq-through", "rate", confirmed, "msg/s");
        const double own = median(all.through_rate);
        print_ratio("tasks", "rabbitmq-through", median(plain) / own, "rabbitmq-c");
        print_ratio("tasks", "rabbitmq-through", median(confirmed) / own, "rabbitmq-c-confirmed",
                    1 / 0.8);
        print("tasks", "rabbitmq-c+hiredis/rabbitmq-unconfirmed-delay-get", "latency", bare, "us");
        print_ratio("tasks", "rabbitmq-unconfirmed-delay-get",
                    median(all.unconfirmed_latency) / median(bare), "rabbitmq-c+hiredis");
    }
    run(at.app.open_broker()->purge(std::string{tasks::default_queue}));
    if (!wanted("tasks", name + "-celery")) return;
    compare_with_celery(name, all, run_celery(name, broker, results, celery_tasks_a_run));
}

awaitable<int> send_for_later(task_type task, int count)
{
    for (int n = 0; n < count; ++n) co_await task.s(n).apply(tasks::countdown(1h));
    co_return count;
}

/// A line of /proc/self/status in megabytes.
double memory(const std::string& which)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(which)) return std::stod(line.substr(which.size() + 1)) / 1024;
    }
    return 0;
}

awaitable<void> until_taken(tasks::app app)
{
    while (true) {
        auto asking = app.open_broker()->size(std::string{tasks::default_queue});
        const std::int64_t left = co_await std::move(asking);
        if (left == 0) co_return;
        co_await sleep(50ms);
    }
}

/// In a process of its own: takes all that waits in the queue, which is not due for long, and
/// prints its memory.
int hold(const std::string& broker)
{
    const shop at(broker, {});
    tasks::worker worker(at.app, tasks::concurrency(2));
    std::thread server([&] { run(worker.run()); });
    run(until_taken(at.app));
    std::printf("%f\n", memory("VmRSS:"));
    std::fflush(stdout);
    ::_exit(0);
}

void measure_held(const std::string& name, const std::string& broker)
{
    if (!wanted("tasks", name + "-eta")) return;
    const shop at(broker, {});
    const auto purge = [&] { run(at.app.open_broker()->purge("celery")); };
    purge();
    run(many_at_once(send_for_later, at.no_op, tasks_with_eta));
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    std::FILE* const worker = ::popen((program + " hold '" + broker + "'").c_str(), "r");
    double megabytes = 0;
    if (worker == nullptr || std::fscanf(worker, "%lf", &megabytes) != 1) std::abort();
    ::pclose(worker);
    print("tasks", "ferry/" + name + "-eta-100k", "memory", {megabytes}, "MB");
    purge();
}

int all()
{
    const char* const rabbitmq = std::getenv("FERRY_RABBITMQ");
    const char* const redis = std::getenv("FERRY_REDIS");
    measure_embedded("embedded", "");
    measure_embedded("embedded-full", "?durability=full");
    if (rabbitmq == nullptr || redis == nullptr) {
        std::fputs("tasks_bench: run it by tests/services/with_tasks\n", stderr);
        return 1;
    }
    measure_held("rabbitmq", rabbitmq);
    measure_held("redis", redis);
    measure_remote("rabbitmq", rabbitmq, redis);
    measure_remote("redis", redis, redis);
    return 0;
}

}  // namespace
}  // namespace ferry::bench

int main(int argc, char** argv)
{
    if (argc == 4 && std::string{argv[1]} == "serve") {
        return ferry::bench::serve_in_this_process(argv[2], argv[3]);
    }
    if (argc == 3 && std::string{argv[1]} == "hold") return ferry::bench::hold(argv[2]);
    return ferry::bench::all();
}
