#pragma once

#include "ferry/amqp/detail/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::amqp::detail {

inline constexpr std::uint8_t frame_method = 1;
inline constexpr std::uint8_t frame_header = 2;
inline constexpr std::uint8_t frame_body = 3;
inline constexpr std::uint8_t frame_heartbeat = 8;
inline constexpr std::size_t frame_overhead = 8;
inline constexpr char frame_end = '\xCE';
/// What frames may have before the limit is agreed on.
inline constexpr std::uint32_t frame_min_size = 4096;
inline constexpr std::uint32_t frame_max_size = 131072;

/// What a client says first.
inline constexpr std::string_view protocol_header{"AMQP\0\0\x09\x01", 8};

struct frame {
    std::uint8_t type;
    std::uint16_t channel;
    std::string_view payload;

    std::size_t size() const noexcept { return payload.size() + frame_overhead; }
};

/// The frame that `in` begins with; none if it is not whole yet.
/// \throws protocol_error  errc::frame_error: a bad end, an unknown type, over `max_size` bytes;
///                         errc::protocol_mismatch: the peer names another version.
std::optional<frame> next_frame(std::string_view in, std::size_t max_size);

/// Appends what a frame of so many bytes of payload begins with; those and frame_end come behind.
void append_frame_head(std::string& to, std::uint8_t type, std::uint16_t channel, std::size_t size);

/// Class and method in one number.
constexpr std::uint32_t method_id(std::uint16_t class_id, std::uint16_t method)
{
    return std::uint32_t{class_id} << 16U | method;
}

/// The methods of section 1.2 of the class reference that RabbitMQ has.
enum class method : std::uint32_t {
    connection_start = method_id(10, 10),
    connection_start_ok = method_id(10, 11),
    connection_secure = method_id(10, 20),
    connection_secure_ok = method_id(10, 21),
    connection_tune = method_id(10, 30),
    connection_tune_ok = method_id(10, 31),
    connection_open = method_id(10, 40),
    connection_open_ok = method_id(10, 41),
    connection_close = method_id(10, 50),
    connection_close_ok = method_id(10, 51),
    connection_blocked = method_id(10, 60),
    connection_unblocked = method_id(10, 61),
    connection_update_secret = method_id(10, 70),
    connection_update_secret_ok = method_id(10, 71),
    channel_open = method_id(20, 10),
    channel_open_ok = method_id(20, 11),
    channel_flow = method_id(20, 20),
    channel_flow_ok = method_id(20, 21),
    channel_close = method_id(20, 40),
    channel_close_ok = method_id(20, 41),
    exchange_declare = method_id(40, 10),
    exchange_declare_ok = method_id(40, 11),
    exchange_delete = method_id(40, 20),
    exchange_delete_ok = method_id(40, 21),
    exchange_bind = method_id(40, 30),
    exchange_bind_ok = method_id(40, 31),
    exchange_unbind = method_id(40, 40),
    exchange_unbind_ok = method_id(40, 51),
    queue_declare = method_id(50, 10),
    queue_declare_ok = method_id(50, 11),
    queue_bind = method_id(50, 20),
    queue_bind_ok = method_id(50, 21),
    queue_purge = method_id(50, 30),
    queue_purge_ok = method_id(50, 31),
    queue_delete = method_id(50, 40),
    queue_delete_ok = method_id(50, 41),
    queue_unbind = method_id(50, 50),
    queue_unbind_ok = method_id(50, 51),
    basic_qos = method_id(60, 10),
    basic_qos_ok = method_id(60, 11),
    basic_consume = method_id(60, 20),
    basic_consume_ok = method_id(60, 21),
    basic_cancel = method_id(60, 30),
    basic_cancel_ok = method_id(60, 31),
    basic_publish = method_id(60, 40),
    basic_return = method_id(60, 50),
    basic_deliver = method_id(60, 60),
    basic_get = method_id(60, 70),
    basic_get_ok = method_id(60, 71),
    basic_get_empty = method_id(60, 72),
    basic_ack = method_id(60, 80),
    basic_reject = method_id(60, 90),
    basic_recover = method_id(60, 110),
    basic_recover_ok = method_id(60, 111),
    basic_nack = method_id(60, 120),
    confirm_select = method_id(85, 10),
    confirm_select_ok = method_id(85, 11),
    tx_select = method_id(90, 10),
    tx_select_ok = method_id(90, 11),
    tx_commit = method_id(90, 20),
    tx_commit_ok = method_id(90, 21),
    tx_rollback = method_id(90, 30),
    tx_rollback_ok = method_id(90, 31),
};

/// Writes one frame at the end of a text: what is put into wire() is its payload. Without finish(),
/// as after an exception, the text is left as it was.
class frame_writer {
public:
    frame_writer(std::string& to, std::uint8_t type, std::uint16_t channel);
    /// A method's frame; its arguments follow.
    frame_writer(std::string& to, std::uint16_t channel, method m)
        : frame_writer(to, frame_method, channel)
    {
        wire_.u32(static_cast<std::uint32_t>(m));
    }
    frame_writer(const frame_writer&) = delete;
    frame_writer& operator=(const frame_writer&) = delete;
    ~frame_writer()
    {
        if (!finished_) out_.resize(at_);
    }

    wire_writer& wire() noexcept { return wire_; }
    /// Of the frame as it will be, with its end.
    std::size_t size() const noexcept { return out_.size() - at_ + 1; }

    /// \throws error(errc::bad_argument)  the frame has over `max_size` bytes; it cannot be split.
    void finish(std::size_t max_size);

private:
    std::string& out_;
    std::size_t at_;
    wire_writer wire_;
    bool finished_ = false;
};

}  // namespace ferry::amqp::detail
