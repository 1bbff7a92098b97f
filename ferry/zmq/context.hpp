#pragma once

#include "ferry/async/awaitable.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace ferry::zmq {

class socket;

namespace detail {
class context_core;
}

/// What Context.set and get take, by libzmq's numbers.
enum class context_option {
    io_threads = 1,    ///< 1; before the first socket
    max_sockets = 2,   ///< 1023
    socket_limit = 3,  ///< the most that max_sockets may be; read only
    thread_sched_policy = 4,
    max_msgsz = 5,  ///< 2 GiB
    thread_affinity_cpu_add = 7,
    thread_affinity_cpu_remove = 8,
    thread_name_prefix = 9,
    ipv6 = 42,
    blocky = 70,
    thread_priority = 1000,  ///< write only; libzmq gives it the number of socket_limit
};

/// The I/O threads that sockets share, and the realm of inproc endpoints. As zmq.Context.
///
/// A handle; copies mean the same context, which lives as long as a handle or a socket of it. At
/// the end nothing waits: what lingers is sent in the background, and by the end of the program at
/// last. Thread-safe, but for what is said of close(). Unusable in a forked child.
class context {
public:
    /// A context of its own.
    /// \param io_threads  one for each gigabyte a second.
    explicit context(int io_threads = 1);

    /// The process's own, made on first use: where sockets live that were made without one. As
    /// Context.instance().
    static context instance();

    /// Somebody else's context, a `void*` of libzmq: it is not terminated from here. As
    /// Context.shadow.
    static context shadow(void* theirs);

    /// \throws error(errc::bad_option)  not a value for that option.
    void set(context_option what, int value);
    int get(context_option what) const;

    /// Closes every socket of the context with this linger, those of other threads in their loop's
    /// next turn, and ends the context: whatever waits throws context_terminated. As
    /// Context.destroy.
    void close(std::chrono::milliseconds linger = std::chrono::milliseconds{0});

    /// Ends the context: whatever waits throws context_terminated, then every socket must be
    /// closed; returns when that is done and what lingers is sent. Cancelled: the context ends all
    /// the same. As Context.term; after 5 s the log names the sockets that are open.
    awaitable<void> terminate();

    bool closed() const noexcept;

    /// libzmq's own, for its functions and other libraries'.
    void* handle() const;

    friend bool operator==(const context&, const context&) = default;

private:
    friend class socket;
    explicit context(std::shared_ptr<detail::context_core> core) : core_{std::move(core)} {}
    std::shared_ptr<detail::context_core> core_;
};

/// Whether libzmq was built with `curve`, `ipc`, `tipc`, `pgm`, `norm`, `gssapi`, `draft`. As
/// zmq.has.
bool has(std::string_view capability);

/// libzmq's version, such as "4.3.4". As zmq.zmq_version.
std::string_view version();

}  // namespace ferry::zmq
