#pragma once

#include "ferry/core/error.hpp"

#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace ferry::zmq {

/// What goes wrong with sockets beyond the system's own errors (EADDRINUSE, EMFILE...), which come
/// as codes of the system.
enum class errc {
    wrong_state = 1,   ///< EFSM: a REQ that sends twice, a REP that answers first
    terminated,        ///< ETERM: the context was terminated
    closed,            ///< the socket is closed
    wrong_thread,      ///< a socket was used on another thread than its own
    forked,            ///< a socket or context of the parent was used in a forked child
    incompatible,      ///< ENOCOMPATPROTO: the transport does not go with the type of socket
    no_io_thread,      ///< EMTHREAD: the context has no I/O thread
    invalid_endpoint,  ///< an endpoint that ZeroMQ would take and never deliver to
    draft,             ///< a socket type that this libzmq has in part only
    unroutable,        ///< EHOSTUNREACH: a mandatory ROUTER knows no peer of that name
    bad_option,        ///< the option is not known, or does not take the value
    bad_certificate,   ///< a certificate file without the key, or with one that is no key
    bad_key,           ///< a text that is not Z85, or not of the length of a key
    bad_message,       ///< a peer's message breaks the rules of its protocol (ZAP, MDP, clone)
    refused,           ///< a handshake failed; what() says at which step
    no_answer,         ///< no server answered, in all attempts
    no_tunnel,         ///< ssh ended, or did not open the tunnel
    too_slow,          ///< a subscriber reads what was published too long ago
    split,             ///< both servers of a binary star are active, or both are passive
};
std::error_code make_error_code(errc e) noexcept;

/// A call that does not fit what the socket did before. Nothing has been sent or received. As
/// PyZMQ's ZMQError with EFSM.
class wrong_state : public error {
public:
    using error::error;
};

/// The context was terminated while, or before, the operation waited. As zmq.ContextTerminated.
class context_terminated : public error {
public:
    using error::error;
};

/// The endpoint cannot be bound; `code()` says why. As zmq.ZMQBindError.
class bind_error : public connection_error {
public:
    using connection_error::connection_error;
};

/// The endpoint is malformed, or its port is none. As PyZMQ's ZMQError with EINVAL, EPROTONOSUPPORT
/// or EADDRINUSE, and for the cases in which that takes it silently.
class invalid_endpoint : public error {
public:
    using error::error;
};

/// A mandatory ROUTER knows no peer of that routing id.
class unroutable : public error {
public:
    using error::error;
};

}  // namespace ferry::zmq

template <>
struct std::is_error_code_enum<ferry::zmq::errc> : std::true_type {};
