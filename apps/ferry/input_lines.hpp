#pragma once

#include "ferry/async/awaitable.hpp"

#include <memory>
#include <optional>
#include <string>

namespace ferry::command {

/// The lines of standard input, without their ends, read while other things go on. Destroyed, it
/// leaves no thread behind that waits for input.
class input_lines {
public:
    input_lines();
    ~input_lines();
    input_lines(const input_lines&) = delete;
    input_lines& operator=(const input_lines&) = delete;

    /// The next line; nothing at the end. \throws error, limit_error  Cancelled: nothing is lost
    /// but what was read meanwhile.
    awaitable<std::optional<std::string>> next();

private:
    class reader;
    std::shared_ptr<reader> reader_;
};

}  // namespace ferry::command
