#pragma once

#include "ferry/amqp/detail/frame.hpp"
#include "ferry/net/stream.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the tests say in a broker's place.
namespace ferry::amqp::detail {

inline std::string frame_of(std::uint8_t type, std::uint16_t channel, std::string_view payload)
{
    std::string out;
    frame_writer f(out, type, channel);
    f.wire().raw(payload);
    f.finish(frame_max_size);
    return out;
}

inline std::string method_frame(std::uint16_t channel, method m, std::string_view arguments = {})
{
    std::string out;
    frame_writer f(out, channel, m);
    f.wire().raw(arguments);
    f.finish(frame_max_size);
    return out;
}

inline std::string start_frame()
{
    std::string out;
    wire_writer w(out);
    w.u16(9);
    w.table(value::object("product", "fake"));
    w.long_text("PLAIN");
    w.long_text("en_US");
    return method_frame(0, method::connection_start, out);
}

/// Without heartbeats.
inline std::string tune_frame(std::uint32_t frame_max = frame_max_size)
{
    std::string out;
    wire_writer w(out);
    w.u16(10);
    w.u32(frame_max);
    w.u16(0);
    return method_frame(0, method::connection_tune, out);
}

inline std::string open_ok_frame()
{
    return method_frame(0, method::connection_open_ok, std::string_view("\0", 1));
}

inline std::string channel_open_ok_frame(std::uint16_t channel = 1)
{
    return method_frame(channel, method::channel_open_ok, std::string_view("\0\0\0\0", 4));
}

/// A method that a client has sent.
struct request {
    method asks;
    std::uint16_t channel;
    std::string arguments;
};

/// The client's next method; contents and heartbeats are passed over. None at the end.
inline awaitable<std::optional<request>> read_request(net::stream* from)
{
    for (;;) {
        while (const auto f = next_frame(from->buffered_text(), frame_max_size)) {
            std::optional<request> found;
            if (f->type == frame_method) {
                wire_reader r(f->payload);
                const auto m = static_cast<method>(r.u32());
                found.emplace(m, f->channel, std::string(r.rest()));
            }
            from->consume(f->size());
            if (found) co_return found;
        }
        const std::size_t count = co_await from->fill();
        if (count == 0) co_return std::nullopt;
    }
}

}  // namespace ferry::amqp::detail
