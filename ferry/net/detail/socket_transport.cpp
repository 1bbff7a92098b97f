#include "ferry/net/detail/socket_transport.hpp"

#include "ferry/core/error.hpp"
#include "ferry/net/address.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

namespace ferry::net::detail {
namespace {

constexpr std::size_t buffers_per_call = 128;
constexpr std::uint64_t file_bytes_per_call = 1 << 20;

// A peer that is faster than this program would never let it wait, and nothing else on the loop
// would have a turn: no timer, no signal, no other connection.
constexpr int calls_without_wait = 64;

// sendfile() has no flag that keeps a lost connection from ending the program by SIGPIPE: the
// signal is held back meanwhile, and taken away if it came.
class without_sigpipe {
public:
    without_sigpipe() noexcept
    {
        ::sigemptyset(&pipe_);
        ::sigaddset(&pipe_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    without_sigpipe(const without_sigpipe&) = delete;
    without_sigpipe& operator=(const without_sigpipe&) = delete;
    ~without_sigpipe()
    {
        const int number = errno;
        if (may_have_come_ && ::sigismember(&before_, SIGPIPE) == 0) {
            const timespec at_once{};
            ::sigtimedwait(&pipe_, nullptr, &at_once);
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = number;
    }

    void may_have_come() noexcept { may_have_come_ = true; }

private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool may_have_come_ = false;
};

ssize_t send_file_part(int to, int file, off_t at, std::size_t count) noexcept
{
    without_sigpipe guard;
    const ssize_t sent = ::sendfile(to, file, &at, count);
    // A connection that is lost half-way gives the part before, and the signal.
    if (sent < static_cast<ssize_t>(count)) guard.may_have_come();
    return sent;
}

bool would_block(int number) noexcept
{
    return number == EAGAIN || number == EWOULDBLOCK;
}

}  // namespace

void socket_transport::fail(int number, const char* doing) const
{
    const std::error_code code(number, std::system_category());
    throw connection_error(code, std::string{doing} + ' ' + remote_ + ": " + code.message(),
                           remote_);
}

// Whether another call may be made before the loop has a turn.
bool socket_transport::may_go_on() noexcept
{
    return at_once_++ < calls_without_wait;
}

awaitable<void> socket_transport::wait(direction d)
{
    at_once_ = 0;
    return io_.ready(d);
}

awaitable<std::size_t> socket_transport::read_some(std::span<std::byte> into)
{
    if (may_have_more_ && !may_go_on()) co_await wait(direction::reading);
    while (may_have_more_) {
        const ssize_t count = ::recv(io_.fd(), into.data(), into.size(), MSG_DONTWAIT);
        if (count >= 0) {
            may_have_more_ = static_cast<std::size_t>(count) == into.size();
            co_return static_cast<std::size_t>(count);
        }
        if (errno == EINTR) continue;
        if (!would_block(errno)) fail(errno, "read");
        may_have_more_ = false;
    }
    at_once_ = 0;
    std::size_t count = 0;
    try {
        count = co_await io_.read_some(into);
    } catch (const connection_error& e) {
        fail(e.code().value(), "read");
    }
    may_have_more_ = count == into.size();
    co_return count;
}

awaitable<void> socket_transport::wait_readable()
{
    if (may_have_more_) co_return;
    co_await wait(direction::reading);
    may_have_more_ = true;
}

// The end and a failure are left for read_some() to find.
std::size_t socket_transport::try_read(std::span<std::byte> into)
{
    if (!may_go_on()) return 0;
    const ssize_t count = ::recv(io_.fd(), into.data(), into.size(), MSG_DONTWAIT);
    if (count <= 0) return 0;
    may_have_more_ = static_cast<std::size_t>(count) == into.size();
    return static_cast<std::size_t>(count);
}

std::size_t socket_transport::try_write(const_buffers from)
{
    return may_go_on() ? write_now(from) : 0;
}

std::size_t socket_transport::write_now(const_buffers from) const
{
    constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    std::array<iovec, buffers_per_call> parts;
    const std::size_t used = std::min(from.size(), parts.size());
    for (std::size_t i = 0; i < used; ++i) {
        // The kernel only reads from it.
        parts[i].iov_base = const_cast<std::byte*>(from[i].data());
        parts[i].iov_len = from[i].size();
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = used;
    for (;;) {
        // One buffer costs the kernel less by send().
        const ssize_t count = used == 1
                                  ? ::send(io_.fd(), parts[0].iov_base, parts[0].iov_len, flags)
                                  : ::sendmsg(io_.fd(), &message, flags);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (would_block(errno)) return 0;
        if (errno != EINTR) fail(errno, "write");
    }
}

awaitable<std::size_t> socket_transport::write_some(const_buffers from)
{
    for (;;) {
        co_await wait(direction::writing);
        const std::size_t count = write_now(from);
        if (count != 0) co_return count;
    }
}

awaitable<std::uint64_t> socket_transport::send_file(int file, std::uint64_t offset,
                                                     std::uint64_t count)
{
    if (!may_go_on()) co_await wait(direction::writing);
    for (;;) {
        const ssize_t sent = send_file_part(io_.fd(), file, static_cast<off_t>(offset),
                                            std::min(count, file_bytes_per_call));
        if (sent >= 0) co_return static_cast<std::uint64_t>(sent);
        if (errno == EINTR) continue;
        if (errno == EINVAL || errno == ENOSYS) co_return 0;
        if (!would_block(errno)) fail(errno, "send a file to");
        co_await wait(direction::writing);
    }
}

awaitable<void> socket_transport::shutdown_write()
{
    if (::shutdown(io_.fd(), SHUT_WR) != 0 && errno != ENOTCONN) fail(errno, "shut down");
    co_return;
}

awaitable<void> socket_transport::close()
{
    io_.close();
    co_return;
}

std::string socket_transport::local_endpoint() const
{
    return name_of_socket(io_.fd());
}

bool socket_transport::readable_now() const noexcept
{
    char byte = 0;
    const ssize_t count = ::recv(io_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count >= 0 || !would_block(errno);
}

int open_socket(int family, int type)
{
    const int fd = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw system_failure(errno, "open a socket");
    return fd;
}

std::string name_of_socket(int fd)
{
    sockaddr_storage name{};
    socklen_t length = sizeof name;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) return "closed";
    return name_of(&name, length);
}

std::string name_of(const void* sockaddr, std::size_t length)
{
    sockaddr_un name{};
    std::memcpy(&name, sockaddr, std::min(length, sizeof name));
    if (name.sun_family != AF_UNIX) return address::from_sockaddr(sockaddr).text();
    constexpr std::size_t before_path = offsetof(sockaddr_un, sun_path);
    std::string path(name.sun_path, length > before_path ? length - before_path : 0);
    if (!path.empty() && path.front() == '\0') {
        path.front() = '@';
    } else {
        path.resize(std::strlen(path.c_str()));
    }
    return "unix:" + path;
}

void set_no_delay(int fd) noexcept
{
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void set_keepalive(int fd, std::chrono::seconds silence) noexcept
{
    const int on = 1;
    const int count = 3;
    const int idle = static_cast<int>(silence.count());
    const int interval = std::max(idle / count, 1);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

std::size_t unix_sockaddr(const std::string& path, void* into) noexcept
{
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.data(), std::min(path.size(), sizeof name.sun_path));
    std::memcpy(into, &name, sizeof name);
    const bool abstract = !path.empty() && path.front() == '\0';
    return offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1);
}

}  // namespace ferry::net::detail
