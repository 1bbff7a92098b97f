#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::zmq {

/// What happened to a connection, by libzmq's numbers.
enum class event_type : std::uint16_t {
    connected = 0x0001,        ///< value: the descriptor
    connect_delayed = 0x0002,  ///< the connection is under way
    connect_retried = 0x0004,  ///< value: milliseconds until the next attempt
    listening = 0x0008,
    bind_failed = 0x0010,  ///< value: errno
    accepted = 0x0020,     ///< value: the descriptor
    accept_failed = 0x0040,
    closed = 0x0080,
    close_failed = 0x0100,
    disconnected = 0x0200,
    monitor_stopped = 0x0400,             ///< the last of a monitor
    handshake_failed_no_detail = 0x0800,  ///< value: errno
    handshake_succeeded = 0x1000,
    handshake_failed_protocol = 0x2000,  ///< value: ZMQ_PROTOCOL_ERROR_...
    handshake_failed_auth = 0x4000,      ///< value: the authenticator's status, 300 to 500
};

/// A set of event types for socket::watch().
inline constexpr unsigned all_events = 0xFFFF;

/// `handshake_succeeded`...; empty for what is not in the list.
std::string_view name(event_type type) noexcept;

}  // namespace ferry::zmq
