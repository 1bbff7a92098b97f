#include "ferry/zmq/operation.hpp"

#include "ferry/zmq/detail/socket_core.hpp"

namespace ferry::zmq {

using detail::socket_core;

send_operation::send_operation(socket_core& over, message&& m, int flags) noexcept
    : over_{&over}, pinned_{over}, message_{std::move(m)}, flags_{flags}
{
}

bool send_operation::attempt()
{
    return over_->attempt_send(message_, flags_, attempted_);
}

awaitable<void> send_operation::later() &&
{
    return socket_core::send(over_->shared_from_this(), std::move(message_), flags_, attempted_);
}

receive_operation::receive_operation(socket_core& over) noexcept : over_{&over}, pinned_{over} {}

bool receive_operation::attempt()
{
    return over_->attempt_receive(message_, attempted_);
}

awaitable<message> receive_operation::later() &&
{
    return socket_core::receive(over_->shared_from_this(), attempted_);
}

receive_into_operation::receive_into_operation(socket_core& over, message& into) noexcept
    : over_{&over}, pinned_{over}, into_{&into}
{
}

bool receive_into_operation::attempt()
{
    return over_->attempt_receive(*into_, attempted_);
}

awaitable<void> receive_into_operation::later() &&
{
    return socket_core::receive_into(over_->shared_from_this(), into_, attempted_);
}

}  // namespace ferry::zmq
