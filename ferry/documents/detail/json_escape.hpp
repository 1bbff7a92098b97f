#pragma once

#include "ferry/documents/json.hpp"

#include <cstdint>

namespace ferry::json {

/// Writes the string that begins at `from`, behind its quote, and is known to be closed and to hold
/// no control characters. As many bytes as its source has, and 16 more, may be overwritten.
/// \returns the end of what was written, or null if an escape is wrong.
char* unescape_string(const char* from, const char* end, char* to, surrogates lone) noexcept;

enum class escapes : std::uint8_t {
    wrong,
    simple,   ///< none, or such as `\n`
    unicode,  ///< right, and there is a `\u`
};

/// What escapes there are between two places outside of strings.
escapes check_escapes(const char* from, const char* to, surrogates lone) noexcept;

/// The first backslash, or `to`.
const char* find_backslash(const char* from, const char* to) noexcept;

}  // namespace ferry::json
