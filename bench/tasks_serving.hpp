#pragma once

// ferry's worker for tasks_bench: in a process of its own, as Celery's is.

#include "ferry/async/run.hpp"
#include "ferry/tasks/tasks.hpp"

#include "bench/bench.hpp"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ferry::bench {

using task_type = tasks::task<int(int)>;

/// How many tasks have run in this process, and one who waits for that: to look now and then would
/// be a part of what is measured.
class progress {
public:
    void step()
    {
        if (ran_.fetch_add(1) + 1 != wanted_) return;
        const std::lock_guard lock{mutex_};
        reached_.notify_one();
    }
    void reach(std::uint64_t count)
    {
        wanted_ = count;
        std::unique_lock lock{mutex_};
        reached_.wait(lock, [&] { return ran_ >= count; });
    }

private:
    std::atomic<std::uint64_t> ran_{0};
    std::atomic<std::uint64_t> wanted_{0};
    std::mutex mutex_;
    std::condition_variable reached_;
};

inline progress ran;

/// An app with a task whose results are ignored and one whose results are kept.
struct shop {
    shop(const std::string& broker, const std::string& results)
        : app("bench", tasks::broker(broker), tasks::results(results)),
          no_op(app.task("bench.no_op", &shop::run, tasks::ignore_result())),
          echo(app.task("bench.echo", &shop::run))
    {
    }
    static int run(int n)
    {
        ran.step();
        return n;
    }
    tasks::app app;
    task_type no_op;
    task_type echo;
};

/// When a process was how far, what it had used of its CPUs by then, and how often one of its
/// threads had gone to sleep.
struct moment {
    double at = 0;
    double cpu = 0;
    long sleeps = 0;
};

inline moment present()
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return {wall_seconds(), cpu_seconds(), used.ru_nvcsw};
}

/// What the process does: for each number that it reads it waits until so many tasks have run,
/// and writes two moments, of the first of them and of the last.
inline int serve_in_this_process(const std::string& broker, const std::string& results)
{
    const shop at(broker, results);
    tasks::worker worker(at.app, tasks::concurrency(2));
    std::thread server([&] { run(worker.run()); });
    const auto reach = [](std::uint64_t count) {
        ran.reach(count);
        return present();
    };
    std::uint64_t target = 0;
    std::uint64_t before = 0;
    while (std::scanf("%lu", &target) == 1) {
        const moment first = reach(before + 1);
        const moment last = reach(target);
        for (const moment& m : {first, last}) {
            std::printf("%.9f %.9f %ld\n", m.at, m.cpu, m.sleeps);
        }
        std::fflush(stdout);
        before = target;
    }
    worker.stop();
    server.join();
    return 0;
}

/// A worker with two threads, ended when the block ends.
class serving {
public:
    serving(const std::string& broker, const std::string& results)
    {
        std::array<int, 2> to{};
        std::array<int, 2> from{};
        require(::pipe(to.data()) == 0 && ::pipe(from.data()) == 0);
        const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
        pid_ = ::fork();
        require(pid_ >= 0);
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::dup2(to[0], 0);
            ::dup2(from[1], 1);
            for (const int fd : {to[0], to[1], from[0], from[1]}) ::close(fd);
            ::execl(program.c_str(), program.c_str(), "serve", broker.c_str(), results.c_str(),
                    nullptr);
            ::_exit(127);
        }
        ::close(to[0]);
        ::close(from[1]);
        to_ = ::fdopen(to[1], "w");
        from_ = ::fdopen(from[0], "r");
    }
    serving(const serving&) = delete;
    serving& operator=(const serving&) = delete;
    ~serving()
    {
        std::fclose(to_);
        std::fclose(from_);
        ::waitpid(pid_, nullptr, 0);
    }

    pid_t pid() const noexcept { return pid_; }

    /// What the process has used of its CPUs so far.
    double cpu_seconds() const
    {
        clockid_t clock{};
        timespec t{};
        require(::clock_getcpuclockid(pid_, &clock) == 0 && ::clock_gettime(clock, &t) == 0);
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    }

    /// So many tasks are sent, or will be.
    void expect(int count)
    {
        total_ += static_cast<std::uint64_t>(count);
        std::fprintf(to_, "%lu\n", total_);
        std::fflush(to_);
    }
    struct times {
        moment first;
        moment last;
    };
    /// When the first and the last of those had run.
    times ended()
    {
        times t;
        for (moment* m : {&t.first, &t.last}) {
            require(std::fscanf(from_, "%lf %lf %ld", &m->at, &m->cpu, &m->sleeps) == 3);
        }
        return t;
    }

private:
    static void require(bool good)
    {
        if (good) return;
        std::fputs("tasks_bench: the worker cannot be started\n", stderr);
        std::exit(1);
    }

    pid_t pid_ = 0;
    std::FILE* to_ = nullptr;
    std::FILE* from_ = nullptr;
    std::uint64_t total_ = 0;
};

/// The CPU seconds of the processes of that name: a broker's.
inline double cpu_of(const std::string& name)
{
    std::FILE* const asked = ::popen(("cat $(for p in $(pidof " + name +
                                      "); do echo /proc/$p/stat; done) /dev/null | "
                                      "awk '{ticks += $14 + $15} END {print ticks + 0}'")
                                         .c_str(),
                                     "r");
    double ticks = 0;
    if (asked == nullptr || std::fscanf(asked, "%lf", &ticks) != 1) ticks = 0;
    if (asked != nullptr) ::pclose(asked);
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace ferry::bench
