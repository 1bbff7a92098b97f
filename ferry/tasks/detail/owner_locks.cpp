#include "ferry/tasks/detail/owner_locks.hpp"

#include "ferry/core/error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace ferry::tasks::detail {
namespace {

struct ::flock byte_at(std::int64_t owner, short type) noexcept
{
    struct ::flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = owner;
    lock.l_len = 1;
    return lock;
}

}  // namespace

owner_locks::owner_locks(const std::string& path)
    : path_{path}, file_{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)}
{
    if (file_ < 0) throw system_failure(errno, "open " + path);
}

owner_locks::~owner_locks()
{
    ::close(file_);
}

void owner_locks::hold(std::int64_t owner)
{
    struct ::flock lock = byte_at(owner, F_WRLCK);
    if (::fcntl(file_, F_OFD_SETLK, &lock) != 0) throw system_failure(errno, "lock " + path_);
}

void owner_locks::let_go(std::int64_t owner) noexcept
{
    struct ::flock lock = byte_at(owner, F_UNLCK);
    ::fcntl(file_, F_OFD_SETLK, &lock);
}

bool owner_locks::held_elsewhere(std::int64_t owner) const
{
    struct ::flock lock = byte_at(owner, F_WRLCK);
    if (::fcntl(file_, F_OFD_GETLK, &lock) != 0) throw system_failure(errno, "lock " + path_);
    return lock.l_type != F_UNLCK;
}

}  // namespace ferry::tasks::detail
