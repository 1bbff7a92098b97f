#include "ferry/testing/program.hpp"

#include "ferry/core/error.hpp"
#include "ferry/testing/temporary_directory.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace ferry::testing {
namespace {

[[noreturn]] void become(const std::vector<char*>& arguments, const std::string& in,
                         const std::string& out, const std::string& err)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto redirect = [](const std::string& path, int flags, int to) {
        const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
        if (fd < 0 || ::dup2(fd, to) < 0) ::_exit(127);
    };
    redirect(in, O_RDONLY, 0);
    redirect(out, O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect(err, O_WRONLY | O_CREAT | O_TRUNC, 2);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
}

pid_t start(const std::vector<std::string>& arguments, const std::string& in,
            const std::string& out, const std::string& err)
{
    std::vector<std::string> copies = arguments;
    std::vector<char*> pointers;
    for (std::string& argument : copies) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) throw system_failure(errno, "fork");
    if (pid == 0) become(pointers, in, out, err);
    return pid;
}

int wait_for(pid_t pid, std::chrono::milliseconds limit)
{
    const auto end = std::chrono::steady_clock::now() + limit;
    int raw = 0;
    while (::waitpid(pid, &raw, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() >= end) ::kill(pid, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

}  // namespace

program::program(const std::vector<std::string>& arguments, const std::string& out_path,
                 const std::string& err_path)
    : pid_{start(arguments, "/dev/null", out_path, err_path)}
{
}

program::~program()
{
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void program::signal(int number) const
{
    if (!ended_) ::kill(pid_, number);
}

int program::wait(std::chrono::milliseconds limit)
{
    const int status = wait_for(pid_, limit);
    ended_ = true;
    return status;
}

outcome run_program(const std::vector<std::string>& arguments, const std::string& input,
                    std::chrono::milliseconds limit)
{
    const temporary_directory folder;
    std::ofstream(folder / "in", std::ios::binary) << input;
    outcome result;
    result.status =
        wait_for(start(arguments, folder / "in", folder / "out", folder / "err"), limit);
    result.out = read_file(folder / "out");
    result.err = read_file(folder / "err");
    return result;
}

std::string read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace ferry::testing
