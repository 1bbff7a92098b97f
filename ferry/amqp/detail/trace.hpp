#pragma once

#include "ferry/amqp/detail/frame.hpp"

#include <string_view>

namespace ferry::amqp::detail {

/// Logs a frame at level trace, in one line: bodies are cut at 64 bytes, and of methods only the
/// number is told, as their arguments may hold secrets.
/// \param way  `received` or `sent`.
void trace_frame(std::string_view way, const frame& f);

/// The same for all frames of a text that is about to be sent.
void trace_frames(std::string_view way, std::string_view text);

}  // namespace ferry::amqp::detail
