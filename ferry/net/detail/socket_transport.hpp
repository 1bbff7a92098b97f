#pragma once

#include "ferry/net/detail/descriptor.hpp"
#include "ferry/net/transport.hpp"

#include <chrono>
#include <string>

namespace ferry::net::detail {

/// A connected socket: TCP or unix.
class socket_transport final : public transport {
public:
    /// \param remote  the peer as text, for errors: asking the system later may be too late.
    socket_transport(descriptor io, std::string remote) noexcept
        : io_{std::move(io)}, remote_{std::move(remote)}
    {
    }

    awaitable<std::size_t> read_some(std::span<std::byte> into) override;
    awaitable<void> wait_readable() override;
    std::size_t try_read(std::span<std::byte> into) override;
    std::size_t try_write(const_buffers from) override;
    awaitable<std::size_t> write_some(const_buffers from) override;
    awaitable<std::uint64_t> send_file(int file, std::uint64_t offset,
                                       std::uint64_t count) override;
    awaitable<void> shutdown_write() override;
    awaitable<void> close() override;
    void abort() noexcept override { io_.close(); }
    void interrupt(direction d) noexcept override { io_.interrupt(d); }
    std::string local_endpoint() const override;
    std::string remote_endpoint() const override { return remote_; }
    bool readable_now() const noexcept override;
    int native_handle() const noexcept override { return io_.fd(); }

private:
    [[noreturn]] void fail(int number, const char* doing) const;
    bool may_go_on() noexcept;
    std::size_t write_now(const_buffers from) const;
    awaitable<void> wait(direction d);

    descriptor io_;
    std::string remote_;
    bool may_have_more_ = false;  ///< the last read left something, perhaps
    int at_once_ = 0;             ///< calls since the loop had a turn
};

/// A new socket, non-blocking and closed on exec. \throws error.
int open_socket(int family, int type);

/// The socket's own name: `127.0.0.1:80`, `unix:/path`.
std::string name_of_socket(int fd);

/// The same for a name that the system gave.
std::string name_of(const void* sockaddr, std::size_t length);

/// TCP_NODELAY, if the socket is TCP.
void set_no_delay(int fd) noexcept;

/// SO_KEEPALIVE: three questions, a third of `silence` apart, after so much of it.
void set_keepalive(int fd, std::chrono::seconds silence) noexcept;

/// What the kernel wants for a unix socket's path. \return its length.
std::size_t unix_sockaddr(const std::string& path, void* into) noexcept;

}  // namespace ferry::net::detail
