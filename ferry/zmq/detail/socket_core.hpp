#pragma once

#include "ferry/async/descriptor.hpp"
#include "ferry/async/loop.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/waiter.hpp"
#include "ferry/zmq/detail/context_core.hpp"
#include "ferry/zmq/detail/failure.hpp"
#include "ferry/zmq/message.hpp"
#include "ferry/zmq/option.hpp"
#include "ferry/zmq/socket.hpp"

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ferry::zmq::detail {

/// Who wants to know that a socket became ready, without taking anything from it. Told in a call of
/// some other operation of the socket; must only make a note and wake somebody.
class watcher {
public:
    poll_events wanted = 0;

    watcher() = default;
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    virtual ~watcher() = default;
    virtual void ready(poll_events events) noexcept = 0;
};

/// A socket of libzmq on a loop.
///
/// Its descriptor becomes readable when the socket has something to look at, and *any* call may
/// swallow that. So who waits tries first, and after every call look() asks for the events and
/// wakes whoever waits for them; the descriptor is watched while somebody waits.
class socket_core : public pinnable, public std::enable_shared_from_this<socket_core> {
public:
    socket_core(std::shared_ptr<context_core> of, socket_type type);
    socket_core(const socket_core&) = delete;
    socket_core& operator=(const socket_core&) = delete;
    ~socket_core();

    socket_type type() const noexcept { return type_; }
    const loop& owner() const noexcept { return owner_; }
    const std::shared_ptr<context_core>& of() const noexcept { return context_; }
    bool on_own_thread() const noexcept;

    /// \throws error  it is closed, or not used where it belongs.
    void* handle() const;
    bool closed() const noexcept { return handle_ == nullptr; }
    void close(std::optional<std::chrono::milliseconds> linger) noexcept;

    std::string bind(const std::string& endpoint);
    void connect(const std::string& endpoint);
    void unbind(const std::string& endpoint);
    void disconnect(const std::string& endpoint);
    std::string last_endpoint();

    bool try_send(message& m, int flags);
    bool try_receive(message& m);

    /// \name The same in the fewest steps
    /// Whether `m` may pass without any further thought; if so, pass it, and tell of a failure.
    /// @{
    bool is_clear_for(const message& m) const noexcept
    {
        return credit_ > 0 && place_ == place() && m.live_;
    }
    bool pass_send(message& m, int flags) noexcept
    {
        --credit_;
        if (zmq_msg_send(raw(m), handle_, flags | ZMQ_DONTWAIT) < 0) return false;
        m.taken();
        return true;
    }
    bool pass_receive(message& m) noexcept
    {
        --credit_;
        return zmq_msg_recv(raw(m), handle_, ZMQ_DONTWAIT) >= 0;
    }
    bool send_failed(message& m, int flags) { return sent(last_failure(), m, flags); }
    bool receive_failed(message& m) { return received(last_failure(), m); }
    /// @}

    /// Whether a coroutine may go on without letting others run: for some messages, and for as many
    /// more as take no time to speak of.
    bool in_a_row() noexcept
    {
        left_in_row_ += std::exchange(credit_, 0);
        return left_in_row_ > 0 || goes_on();
    }

    bool try_send_all(multipart& all);
    bool try_receive_all(multipart& all);

    using self_ptr = std::shared_ptr<socket_core>;
    /// \param attempted  once, in vain.
    static awaitable<void> send(self_ptr self, message m, int flags, bool attempted);
    static awaitable<void> send_all(self_ptr self, multipart all);
    static awaitable<message> receive(self_ptr self, message m, bool attempted);
    static awaitable<void> receive_into(self_ptr self, message* into, bool attempted);
    static awaitable<std::size_t> receive_some(self_ptr self, std::span<message> into);
    static awaitable<void> send_each(self_ptr self, std::span<message> from);
    static awaitable<multipart> receive_all(self_ptr self);
    static awaitable<poll_events> wait(self_ptr self, poll_events wanted,
                                       std::chrono::milliseconds limit);

    void on_receive(std::function<void(multipart)> f);

    /// What the socket is ready for now; whoever waits for that is woken, too.
    /// \throws context_terminated...
    poll_events events();

    void add(watcher& w);
    void remove(watcher& w) noexcept;

    void set_option(int number, const char* called, effect when, const void* data,
                    std::size_t size);
    void get_option(int number, const char* called, void* data, std::size_t* size);

    std::chrono::milliseconds send_limit{forever};
    std::chrono::milliseconds receive_limit{forever};

    /// Which monitor the socket has; 0 for none.
    unsigned long monitored_by = 0;

    /// `PUSH tcp://127.0.0.1:5000`, for messages; thread-safe.
    std::string description() const;

private:
    class turn;

    void check_use() const
    {
        if (handle_ == nullptr || place_ != place()) refuse_use();
    }
    [[noreturn]] void refuse_use() const;
    [[noreturn]] void throw_failed(int number, const char* doing) const;
    [[noreturn]] void fail(std::string_view doing) const;

    /// To be called after every call of libzmq on the socket.
    void called() noexcept
    {
        if (waited_for()) look();
    }
    /// Whether anybody wants to be woken.
    bool waited_for() const noexcept
    {
        return !receivers_.empty() || !senders_.empty() || !watchers_.empty();
    }
    void stirred() noexcept;
    void look(bool wake_senders = true) noexcept;
    void tell(poll_events now, bool wake_senders) noexcept;
    static zmq_msg_t* raw(message& m) noexcept
    {
        return static_cast<zmq_msg_t*>(static_cast<void*>(&m.storage_));
    }
    /// libzmq's calls. \return its error, or 0.
    int send_now(message& m, int flags) noexcept;
    int receive_now(message& m) noexcept;
    /// What there is to do after them. \return whether the message was taken.
    bool sent(int number, message& m, int flags);
    bool received(int number, message& m);
    std::size_t try_send_some(std::span<message> from);
    std::size_t try_receive_some(std::span<message> into);
    void abandoned() noexcept;
    std::optional<poll_events> ask() noexcept;

    static awaitable<void> hand_on(self_ptr self, std::function<void(multipart)> f);
    descriptor_watch& watch();

    /// After in_a_row(): how many messages may pass before that is asked again, one at least.
    std::size_t rest_of_row() const noexcept
    {
        return static_cast<std::size_t>(std::max(left_in_row_, 1));
    }
    bool goes_on() noexcept;
    void begin_row() noexcept
    {
        left_in_row_ = least_row;
        is_long_ = false;
        credit_ = 0;
    }
    /// The rest of the row may pass without further thought, if nobody waits.
    void give_credit() noexcept
    {
        left_in_row_ += std::exchange(credit_, 0);
        if (left_in_row_ > 0 && !waited_for() && type_ != socket_type::stream) {
            credit_ = std::exchange(left_in_row_, 0);
        }
    }
    static constexpr int least_row = 64;
    static constexpr std::chrono::milliseconds longest_row{1};
    awaitable<void> rest();

    std::shared_ptr<context_core> context_;
    socket_type type_;
    loop owner_ = loop::current();
    std::uint64_t place_ = take_place();
    void* handle_;
    int forks_ = forks();
    int left_in_row_ = least_row;
    /// How many of those may pass as long as the socket is open and nobody waits for it, minus the
    /// calls since.
    int credit_ = 0;
    bool is_long_ = false;  ///< the row has had its least
    std::chrono::steady_clock::time_point long_since_;
    bool attached_ = false;
    bool warned_ = false;
    bool looked_ = false;  ///< since the last attempt to send or receive
    std::unique_ptr<descriptor_watch> watch_;
    waiter_list receivers_;
    waiter_list senders_;
    std::vector<watcher*> watchers_;
    std::optional<task<void>> handing_on_;
    mutable std::mutex naming_;
    std::string endpoints_;  ///< guarded by naming_
};

}  // namespace ferry::zmq::detail
