#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/app.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {

struct worker_settings {
    worker_settings() = default;

    std::size_t concurrency = 0;  ///< threads; 0: as many as there are cores
    std::size_t coroutines = 1;
    std::size_t prefetch_multiplier = 4;
    std::vector<std::string> queues;  ///< empty: the app's default queue
    std::string name;                 ///< empty: `celery@<host>`
    bool processes = false;
    std::size_t max_tasks_per_child = 0;
    bool task_events = false;
    bool mingle = true;
    std::size_t autoscale_max = 0;  ///< 0: the pool stays as large as `concurrency` says
    std::size_t autoscale_min = 1;
    std::chrono::milliseconds autoscale_keepalive = std::chrono::seconds{30};
    std::string state_db;  ///< a file; empty: nothing is remembered
    bool pool_restarts = false;
};

/// How many threads run tasks; as many as there are cores by default. As `celery worker -c`.
class concurrency {
public:
    explicit concurrency(std::size_t threads) : threads_{threads} {}
    void operator()(worker_settings& s) const { s.concurrency = threads_; }

private:
    std::size_t threads_;
};

/// The name by which remote control and events know the worker, `name@host`; `%h` is the host. No
/// two workers of a broker may have the same. As `celery worker -n`.
class node_name {
public:
    explicit node_name(std::string name) : name_{std::move(name)} {}
    void operator()(worker_settings& s) const { s.name = name_; }

private:
    std::string name_;
};

/// Runs each task in a process: one that crashes fails alone, and time limits and revoke(terminate)
/// end functions, too. The processes are forked by one that is forked when run() begins: what the
/// program has opened until then should bear that. As Celery's prefork pool.
class processes {
public:
    /// \param max_tasks  a process is replaced after so many; 0: never.
    explicit processes(std::size_t max_tasks = 0) : max_tasks_{max_tasks} {}
    void operator()(worker_settings& s) const
    {
        s.processes = true;
        s.max_tasks_per_child = max_tasks_;
    }

private:
    std::size_t max_tasks_;
};

/// Tells of each task as it is received, begins and ends; off until somebody asks for it by remote
/// control. As `celery worker -E`.
class task_events {
public:
    explicit task_events(bool on = true) : on_{on} {}
    void operator()(worker_settings& s) const { s.task_events = on_; }

private:
    bool on_;
};

/// How many coroutine tasks each thread runs side by side; 1 by default. Tasks that mostly wait
/// want many.
class coroutines {
public:
    explicit coroutines(std::size_t each) : each_{each} {}
    void operator()(worker_settings& s) const { s.coroutines = each_; }

private:
    std::size_t each_;
};

/// The queues to take tasks from. As `celery worker -Q`.
class queues {
public:
    template <class... Names>
    explicit queues(const Names&... names) : names_{std::string{names}...}
    {
    }
    void operator()(worker_settings& s) const { s.queues = names_; }

private:
    std::vector<std::string> names_;
};

/// Messages held in advance for each task that can run at once; 4 by default, as in Celery. More
/// while tasks are so short that these would be gone within 20 ms, unless it is 1.
class prefetch_multiplier {
public:
    explicit prefetch_multiplier(std::size_t each) : each_{each} {}
    void operator()(worker_settings& s) const { s.prefetch_multiplier = each_; }

private:
    std::size_t each_;
};

/// As many threads or processes as there are tasks at hand, at most `most`, at least `least`; fewer
/// again once they were not needed for `keepalive`. As `celery worker --autoscale=10,3`.
class autoscale {
public:
    explicit autoscale(std::size_t most, std::size_t least = 1,
                       std::chrono::milliseconds keepalive = std::chrono::seconds{30})
        : most_{most}, least_{least}, keepalive_{keepalive}
    {
    }
    void operator()(worker_settings& s) const
    {
        s.autoscale_max = most_;
        s.autoscale_min = least_;
        s.autoscale_keepalive = keepalive_;
    }

private:
    std::size_t most_;
    std::size_t least_;
    std::chrono::milliseconds keepalive_;
};

/// What was revoked is remembered in this file when the worker starts again, for the 3 hours that
/// it counts. As `celery worker --statedb`; the file is ferry's own, JSON.
class state_db {
public:
    explicit state_db(std::string path) : path_{std::move(path)} {}
    void operator()(worker_settings& s) const { s.state_db = path_; }

private:
    std::string path_;
};

/// Remote control may replace the processes: `celery control pool_restart`. As Celery's
/// `worker_pool_restarts`.
class pool_restarts {
public:
    explicit pool_restarts(bool on = true) : on_{on} {}
    void operator()(worker_settings& s) const { s.pool_restarts = on_; }

private:
    bool on_;
};

template <class T>
concept worker_option = requires(const T& option, worker_settings& s) { option(s); };

/// Takes tasks from the broker and runs them on threads of its own, each with its own loop.
///
///     tasks::worker worker(app, tasks::concurrency(4));
///     auto serving = spawn(worker.run());
///     ...
///     worker.stop();
///     co_await serving.join();
///
/// A failing task, an unknown one, a message that is none: each is settled once and logged, and
/// stops nothing. As Celery's worker with its thread pool.
class worker {
public:
    template <worker_option... Options>
    explicit worker(const app& of, const Options&... options)
    {
        worker_settings settings;
        (options(settings), ...);
        make(of, std::move(settings));
    }
    worker(const app& of, worker_settings settings) { make(of, std::move(settings)); }
    worker(worker&&) noexcept;
    worker& operator=(worker&&) noexcept;
    ~worker();

    /// Serves until it is stopped. Once. \throws error  the broker or the result store cannot be
    /// opened. Cancelling it is stop_now(), and waits for plain functions that are running.
    awaitable<void> run();

    /// Finishes the tasks that are running, gives the others back, and lets run() return.
    /// Thread-safe. As the signal TERM.
    void stop();

    /// Cancels the tasks that are running, too; those that are acked late come again. A plain
    /// function cannot be cancelled, and is waited for. Thread-safe. As the signal QUIT.
    void stop_now();

    /// How many tasks have ended here, in whatever way.
    std::uint64_t ended() const noexcept;

private:
    class impl;
    void make(const app& of, worker_settings settings);

    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::tasks
