// Worker processes that are killed: the test runs itself again as a worker.
#include "ferry/async/gather.hpp"
#include "ferry/async/run.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/sqlite.hpp"
#include "ferry/tasks/command.hpp"
#include "ferry/testing/program.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <thread>

namespace ferry::tasks {
namespace {

using namespace std::chrono_literals;

constexpr const char* folder_variable = "FERRY_CRASH_TEST_FOLDER";

/// One line for each run of a task, appended at once.
void note(const std::string& folder, int number)
{
    const std::string line = std::to_string(number) + "\n";
    const int file = ::open((folder + "/ran").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    EXPECT_EQ(::write(file, line.data(), line.size()), static_cast<ssize_t>(line.size()));
    ::close(file);
}

using work = task<int(int)>;

work register_work(app& in, std::string folder)
{
    return in.task(
        "work",
        [folder = std::move(folder)](int number) {
            note(folder, number);
            std::this_thread::sleep_for(1ms);  // as long as a small real task
            return number * 2;
        },
        acks_late());
}

/// Acked when it begins; waits until the folder has a file `go`.
work register_early(app& in, std::string folder)
{
    return in.task("early", [folder = std::move(folder)](int number) {
        note(folder, number);
        while (!std::filesystem::exists(folder + "/go")) std::this_thread::sleep_for(1ms);
        return number * 2;
    });
}

app app_in(const std::string& folder)
{
    return app("crash", broker("sqlite://" + folder + "/tasks.db"));
}

/// The worker process. Does nothing in an ordinary run of the tests.
TEST(crash_worker, serves_when_asked)
{
    const char* folder = std::getenv(folder_variable);
    if (folder == nullptr) return;
    log::set_level(log::level::error);
    app a = app_in(folder);
    register_work(a, folder);
    register_early(a, folder);
    worker_settings with;
    with.concurrency = 2;
    serve(a, with);
}

class crash : public ::testing::Test {
protected:
    crash() { ::setenv(folder_variable, dir_.path().c_str(), 1); }
    ~crash() override { ::unsetenv(folder_variable); }

    std::unique_ptr<testing::program> start_worker()
    {
        const std::string name = dir_ / ("worker" + std::to_string(workers_++));
        return std::make_unique<testing::program>(
            std::vector<std::string>{"/proc/self/exe", "--gtest_filter=crash_worker.*"},
            name + ".out", name + ".err");
    }

    std::map<int, int> runs() const
    {
        std::map<int, int> counts;
        std::istringstream lines{testing::read_file(dir_ / "ran")};
        for (int number = 0; lines >> number;) ++counts[number];
        return counts;
    }

    /// Waits until the tasks have been run so many times in all.
    void wait_for_runs(std::size_t count) const
    {
        while (testing::read_file(dir_ / "ran").size() < count) std::this_thread::sleep_for(1ms);
    }

    static awaitable<void> send(work task, int count, std::vector<async_result<int>>* into)
    {
        std::vector<awaitable<async_result<int>>> calls;
        for (int n = 0; n < count; ++n) calls.push_back(task.delay(n));
        auto sent = gather(std::move(calls));
        *into = co_await std::move(sent);
    }

    static awaitable<void> expect_all(const std::vector<async_result<int>>* results)
    {
        for (std::size_t n = 0; n < results->size(); ++n) {
            auto got = results->at(n).get(60s);
            const int doubled = co_await std::move(got);
            EXPECT_EQ(doubled, static_cast<int>(2 * n));
        }
    }

    testing::temporary_directory dir_;
    int workers_ = 0;
};

TEST_F(crash, workers_killed_at_random_lose_no_task_that_is_acked_late)
{
    constexpr int count = 400;
    app a = app_in(dir_.path());
    const work task = register_work(a, dir_.path());
    std::vector<async_result<int>> results;
    ferry::run(send(task, count, &results));
    std::mt19937 random(1);
    std::size_t progress = 0;
    for (int round = 0; round < 6; ++round) {
        const auto victim = start_worker();
        progress += 20 + random() % 150;
        wait_for_runs(progress);
        victim->signal(SIGKILL);
        victim->wait();
        progress = testing::read_file(dir_ / "ran").size();
    }
    const auto last = start_worker();
    ferry::run(expect_all(&results));
    last->signal(SIGTERM);
    EXPECT_EQ(last->wait(), 0);
    EXPECT_EQ(runs().size(), static_cast<std::size_t>(count));
    EXPECT_EQ(ferry::run(a.open_broker()->size("celery")), 0);
}

TEST_F(crash, tasks_that_a_killed_worker_had_begun_do_not_run_twice_if_they_are_acked_early)
{
    constexpr int count = 40;
    app a = app_in(dir_.path());
    const work task = register_early(a, dir_.path());
    std::vector<async_result<int>> results;
    ferry::run(send(task, count, &results));
    sqlite::database tasks(dir_ / "tasks.db");
    const auto wait_for_acks = [&](std::int64_t left) {
        const auto waiting = [&] {
            sqlite::statement row = tasks.query("SELECT count(*) FROM task");
            return row.step() ? row.integer(0) : -1;
        };
        while (waiting() > left) std::this_thread::sleep_for(1ms);
    };
    int begun = 0;
    for (int round = 0; round < 4; ++round) {
        const auto victim = start_worker();
        begun += 2;  // one for each of its threads
        wait_for_acks(count - begun);
        while (std::ssize(runs()) < begun) std::this_thread::sleep_for(1ms);
        victim->signal(SIGKILL);
        victim->wait();
    }
    std::ofstream(dir_ / "go").put('\n');
    const auto last = start_worker();
    wait_for_acks(0);
    last->signal(SIGTERM);
    EXPECT_EQ(last->wait(), 0);
    const auto counts = runs();
    EXPECT_EQ(counts.size(), static_cast<std::size_t>(count));
    for (const auto& [number, times] : counts) EXPECT_EQ(times, 1) << number;
}

TEST_F(crash, the_next_worker_has_a_dead_ones_tasks_at_once)
{
    app a = app_in(dir_.path());
    const work task = register_work(a, dir_.path());
    std::vector<async_result<int>> results;
    const auto victim = start_worker();
    ferry::run(send(task, 50, &results));
    wait_for_runs(10);
    victim->signal(SIGKILL);
    victim->wait();
    const auto start = std::chrono::steady_clock::now();
    const auto next = start_worker();
    ferry::run(expect_all(&results));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 50s) << "waited for the lease to end";
    next->signal(SIGTERM);
    EXPECT_EQ(next->wait(), 0);
}

TEST_F(crash, several_processes_share_the_work_without_doing_any_twice)
{
    constexpr int count = 600;
    app a = app_in(dir_.path());
    const work task = register_work(a, dir_.path());
    const auto one = start_worker();
    const auto two = start_worker();
    std::vector<async_result<int>> results;
    std::vector<async_result<int>> more;
    std::thread beside([&] {
        app b = app_in(dir_.path());
        const work same = register_work(b, dir_.path());
        ferry::run(send(same, count, &more));
        ferry::run(expect_all(&more));
    });
    ferry::run(send(task, count, &results));
    ferry::run(expect_all(&results));
    beside.join();
    for (const auto* w : {one.get(), two.get()}) w->signal(SIGTERM);
    EXPECT_EQ(one->wait(), 0);
    EXPECT_EQ(two->wait(), 0);
    const auto counts = runs();
    EXPECT_EQ(counts.size(), static_cast<std::size_t>(count));
    for (const auto& [number, times] : counts) EXPECT_EQ(times, 2) << number;
}

}  // namespace
}  // namespace ferry::tasks
