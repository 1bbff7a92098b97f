#pragma once

#include "ferry/async/prompt.hpp"
#include "ferry/zmq/message.hpp"

#include <memory>
#include <utility>

// What socket's operations for one frame return: each is an awaitable, but for the coroutine, which
// costs as much as a third of what libzmq does for a small message. Used on the socket's thread
// only.

namespace ferry::zmq {

namespace detail {

class socket_core;

/// What operations keep alive although its owner is gone. The count is not atomic: that would cost
/// a quarter of what the coroutine does.
class pinnable {
public:
    /// The owner is gone.
    void keep(std::shared_ptr<void> self) noexcept
    {
        if (pins_ > 0) kept_ = std::move(self);
    }

private:
    friend class pin;
    unsigned pins_ = 0;
    std::shared_ptr<void> kept_;
};

class pin {
public:
    explicit pin(pinnable& on) noexcept : on_{&on} { ++on.pins_; }
    pin(const pin& other) noexcept : pin{*other.on_} {}
    pin& operator=(const pin&) = delete;
    ~pin()
    {
        if (--on_->pins_ == 0 && on_->kept_) let_go();
    }

    pinnable& on() const noexcept { return *on_; }

private:
    void let_go() noexcept { const auto last = std::exchange(on_->kept_, nullptr); }

    pinnable* on_;
};

}  // namespace detail

/// As awaitable<void>: see socket::send().
class send_operation final : public prompt_base<send_operation, void> {
public:
    send_operation(detail::socket_core& over, message&& m, int flags) noexcept;
    send_operation(detail::socket_core& over, std::string_view text, int flags);

    bool attempt();
    void result() noexcept {}
    awaitable<void> later() &&;

private:
    [[gnu::noinline]] bool failed();
    [[gnu::noinline]] bool attempt_slowly();

    detail::pin over_;
    message message_;
    int flags_;
    bool attempted_ = false;
};

namespace detail {

/// What both operations that receive a frame have in common.
class receiving {
protected:
    explicit receiving(pinnable& over) noexcept : over_{over} {}
    bool attempt(message& into);

    pin over_;
    bool attempted_ = false;

private:
    [[gnu::noinline]] bool failed(message& into);
    [[gnu::noinline]] bool attempt_slowly(message& into);
};

}  // namespace detail

/// As awaitable<message>: see socket::receive().
class receive_operation final : public prompt_base<receive_operation, message>, detail::receiving {
public:
    explicit receive_operation(detail::socket_core& over) noexcept;

    bool attempt() { return receiving::attempt(message_); }
    message result() noexcept { return std::move(message_); }
    awaitable<message> later() &&;

private:
    message message_;
};

/// As awaitable<void>: see socket::receive_into().
class receive_into_operation final : public prompt_base<receive_into_operation, void>,
                                     detail::receiving {
public:
    receive_into_operation(detail::socket_core& over, message& into) noexcept;

    bool attempt() { return receiving::attempt(*into_); }
    void result() noexcept {}
    awaitable<void> later() &&;

private:
    message* into_;
};

}  // namespace ferry::zmq
