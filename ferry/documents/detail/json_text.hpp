#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::json {

/// Writes a code point, also a surrogate, as one to four bytes. \returns what is behind them.
char* put_code_point(char* to, std::uint32_t c) noexcept;

/// The line around an offset, at most 80 bytes of it.
std::string excerpt_of(std::string_view text, std::size_t offset);

/// JSON Pointer of the value that is being read at an offset of a text that is valid JSON or JSON5
/// up to there. \param from  where the document begins
std::string pointer_at(std::string_view text, std::size_t from, std::size_t offset);

/// Where the value at a path such as `$.items[3].price` begins in a text that is valid JSON, or
/// the innermost value around it if there is none.
std::size_t offset_of_path(std::string_view text, std::string_view path);

}  // namespace ferry::json
