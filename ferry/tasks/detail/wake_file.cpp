#include "ferry/tasks/detail/wake_file.hpp"

#include "ferry/core/error.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ferry::tasks::detail {

wake_file::wake_file(const std::string& path)
    : file_{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)},
      watch_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)}
{
    const int problem = errno;
    if (file_ < 0) {
        if (watch_ >= 0) ::close(watch_);
        throw system_failure(problem, "open " + path);
    }
    if (watch_ >= 0 && ::inotify_add_watch(watch_, path.c_str(), IN_MODIFY) < 0) {
        ::close(watch_);
        watch_ = -1;
    }
}

wake_file::~wake_file()
{
    ::close(file_);
    if (watch_ >= 0) ::close(watch_);
}

void wake_file::touch() const noexcept
{
    // A full disk may refuse even this byte; those who wait then notice at their next poll.
    [[maybe_unused]] const auto written = ::pwrite(file_, "", 1, 0);
}

bool wake_file::drain() const noexcept
{
    if (watch_ < 0) return true;
    alignas(inotify_event) std::array<char, 4096> events;
    bool any = false;
    while (::read(watch_, events.data(), events.size()) > 0) any = true;
    return any;
}

}  // namespace ferry::tasks::detail
