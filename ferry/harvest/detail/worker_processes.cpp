#include "ferry/harvest/detail/worker_processes.hpp"

#include "ferry/core/error.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ferry::harvest::detail {
namespace {

double seconds(const timeval& t)
{
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

}  // namespace

worker_processes::worker_processes(std::vector<std::string> command, const std::string& directory,
                                   std::size_t count)
    : command_{std::move(command)}
{
    command_.push_back(directory);
    for (std::size_t i = 0; i < count; ++i) running_.push_back(start());
}

pid_t worker_processes::start() const
{
    std::vector<char*> arguments;
    for (const auto& word : command_) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw system_failure(errno, "start a worker");
    if (pid == 0) {
        // Only what is safe after a fork of a process with threads.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        ::setpgid(0, 0);  // Ctrl-C is for the coordinator, which then ends its workers
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    return pid;
}

bool worker_processes::reap(pid_t& pid, bool wait)
{
    if (pid == 0) return false;
    int status = 0;
    rusage used{};
    if (::wait4(pid, &status, wait ? 0 : WNOHANG, &used) != pid) return false;
    cpu_seconds_ += seconds(used.ru_utime) + seconds(used.ru_stime);
    pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == disk_full) disk_is_full_ = true;
    return true;
}

void worker_processes::replace_dead()
{
    for (pid_t& pid : running_) {
        if (!reap(pid, false)) continue;
        if (disk_is_full_) throw system_failure(ENOSPC, "a worker ended");
        if (++deaths_ > max_deaths) {
            throw error{errc::disconnected, "limit max_deaths = " + std::to_string(max_deaths) +
                                                " exceeded: workers die again and again"};
        }
        pid = start();
    }
}

void worker_processes::ask_to_end()
{
    for (const pid_t pid : running_) {
        if (pid != 0) ::kill(pid, SIGTERM);
    }
}

bool worker_processes::ended()
{
    bool all = true;
    for (pid_t& pid : running_) {
        reap(pid, false);
        all = all && pid == 0;
    }
    return all;
}

void worker_processes::kill_all()
{
    for (pid_t& pid : running_) {
        if (pid == 0) continue;
        ::kill(pid, SIGKILL);
        reap(pid, true);
    }
}

}  // namespace ferry::harvest::detail
