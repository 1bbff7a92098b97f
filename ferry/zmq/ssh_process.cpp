#include "ferry/zmq/detail/ssh_process.hpp"

#include "ferry/core/error.hpp"
#include "ferry/zmq/error.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

namespace ferry::zmq::ssh::detail {
namespace {

constexpr std::size_t max_password_bytes = 1023;  // what ssh reads

std::string script_for(const std::string& password)
{
    if (password.size() > max_password_bytes) {
        throw limit_error("max_password_bytes", max_password_bytes);
    }
    if (password.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
        throw error(errc::bad_option, "ssh: a password is one line");
    }
    return "#!/bin/sh\n"
           "case $1 in *[Pp]assword*|*[Pp]assphrase*) ;; *) exit 1 ;; esac\n"
           "grep -qx 'PPid:." +
           std::to_string(::getpid()) +
           "' \"/proc/$PPID/status\" || exit 1\n"
           "exec tail -n 1 \"$0\"\n" +
           password;
}

std::string_view name_of(std::string_view variable)
{
    return variable.substr(0, variable.find('='));
}

std::vector<std::string> environment_with(std::vector<std::string> variables)
{
    const auto own = static_cast<std::ptrdiff_t>(variables.size());
    for (char** at = environ; *at != nullptr; ++at) {
        const auto is_replaced = [&](const std::string& v) { return name_of(v) == name_of(*at); };
        if (std::none_of(variables.begin(), variables.begin() + own, is_replaced)) {
            variables.emplace_back(*at);
        }
    }
    return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts)
{
    std::vector<char*> all;
    for (std::string& t : texts) all.push_back(t.data());
    all.push_back(nullptr);
    return all;
}

}  // namespace

askpass::askpass(const std::string& password)
{
    const std::string script = script_for(password);
    script_ = ::memfd_create("askpass", MFD_CLOEXEC);
    if (script_ < 0) throw system_failure(errno, "memfd_create");
    if (::write(script_, script.data(), script.size()) < 0) {
        const int number = errno;
        ::close(script_);
        throw system_failure(number, "write");
    }
}

askpass::~askpass()
{
    ::close(script_);
}

std::vector<std::string> askpass::environment() const
{
    return {"SSH_ASKPASS=/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(script_),
            "SSH_ASKPASS_REQUIRE=force"};
}

process::pipe::pipe()
{
    if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) throw system_failure(errno, "pipe");
}

process::pipe::~pipe()
{
    ::close(ends_[0]);
    ::close(ends_[1]);
}

std::string process::pipe::contents() const
{
    std::string all;
    char piece[4096];
    for (;;) {
        const ssize_t n = ::read(ends_[0], piece, sizeof(piece));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return all;
        all.append(piece, static_cast<std::size_t>(n));
    }
}

process::process(std::vector<std::string> words, std::vector<std::string> variables)
{
    std::vector<std::string> environment = environment_with(std::move(variables));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, said_.in(), STDERR_FILENO);
    const int failed = ::posix_spawnp(&pid_, words[0].c_str(), &actions, nullptr,
                                      pointers_to(words).data(), pointers_to(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw system_failure(failed, "run " + words[0]);
}

process::~process()
{
    if (!running()) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
}

bool process::running() noexcept
{
    if (!ended_ && ::waitpid(pid_, &status_, WNOHANG) != 0) ended_ = true;
    return !ended_;
}

std::string process::last_words() const
{
    std::string said = said_.contents();
    said.erase(said.find_last_not_of("\r\n") + 1);
    said.erase(0, said.find_last_of('\n') + 1);
    std::erase_if(said, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    constexpr std::size_t shown = 300;
    return said.substr(0, shown);
}

}  // namespace ferry::zmq::ssh::detail
