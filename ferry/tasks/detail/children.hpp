#pragma once

#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/perform.hpp"
#include "ferry/tasks/detail/request.hpp"

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ferry::tasks::detail {

/// Forks processes on demand. It is a process itself, of one thread, forked before there are
/// connections: so that a child inherits none, and no lock that a thread held. They all end with
/// it.
class nursery {
public:
    /// Forks. \throws error  the system refuses.
    explicit nursery(std::shared_ptr<app_core> app);
    nursery(const nursery&) = delete;
    nursery& operator=(const nursery&) = delete;
    ~nursery();

    /// One process, and the socket by which it is told what to do.
    struct born {
        pid_t pid;
        int socket;
    };
    born give_birth();

    /// How a process ended, as waitpid() says. Ends it if it has only closed its socket.
    int reap(pid_t pid);

    /// Those that are alive: one that has died is replaced before the next task.
    std::vector<pid_t> pids() const;

private:
    mutable std::mutex mutex_;
    int control_ = -1;
    pid_t server_ = -1;
    std::vector<pid_t> alive_;  ///< guarded
};

/// A process that runs tasks for one thread, one after the other; replaced when it dies.
class child {
public:
    /// \param max_tasks, max_kib  it is replaced after so many tasks, or when it has so much
    /// memory after one; 0: never.
    child(std::shared_ptr<nursery> from, std::size_t max_tasks, std::size_t max_kib = 0)
        : nursery_{std::move(from)}, max_tasks_{max_tasks}, max_kib_{max_kib}
    {
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() { end(); }

    /// Has a new process, in place of the one that it had; if the system refuses, the next task
    /// asks again.
    void renew() noexcept;

    /// Blocks until the task ended: by itself, by its hard limit, by interrupt(), or because the
    /// process died.
    /// \param keeps_json  whether the result store does, for which the process runs it.
    performed run(request& what, std::uint64_t job_number, bool keeps_json);

private:
    void end() noexcept;

    std::shared_ptr<nursery> nursery_;
    std::size_t max_tasks_;
    std::size_t max_kib_;
    std::size_t tasks_ = 0;
    nursery::born process_{-1, -1};
};

}  // namespace ferry::tasks::detail
