#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/bytes.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace ferry::net {

/// Short messages between the processes of one machine over a unix socket: the wake-up of whoever
/// waits for work in a shared database. Cheap (median 13 us from process to process) and lossy, as
/// datagrams are: whoever relies on it looks for himself now and then.
///
///     net::datagram_socket ear("/run/app/worker-17.sock");
///     auto message = co_await ear.receive();               // in the worker
///     net::datagram_socket().send_to("/run/app/worker-17.sock", as_bytes("work"));
class datagram_socket {
public:
    /// The longest message.
    static constexpr std::size_t max_message_bytes = 64 * 1024;

    /// For sending only.
    datagram_socket();

    /// Binds to a path, or with `@` in front to an abstract name. A path left over from a process
    /// that has ended is taken over; it is removed at the end. \throws error  in use, denied...
    explicit datagram_socket(std::string path);

    datagram_socket(datagram_socket&&) noexcept;
    datagram_socket& operator=(datagram_socket&&) noexcept;
    ~datagram_socket();

    /// Sends without waiting. \return false if nobody listens there, or the receiver's queue is
    /// full: it has enough to wake up for. \throws error  anything else.
    bool send_to(const std::string& path, std::span<const std::byte> message) const;

    /// Waits for a message. Safe to cancel: no message is lost.
    awaitable<bytes> receive() const;

    /// Waits for one message at least and drops all that have come: many wake-ups are one.
    awaitable<void> drain() const;

    const std::string& path() const noexcept;

    class impl;

private:
    std::shared_ptr<impl> impl_;
};

}  // namespace ferry::net
