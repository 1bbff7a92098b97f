#include "ferry/net/listener.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/net/connect.hpp"
#include "ferry/net/detail/descriptor.hpp"
#include "ferry/net/detail/socket_transport.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ferry::net {
namespace {

using namespace std::chrono_literals;

constexpr auto pause_without_descriptors = 100ms;

bool is_abstract(const std::string& path)
{
    return path.empty() || path.front() == '\0';
}

/// Whether a socket that is left over in the file system has nobody behind it any more.
bool is_abandoned(const std::string& path)
{
    const detail::descriptor probe(detail::open_socket(AF_UNIX, SOCK_STREAM));
    sockaddr_storage name{};
    const std::size_t length = detail::unix_sockaddr(path, &name);
    return ::connect(probe.fd(), reinterpret_cast<const sockaddr*>(&name),
                     static_cast<socklen_t>(length)) != 0 &&
           errno == ECONNREFUSED;
}

int bind_and_listen(const endpoint& at, const listen_options& with)
{
    sockaddr_storage name{};
    std::size_t length = 0;
    int family = AF_UNIX;
    if (at.type() == endpoint::kind::unix_socket) {
        length = detail::unix_sockaddr(at.path(), &name);
        if (!is_abstract(at.path()) && is_abandoned(at.path())) ::unlink(at.path().c_str());
    } else {
        const std::string host = at.host() == "localhost" ? "127.0.0.1" : at.host();
        const auto address = net::address::parse(host, at.port());
        if (!address) {
            throw error(errc::malformed, "listen on " + at.text() + ": not a numeric address");
        }
        length = address->to_sockaddr(&name);
        family = address->is_v6() ? AF_INET6 : AF_INET;
    }
    const int fd = detail::open_socket(family, SOCK_STREAM);
    const int on = 1;
    if (family != AF_UNIX) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (with.reuse_port()) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), static_cast<socklen_t>(length)) != 0 ||
        ::listen(fd, with.backlog()) != 0) {
        const int failure = errno;
        ::close(fd);
        throw system_failure(failure, "listen on " + at.text());
    }
    return fd;
}

std::uint16_t bound_port(int fd)
{
    sockaddr_storage name{};
    socklen_t length = sizeof name;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) return 0;
    return name.ss_family == AF_UNIX ? std::uint16_t{0} : address::from_sockaddr(&name).port();
}

}  // namespace

class listener::impl {
public:
    impl(const endpoint& at, const listen_options& with) : io{bind_and_listen(at, with)}, where{at}
    {
        if (at.type() == endpoint::kind::tcp) where = where.with_port(bound_port(io.fd()));
    }
    ~impl() { close(); }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    void close() noexcept
    {
        if (!io.is_open()) return;
        io.close();
        if (where.type() == endpoint::kind::unix_socket && !is_abstract(where.path())) {
            ::unlink(where.path().c_str());
        }
    }

    static awaitable<stream> accept(std::shared_ptr<impl> self);

    detail::descriptor io;
    endpoint where;
};

awaitable<stream> listener::impl::accept(std::shared_ptr<impl> self)
{
    bool told = false;
    for (;;) {
        if (!self->io.is_open()) throw cancelled();
        sockaddr_storage name{};
        socklen_t length = sizeof name;
        const int fd = ::accept4(self->io.fd(), reinterpret_cast<sockaddr*>(&name), &length,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            const bool is_unix = self->where.type() == endpoint::kind::unix_socket;
            if (!is_unix) detail::set_no_delay(fd);
            std::string peer = is_unix ? self->where.text() : address::from_sockaddr(&name).text();
            co_return stream(std::make_unique<detail::socket_transport>(detail::descriptor(fd),
                                                                        std::move(peer)));
        }
        const int failure = errno;
        if (failure == EAGAIN || failure == EWOULDBLOCK) {
            co_await self->io.ready(direction::reading);
        } else if (failure == EMFILE || failure == ENFILE || failure == ENOBUFS ||
                   failure == ENOMEM) {
            if (!std::exchange(told, true)) {
                log::warning("accepting connections is paused", "endpoint", self->where.text(),
                             "reason", std::error_code(failure, std::system_category()).message());
            }
            co_await sleep(pause_without_descriptors);
        } else if (failure == EBADF || failure == EINVAL || failure == ENOTSOCK) {
            throw system_failure(failure, "accept on " + self->where.text());
        }
        // Anything else is about a connection that ended before it was accepted.
    }
}

listener::listener(const endpoint& at, listen_options with)
    : impl_{std::make_shared<impl>(at, with)}
{
}
listener::listener(listener&&) noexcept = default;

listener& listener::operator=(listener&& other) noexcept
{
    if (this != &other) {
        if (impl_) impl_->close();
        impl_ = std::move(other.impl_);
    }
    return *this;
}

listener::~listener()
{
    if (impl_) impl_->close();
}

awaitable<stream> listener::accept()
{
    return impl::accept(impl_);
}

std::uint16_t listener::port() const noexcept
{
    return impl_->where.port();
}

const endpoint& listener::local_endpoint() const noexcept
{
    return impl_->where;
}

void listener::close() noexcept
{
    impl_->close();
}

}  // namespace ferry::net
