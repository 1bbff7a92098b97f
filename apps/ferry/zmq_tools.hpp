#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/zmq/message.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::command {

/// How messages stand in lines.
enum class line_format : unsigned char { text, json, hex };

/// A line's message: text is one frame, or several between `separator`; JSON is an array of texts,
/// a frame each, or any other value, one frame; hex is one frame, or several between blanks.
/// \throws error  the line is not of that format.
zmq::multipart to_message(std::string_view line, line_format format, const std::string& separator);

/// A message's line, without its end.
std::string to_line(const zmq::multipart& m, line_format format, const std::string& separator);

/// The lines of standard input, read without blocking the loop. The mode of the terminal is given
/// back at the end.
class input_lines {
public:
    /// A longer line is refused.
    static constexpr std::size_t max_line_bytes = std::size_t{64} << 20;

    input_lines();
    input_lines(const input_lines&) = delete;
    input_lines& operator=(const input_lines&) = delete;
    ~input_lines();

    /// The next line without its end; none at the end of the input. Cancelled: nothing is lost.
    awaitable<std::optional<std::string>> next();

private:
    int flags_;
    std::string unread_;
    std::size_t searched_ = 0;
    bool ended_ = false;
};

/// Runs a shell command with `input` on its standard input. \return what it prints.
/// \throws error  it could not be started, or ended with another status than 0.
awaitable<std::string> run_shell(std::string command, std::string input);

}  // namespace ferry::command
