#pragma once

#include <cstddef>
#include <string_view>

namespace ferry::documents::detail {

/// What a character reference stands for.
struct character_reference {
    std::size_t consumed = 0;  ///< bytes after the ampersand; 0: this is no reference
    std::size_t length = 0;
    char text[8] = {};            ///< UTF-8
    const char* error = nullptr;  ///< the Standard's parse error, if it is one

    std::string_view view() const noexcept { return {text, length}; }
};

/// Reads the reference that may follow an ampersand. HTML Standard 13.2.5.72 to 80.
/// \param after         the input behind the ampersand.
/// \param in_attribute  in attribute values a name without semicolon before `=` or an alphanumeric
///                      is plain text.
character_reference read_reference(std::string_view after, bool in_attribute) noexcept;

/// Writes a code point as UTF-8, at most 4 bytes. \returns the bytes written.
std::size_t write_utf8(char32_t c, char* to) noexcept;

}  // namespace ferry::documents::detail
