#include "ferry/net/datagram.hpp"

#include "ferry/core/error.hpp"
#include "ferry/net/detail/descriptor.hpp"
#include "ferry/net/detail/socket_transport.hpp"
#include "ferry/net/endpoint.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ferry::net {
namespace {

struct unix_name {
    explicit unix_name(const std::string& path)
        : length{static_cast<socklen_t>(detail::unix_sockaddr(unix_socket(path).path(), &storage))}
    {
    }
    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }

    sockaddr_storage storage{};
    socklen_t length;
};

bool in_file_system(const std::string& path)
{
    return !path.empty() && path.front() != '@' && path.front() != '\0';
}

}  // namespace

class datagram_socket::impl {
public:
    explicit impl(std::string at)
        : io{detail::open_socket(AF_UNIX, SOCK_DGRAM)}, path{std::move(at)}
    {
        if (path.empty()) return;
        const unix_name name(path);
        if (::bind(io.fd(), name.get(), name.length) == 0) return;
        if (errno == EADDRINUSE && in_file_system(path) && !is_alive(name)) {
            ::unlink(path.c_str());
            if (::bind(io.fd(), name.get(), name.length) == 0) return;
        }
        throw system_failure(errno, "bind " + std::exchange(path, {}));
    }
    ~impl()
    {
        if (in_file_system(path)) ::unlink(path.c_str());
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    static bool is_alive(const unix_name& name)
    {
        const detail::descriptor probe(detail::open_socket(AF_UNIX, SOCK_DGRAM));
        const bool refused =
            ::connect(probe.fd(), name.get(), name.length) != 0 && errno == ECONNREFUSED;
        return !refused;
    }

    /// Takes a message if one is there. \return its length, or -1.
    ssize_t take(std::span<std::byte> into) const
    {
        for (;;) {
            const ssize_t count = ::recv(io.fd(), into.data(), into.size(), MSG_DONTWAIT);
            if (count >= 0 || errno == EAGAIN || errno == EWOULDBLOCK) return count;
            if (errno != EINTR) throw system_failure(errno, "receive on " + path);
        }
    }

    static awaitable<bytes> receive(std::shared_ptr<impl> self)
    {
        bytes message(max_message_bytes);
        for (;;) {
            const ssize_t count = self->take(message);
            if (count >= 0) {
                message.resize(static_cast<std::size_t>(count));
                co_return message;
            }
            co_await self->io.ready(direction::reading);
        }
    }

    static awaitable<void> drain(std::shared_ptr<impl> self)
    {
        std::byte ignored[1];
        for (bool any = false; !any;) {
            while (self->take(ignored) >= 0) any = true;
            if (!any) co_await self->io.ready(direction::reading);
        }
    }

    detail::descriptor io;
    std::string path;
};

datagram_socket::datagram_socket() : impl_{std::make_shared<impl>(std::string{})} {}
datagram_socket::datagram_socket(std::string path) : impl_{std::make_shared<impl>(std::move(path))}
{
}
datagram_socket::datagram_socket(datagram_socket&&) noexcept = default;

datagram_socket& datagram_socket::operator=(datagram_socket&& other) noexcept
{
    if (this != &other) {
        if (impl_) impl_->io.close();
        impl_ = std::move(other.impl_);
    }
    return *this;
}

datagram_socket::~datagram_socket()
{
    if (impl_) impl_->io.close();
}

bool datagram_socket::send_to(const std::string& path, std::span<const std::byte> message) const
{
    const unix_name name(path);
    for (;;) {
        const ssize_t sent = ::sendto(impl_->io.fd(), message.data(), message.size(),
                                      MSG_DONTWAIT | MSG_NOSIGNAL, name.get(), name.length);
        if (sent >= 0) return true;
        switch (errno) {
            case EINTR: continue;
            case EAGAIN:
            case ENOBUFS:
            case ECONNREFUSED:
            case ENOENT: return false;
            default: throw system_failure(errno, "send to " + path);
        }
    }
}

awaitable<bytes> datagram_socket::receive() const
{
    return impl::receive(impl_);
}

awaitable<void> datagram_socket::drain() const
{
    return impl::drain(impl_);
}

const std::string& datagram_socket::path() const noexcept
{
    return impl_->path;
}

}  // namespace ferry::net
