#pragma once

#include "ferry/async/awaitable.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ferry::zmq::detail {

class socket_core;

/// How often this process has been forked from one that used ZeroMQ.
extern std::atomic<int> fork_count;
inline int forks() noexcept
{
    return fork_count.load(std::memory_order_relaxed);
}

/// Which thread of which process this is: a fork's thread is another one than what it was before. 0
/// until take_place().
inline std::uint64_t& place() noexcept
{
    // Without the model, each use in position-independent code is a call.
    [[gnu::tls_model("initial-exec")]] static constinit thread_local std::uint64_t here = 0;
    return here;
}
std::uint64_t take_place();

/// The ending of one context, which a thread of its own waits for.
class ending;

class context_core {
public:
    explicit context_core(int io_threads);
    explicit context_core(void* theirs) noexcept : handle_{theirs}, owned_{false} {}
    context_core(const context_core&) = delete;
    context_core& operator=(const context_core&) = delete;
    ~context_core();

    /// \throws context_terminated, error(errc::forked)
    void* handle() const;

    /// Makes a socket of libzmq and keeps it in the list.
    void* open(int type, socket_core& owner);
    void closed(socket_core& owner) noexcept;

    /// Closes all sockets and ends the context.
    void close(std::chrono::milliseconds linger);
    bool closed() const noexcept { return ending_begun_; }

    static awaitable<void> terminate(std::shared_ptr<context_core> self);

    /// The sockets that are open, `PUSH tcp://127.0.0.1:5000, ...`.
    std::string open_sockets() const;

private:
    std::shared_ptr<ending> end();

    void* handle_;
    bool owned_ = true;
    int forks_ = forks();
    std::atomic<bool> ending_begun_ = false;
    mutable std::mutex gate_;
    std::shared_ptr<ending> ending_;     ///< guarded by gate_
    std::vector<socket_core*> sockets_;  ///< guarded by gate_
};

}  // namespace ferry::zmq::detail
