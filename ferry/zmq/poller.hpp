#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/option.hpp"
#include "ferry/zmq/socket.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace ferry::zmq {

/// What poll() found ready. As `dict(poller.poll())`.
class poll_result {
public:
    poll_result() = default;

    /// What of it is so; 0 for what is not ready, or was not asked for.
    poll_events operator[](const socket& s) const noexcept;
    poll_events operator[](int fd) const noexcept;

    bool empty() const noexcept { return sockets_.empty() && descriptors_.empty(); }
    std::size_t size() const noexcept { return sockets_.size() + descriptors_.size(); }

private:
    friend class poller;
    std::vector<std::pair<const detail::socket_core*, poll_events>> sockets_;
    std::vector<std::pair<int, poll_events>> descriptors_;
};

/// Waits for whichever of many sockets and file descriptors is ready first. As zmq.asyncio.Poller.
///
///     zmq::poller both;
///     both.add(tasks);
///     both.add(control);
///     auto ready = co_await both.poll();
///     if (ready[control]) ...
///
/// A coroutine for each socket is simpler, and as fast. Belongs to the sockets' thread. Cost of
/// poll(): linear in their number.
class poller {
public:
    /// Adds it, or changes what is wanted of it. As Poller.register and modify.
    void add(const socket& s, poll_events wanted = pollin);
    void add(int fd, poll_events wanted = pollin);

    /// No effect on what was not added. As Poller.unregister.
    void remove(const socket& s) noexcept;
    void remove(int fd) noexcept;

    std::size_t size() const noexcept { return sockets_.size() + descriptors_.size(); }

    /// Waits until one is ready at least. \return empty if the time is over.
    /// Cancelled: unchanged.
    /// \throws error(errc::closed)  one of the sockets is closed; remove it first.
    awaitable<poll_result> poll(std::chrono::milliseconds limit = forever) const;

private:
    std::vector<std::pair<std::shared_ptr<detail::socket_core>, poll_events>> sockets_;
    std::vector<std::pair<int, poll_events>> descriptors_;
};

}  // namespace ferry::zmq
