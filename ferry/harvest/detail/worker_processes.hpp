#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace ferry::harvest::detail {

/// The worker processes of a run: started, replaced when they die, ended with the run. They die
/// with the process that started them, however that ends.
class worker_processes {
public:
    /// Deaths in one run after which no more are started.
    static constexpr int max_deaths = 20;
    /// The exit code of a worker that found no room on the disk.
    static constexpr int disk_full = 4;

    worker_processes(std::vector<std::string> command, const std::string& directory,
                     std::size_t count);
    worker_processes(const worker_processes&) = delete;
    worker_processes& operator=(const worker_processes&) = delete;
    ~worker_processes() { kill_all(); }

    /// \throws error  too many have died, or one for want of room on the disk
    ///                (std::errc::no_space_on_device).
    void replace_dead();
    void ask_to_end();
    /// Whether all have ended.
    bool ended();
    void kill_all();
    /// Of those that have ended.
    double cpu_seconds() const noexcept { return cpu_seconds_; }

private:
    pid_t start() const;
    bool reap(pid_t& pid, bool wait);

    std::vector<std::string> command_;
    std::vector<pid_t> running_;  ///< 0: ended
    int deaths_ = 0;
    bool disk_is_full_ = false;
    double cpu_seconds_ = 0;
};

}  // namespace ferry::harvest::detail
