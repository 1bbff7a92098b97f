#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// UTF-8 as RFC 3629 and the Encoding Standard have it: no surrogates, no overlong forms, nothing
/// above U+10FFFF. Malformed text is repaired as a browser does, one U+FFFD for each maximal part
/// of a sequence, which is also what Python's `errors="replace"` gives.
namespace ferry::utf8 {

inline constexpr char32_t replacement = U'\uFFFD';

/// One step through a text.
struct decoded {
    char32_t code_point;  ///< U+FFFD if malformed
    std::size_t size;     ///< bytes to step over, 1 to 4
    bool valid;
};

/// Decodes the code point that begins at `at`, which must lie inside `text`.
decoded decode(std::string_view text, std::size_t at = 0) noexcept;

/// The surrogate whose three bytes, as WTF-8 and Python's `surrogatepass` have them, begin at `at`:
/// what a text may hold beside UTF-8 if its reader was asked to keep lone surrogates.
std::optional<char16_t> surrogate_at(std::string_view text, std::size_t at) noexcept;

/// Puts the three bytes of a surrogate at the end of `to`.
void append_surrogate(std::string& to, char16_t surrogate);

/// Puts a code point at the end of `to`; surrogates and what lies above U+10FFFF become U+FFFD.
void append(std::string& to, char32_t code_point);

/// The offset of the first malformed sequence, npos if there is none. Cost: several GB/s of ASCII.
std::size_t find_invalid(std::string_view text) noexcept;

inline bool valid(std::string_view text) noexcept
{
    return find_invalid(text) == std::string_view::npos;
}

/// The text with each malformed part replaced by U+FFFD. As `bytes.decode(errors="replace")`.
std::string repair(std::string_view text);

/// The number of code points in a valid text: Python's `len(str)`.
std::size_t count(std::string_view text) noexcept;

}  // namespace ferry::utf8
