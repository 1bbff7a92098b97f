#pragma once

#include "ferry/async/awaitable.hpp"

#include <functional>
#include <memory>

namespace ferry {

/// Tells when a file descriptor that belongs to somebody else, such as a C library's, becomes
/// readable. What awaitables for such libraries are made of; to wait once, use wait_readable().
///
/// It tells of a change: data comes, or more data, or the end. What is told once is not told again
/// as long as nothing else comes, so whoever is told reads until a read would block.
///
/// Belongs to the loop of the thread that makes it. The descriptor must stay open as long as the
/// watch lives, may have no other watch meanwhile, and is not closed by it.
class descriptor_watch {
public:
    /// \param ready  called on the loop; may arm the watch again, must not throw, must not destroy
    /// the watch.
    /// \throws error  the descriptor is not open, or is watched already.
    descriptor_watch(int fd, std::function<void()> ready);
    descriptor_watch(const descriptor_watch&) = delete;
    descriptor_watch& operator=(const descriptor_watch&) = delete;
    ~descriptor_watch();

    /// Has `ready` called once, in a later turn of the loop, when the descriptor becomes readable:
    /// in the next turn if it has since the last call; the first time in the next turn anyway. No
    /// effect while it is armed. Cost: no system call.
    void arm();

    /// Takes that back.
    void disarm() noexcept;

    bool armed() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// Waits until a read from the descriptor would not block: data, the end or an error is there; at
/// once for regular files. The descriptor becomes non-blocking, stays the caller's, and may be
/// closed meanwhile, which ends no wait. Cancelled: unchanged. Cost: five system calls.
/// \throws error  the descriptor is not open.
/// As asyncio's `loop.add_reader`.
awaitable<void> wait_readable(int fd);

/// The same for writing. As asyncio's `loop.add_writer`.
awaitable<void> wait_writable(int fd);

}  // namespace ferry
