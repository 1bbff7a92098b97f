#include "ferry/zmq/operation.hpp"

#include "ferry/zmq/detail/socket_core.hpp"

namespace ferry::zmq {

using detail::socket_core;

namespace {

socket_core& on(const detail::pin& over) noexcept
{
    return static_cast<socket_core&>(over.on());
}

}  // namespace

// What is rare is a function of its own, so that what is not has little to keep.

bool send_operation::attempt()
{
    if (!on(over_).is_clear_for(message_)) return attempt_slowly();
    return on(over_).pass_send(message_, flags_) || failed();
}

bool send_operation::failed()
{
    attempted_ = true;
    return on(over_).send_failed(message_, flags_);
}

bool send_operation::attempt_slowly()
{
    attempted_ = on(over_).in_a_row();
    return attempted_ && on(over_).try_send(message_, flags_);
}

awaitable<void> send_operation::later() &&
{
    return socket_core::send(on(over_).shared_from_this(), std::move(message_), flags_, attempted_);
}

bool detail::receiving::attempt(message& into)
{
    if (!on(over_).is_clear_for(into)) return attempt_slowly(into);
    return on(over_).pass_receive(into) || failed(into);
}

bool detail::receiving::failed(message& into)
{
    attempted_ = true;
    return on(over_).receive_failed(into);
}

bool detail::receiving::attempt_slowly(message& into)
{
    attempted_ = on(over_).in_a_row();
    return attempted_ && on(over_).try_receive(into);
}

awaitable<message> receive_operation::later() &&
{
    return socket_core::receive(on(over_).shared_from_this(), std::move(message_), attempted_);
}

awaitable<void> receive_into_operation::later() &&
{
    return socket_core::receive_into(on(over_).shared_from_this(), into_, attempted_);
}

}  // namespace ferry::zmq
