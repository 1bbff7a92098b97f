#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ferry::xml::detail {

/// Classes of bytes, as bits. Bytes of characters beyond ASCII are `beyond_ascii` alone.
enum byte_class : std::uint8_t {
    is_space = 1,  ///< TAB LF CR SPACE
    starts_name = 2,
    in_name = 4,
    beyond_ascii = 8,
    is_digit = 16,
    is_public = 32,  ///< PubidChar, XML 1.0 [13]
};

constexpr std::array<std::uint8_t, 256> make_byte_classes()
{
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 'a'; c <= 'z'; ++c) {
        table[c] = starts_name | in_name | is_public;
        table[c - 32] = starts_name | in_name | is_public;
    }
    for (unsigned c = '0'; c <= '9'; ++c) table[c] = in_name | is_digit | is_public;
    for (const unsigned char c : {'_', ':'}) table[c] = starts_name | in_name;
    for (const unsigned char c : {'-', '.'}) table[c] = in_name;
    for (const char c : std::string_view(" \r\n-'()+,./:=?;!*#@$_%"))
        table[static_cast<unsigned char>(c)] |= is_public;
    for (const unsigned char c : {'\t', '\n', '\r', ' '}) table[c] |= is_space;
    for (unsigned c = 0x80; c < 0x100; ++c) table[c] = beyond_ascii;
    return table;
}
inline constexpr auto byte_classes = make_byte_classes();

inline bool has_class(char c, std::uint8_t wanted) noexcept
{
    return (byte_classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

/// XML 1.0 fifth edition [2] Char.
constexpr bool is_char(char32_t c) noexcept
{
    return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c <= 0xD7FF) ||
           (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

/// [4] NameStartChar and [4a] NameChar.
bool is_name_start(char32_t c) noexcept;
bool is_name_char(char32_t c) noexcept;

/// One past the longest run of NameChars at `at`, in valid UTF-8.
const char* skip_name_chars(const char* at, const char* end) noexcept;

/// Whether all of `text` is a Name ([5]), or a Name without a colon.
bool is_name(std::string_view text) noexcept;
bool is_ncname(std::string_view text) noexcept;

/// The place of the first byte that does not belong to a Char in UTF-8; npos if there is none.
std::size_t find_bad_char(std::string_view text) noexcept;

/// Puts U+FFFD in the place of each of them. \returns where the first was; npos if there was none.
std::size_t replace_bad_chars(std::string& text);

bool starts_with_name(const char* at, const char* end) noexcept;

/// One past the Name at `at`; `at` if none begins there.
inline const char* skip_name(const char* at, const char* end) noexcept
{
    if (at == end) return at;
    if (!has_class(*at, starts_name) &&
        !(has_class(*at, beyond_ascii) && starts_with_name(at, end)))
        return at;
    const char* p = at;
    while (p != end && has_class(*p, in_name)) ++p;
    return p == end || !has_class(*p, beyond_ascii) ? p : skip_name_chars(p, end);
}

}  // namespace ferry::xml::detail
