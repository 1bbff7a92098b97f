#include "ferry/harvest/detail/run_lock.hpp"

#include "ferry/core/error.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace ferry::harvest::detail {
namespace {

int read_number(int file)
{
    char text[32] = {};
    const auto n = ::pread(file, text, sizeof text - 1, 0);
    return n > 0 ? static_cast<int>(std::strtol(text, nullptr, 10)) : 0;
}

}  // namespace

run_lock::run_lock(const std::string& directory)
{
    const std::string path = directory + "/lock";
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) throw system_failure(errno, "open " + path);
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const int failure = errno;
        const int other = read_number(file_);
        ::close(file_);
        if (failure != EWOULDBLOCK) throw system_failure(failure, "lock " + path);
        throw error{errc::invalid_state,
                    directory + ": in use by process " + std::to_string(other)};
    }
    const auto number = std::to_string(::getpid()) + '\n';
    const bool written =
        ::ftruncate(file_, 0) == 0 &&
        ::pwrite(file_, number.data(), number.size(), 0) == static_cast<ssize_t>(number.size());
    if (!written) {
        const int failure = errno;
        ::close(file_);
        throw system_failure(failure, "write " + path);
    }
}

run_lock::~run_lock()
{
    ::close(file_);
}

int running_process(const std::string& directory)
{
    const int file = ::open((directory + "/lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    int found = 0;
    if (::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) found = read_number(file);
    ::close(file);
    return found;
}

}  // namespace ferry::harvest::detail
