#include "ferry/testing/peer.hpp"

#include "ferry/core/error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <utility>

namespace ferry::testing {
namespace {

constexpr std::chrono::milliseconds patience{60'000};

}  // namespace

peer::peer(const std::string& script, const std::vector<std::string>& arguments,
           const std::string& python)
{
    std::vector<std::string> all{python, "-u", script};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& a : all) argv.push_back(a.data());
    argv.push_back(nullptr);

    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw system_failure(errno, "pipe");
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(ends[1], STDOUT_FILENO);
        ::execv(argv.front(), argv.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
    if (pid_ < 0) {
        end();
        throw system_failure(errno, "start " + script);
    }
    const std::string first = line();
    const auto [rest, ec] = std::from_chars(first.data(), first.data() + first.size(), port_);
    if (ec != std::errc{} || rest != first.data() + first.size()) {
        end();
        throw error(errc::protocol, script + " did not print its port but: '" + first + "'");
    }
}

peer::~peer()
{
    end();
}

void peer::end() noexcept
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(std::exchange(pid_, -1), nullptr, 0);
    }
    if (output_ >= 0) ::close(std::exchange(output_, -1));
}

std::string peer::line()
{
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (const auto at = unread_.find('\n'); at != unread_.npos) {
            std::string result = unread_.substr(0, at);
            unread_.erase(0, at + 1);
            return result;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd readable{output_, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) == 0) {
            throw timeout_error("a line of the peer's output", patience);
        }
        char chunk[512];
        const ssize_t count = ::read(output_, chunk, sizeof chunk);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return std::exchange(unread_, {});
        unread_.append(chunk, static_cast<std::size_t>(count));
    }
}

int peer::wait()
{
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace ferry::testing
