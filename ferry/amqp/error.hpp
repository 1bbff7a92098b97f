#pragma once

#include "ferry/core/error.hpp"

#include <cstdint>
#include <string>
#include <system_error>
#include <type_traits>

namespace ferry::amqp {

/// What went wrong. The broker's reply codes have a name each.
enum class errc {
    content_too_large = 1,  ///< 311
    no_route,               ///< 312: a mandatory message reached no queue
    no_consumers,           ///< 313
    connection_forced,      ///< 320: the broker shuts down, or an administrator closed
    invalid_path,           ///< 402
    access_refused,         ///< 403
    not_found,              ///< 404: no such queue or exchange
    resource_locked,        ///< 405: another connection has it for itself
    precondition_failed,    ///< 406: it exists with other settings, or the tag is unknown...
    frame_error,            ///< 501
    syntax_error,           ///< 502
    command_invalid,        ///< 503
    channel_error,          ///< 504
    unexpected_frame,       ///< 505
    resource_error,         ///< 506
    not_allowed,            ///< 530: the virtual host, a limit
    not_implemented,        ///< 540
    internal_error,         ///< 541
    authentication_failed,  ///< the login was refused
    protocol_mismatch,      ///< the peer speaks another version, or something else
    no_free_channels,       ///< channel_max is reached
    closed,                 ///< the channel or connection was closed here
    heartbeat_timeout,      ///< nothing came from the broker for two heartbeats
    publish_nacked,         ///< the broker did not take a message
    consumer_cancelled,     ///< the broker ended the consumer: its queue is gone
    already_settled,        ///< a delivery is acknowledged once
    stale_delivery,         ///< the delivery came over a connection that is gone
    bad_argument,           ///< a name or a table that cannot be sent
    blocked,                ///< the broker's alarm has blocked publishing for too long
    confirm_timeout,        ///< the broker says nothing of what was published
};
std::error_code make_error_code(errc e) noexcept;

/// The broker, or its rules, ended a channel. The connection and its other channels go on. As
/// pika's ChannelClosedByBroker.
class channel_closed : public protocol_error {
public:
    /// \param text  the broker's, such as `NOT_FOUND - no queue 'x' in vhost '/'`
    channel_closed(std::uint16_t reply_code, std::string text, std::uint16_t class_id,
                   std::uint16_t method_id);

    std::uint16_t reply_code() const noexcept { return reply_code_; }
    const std::string& text() const noexcept { return text_; }
    /// Which method was the cause; 0, 0 for none.
    std::uint16_t class_id() const noexcept { return class_id_; }
    std::uint16_t method_id() const noexcept { return method_id_; }

private:
    std::uint16_t reply_code_;
    std::string text_;
    std::uint16_t class_id_;
    std::uint16_t method_id_;
};

/// The broker closed the connection in order, with a reply code. As ConnectionClosedByBroker.
class connection_closed : public connection_error {
public:
    connection_closed(std::uint16_t reply_code, std::string text, std::string endpoint);

    std::uint16_t reply_code() const noexcept { return reply_code_; }
    const std::string& text() const noexcept { return text_; }

private:
    std::uint16_t reply_code_;
    std::string text_;
};

/// User, password or certificate are not accepted. As AuthenticationError.
class authentication_error : public connection_error {
public:
    authentication_error(std::string text, std::string endpoint);
};

}  // namespace ferry::amqp

template <>
struct std::is_error_code_enum<ferry::amqp::errc> : std::true_type {};
