#include "ferry/amqp/detail/trace.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/log.hpp"
#include "ferry/core/utf8.hpp"

#include <fmt/format.h>

#include <limits>

namespace ferry::amqp::detail {
namespace {

constexpr std::size_t shown_body_bytes = 64;

std::string what(const frame& f)
{
    switch (f.type) {
        case frame_method: {
            wire_reader r(f.payload);
            const std::uint16_t class_id = r.u16();
            return fmt::format("method {},{}", class_id, r.u16());
        }
        case frame_header: return "header";
        case frame_body: return "body " + utf8::repair(f.payload.substr(0, shown_body_bytes));
        default: return "heartbeat";
    }
}

}  // namespace

void trace_frame(std::string_view way, const frame& f)
{
    log::trace("amqp frame", "way", way, "channel", f.channel, "bytes", f.payload.size(), "what",
               what(f));
}

void trace_frames(std::string_view way, std::string_view text)
{
    try {
        while (const auto f = next_frame(text, std::numeric_limits<std::uint32_t>::max())) {
            trace_frame(way, *f);
            text.remove_prefix(f->size());
        }
    } catch (const error&) {
        return;  // long bodies are elsewhere
    }
}

}  // namespace ferry::amqp::detail
