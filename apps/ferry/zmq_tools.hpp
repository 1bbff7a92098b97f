#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/message.hpp"

#include <string>
#include <string_view>

namespace ferry::command {

/// How messages stand in lines.
enum class line_format : unsigned char { text, json, hex, pickle };

/// A line's message: text is one frame, or several between `separator`; JSON is an array of texts,
/// a frame each, or any other value, one frame; hex is one frame, or several between blanks; pickle
/// is a value in JSON, whose frame is its pickle.
/// \throws error  the line is not of that format.
zmq::multipart to_message(std::string_view line, line_format format, const std::string& separator);

/// A message's line, without its end.
std::string to_line(const zmq::multipart& m, line_format format, const std::string& separator);

/// Runs a shell command with `input` on its standard input. \return what it prints.
/// \throws error  it could not be started, or ended with another status than 0.
awaitable<std::string> run_shell(std::string command, std::string input);

}  // namespace ferry::command
