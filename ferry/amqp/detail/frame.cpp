#include "ferry/amqp/detail/frame.hpp"

#include "ferry/amqp/error.hpp"

#include <fmt/format.h>

#include <array>

namespace ferry::amqp::detail {

std::optional<frame> next_frame(std::string_view in, std::size_t max_size)
{
    constexpr std::size_t head_size = 7;
    if (in.size() < head_size) return std::nullopt;
    wire_reader head(in.substr(0, head_size));
    frame f{head.octet(), head.u16(), {}};
    const std::size_t size = head.u32();
    if (f.type == 'A' && in.starts_with("AMQP")) {
        if (in.size() < protocol_header.size()) return std::nullopt;
        throw protocol_error(errc::protocol_mismatch,
                             fmt::format("amqp: the broker speaks AMQP {}-{}-{}, ferry 0-9-1",
                                         int{in[5]}, int{in[6]}, int{in[7]}));
    }
    constexpr std::uint8_t tls_alert = 21;
    if (f.type == tls_alert && f.channel >> 8U == 3) {
        throw protocol_error(errc::protocol_mismatch,
                             "amqp: the answer is TLS: is this the broker's TLS port? Then use "
                             "amqps://");
    }
    if (f.type != frame_method && f.type != frame_header && f.type != frame_body &&
        f.type != frame_heartbeat) {
        throw protocol_error(errc::frame_error, fmt::format("amqp: unknown frame type {}", f.type));
    }
    if (size > max_size - frame_overhead) {
        throw protocol_error(errc::frame_error,
                             fmt::format("amqp: a frame of {} bytes, {} at most", size, max_size));
    }
    if (in.size() < size + frame_overhead) return std::nullopt;
    if (in[head_size + size] != frame_end) {
        throw protocol_error(errc::frame_error, "amqp: a frame without its end");
    }
    f.payload = in.substr(head_size, size);
    return f;
}

void append_frame_head(std::string& to, std::uint8_t type, std::uint16_t channel, std::size_t size)
{
    const std::array<char, 7> head{static_cast<char>(type),        static_cast<char>(channel >> 8U),
                                   static_cast<char>(channel),     static_cast<char>(size >> 24U),
                                   static_cast<char>(size >> 16U), static_cast<char>(size >> 8U),
                                   static_cast<char>(size)};
    to.append(head.data(), head.size());
}

frame_writer::frame_writer(std::string& to, std::uint8_t type, std::uint16_t channel)
    : out_{to}, at_{to.size()}, wire_{to}
{
    append_frame_head(to, type, channel, 0);
}

void frame_writer::finish(std::size_t max_size)
{
    if (size() > max_size) {
        throw error(errc::bad_argument,
                    fmt::format("amqp: a frame of {} bytes, {} at most: shorten its tables", size(),
                                max_size));
    }
    wire_.patch_u32(at_ + 3, static_cast<std::uint32_t>(size() - frame_overhead));
    out_ += frame_end;
    finished_ = true;
}

}  // namespace ferry::amqp::detail
