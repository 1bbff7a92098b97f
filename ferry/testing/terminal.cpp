#include "ferry/testing/terminal.hpp"

#include "ferry/core/error.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace ferry::testing {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

milliseconds until(clock::time_point end)
{
    return std::max(std::chrono::ceil<milliseconds>(end - clock::now()), milliseconds{0});
}

}  // namespace

terminal::terminal(const std::vector<std::string>& arguments)
{
    std::vector<std::string> copies = arguments;
    std::vector<char*> pointers;
    for (std::string& argument : copies) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    winsize size{};
    size.ws_row = 24;
    size.ws_col = 80;
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ < 0) throw system_failure(errno, "forkpty");
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execv(pointers.front(), pointers.data());
    ::_exit(127);
}

terminal::~terminal()
{
    if (!ended_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(terminal_);
}

void terminal::type(const std::string& keys) const
{
    if (::write(terminal_, keys.data(), keys.size()) < 0) throw system_failure(errno, "type");
}

// False if nothing came in time, or the program has ended.
bool terminal::read_more(milliseconds limit)
{
    pollfd in{terminal_, POLLIN, 0};
    if (::poll(&in, 1, static_cast<int>(limit.count())) <= 0) return false;
    std::array<char, 4096> chunk;
    const ssize_t n = ::read(terminal_, chunk.data(), chunk.size());
    if (n <= 0) return false;
    shown_.append(chunk.data(), static_cast<std::size_t>(n));
    return true;
}

bool terminal::wait_for(const std::string& text, milliseconds limit)
{
    const auto end = clock::now() + limit;
    while (shown().find(text) == std::string::npos) {
        if (!read_more(until(end))) return false;
    }
    return true;
}

int terminal::wait(milliseconds limit)
{
    const auto end = clock::now() + limit;
    while (clock::now() < end && read_more(until(end))) {
    }
    if (clock::now() >= end) ::kill(pid_, SIGKILL);
    int raw = 0;
    ::waitpid(pid_, &raw, 0);
    ended_ = true;
    return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

std::string terminal::shown() const
{
    std::string text;
    for (std::size_t i = 0; i < shown_.size(); ++i) {
        if (shown_[i] == '\r' && i + 1 < shown_.size() && shown_[i + 1] == '\n') continue;
        text += shown_[i];
    }
    return text;
}

}  // namespace ferry::testing
