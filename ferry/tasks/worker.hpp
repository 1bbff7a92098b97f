#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/app.hpp"
#include "ferry/tasks/worker_options.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace ferry::tasks {

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
