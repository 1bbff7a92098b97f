#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

/// The character classes of RFC 9110 section 5.6 and comparisons without case, as tables.
namespace ferry::http::detail {

inline constexpr std::array<bool, 256> token_table = [] {
    std::array<bool, 256> table{};
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

constexpr bool is_token_char(char c) noexcept
{
    return token_table[static_cast<unsigned char>(c)];
}

/// Field values hold tab, 0x20-0x7E and 0x80-0xFF.
constexpr bool is_value_char(char c) noexcept
{
    const auto u = static_cast<unsigned char>(c);
    return (u >= 0x20 && u != 0x7f) || u == '\t';
}

constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}
constexpr bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t';
}

constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_token(std::string_view text) noexcept
{
    for (const char c : text) {
        if (!is_token_char(c)) return false;
    }
    return !text.empty();
}

constexpr bool is_field_value(std::string_view text) noexcept
{
    for (const char c : text) {
        if (!is_value_char(c)) return false;
    }
    return true;
}

/// Only characters that host and port may have (RFC 3986 section 3.2).
constexpr bool is_authority(std::string_view text) noexcept
{
    constexpr std::string_view others = ".:-[]%_~!$&'()*+,;=";
    for (const char c : text) {
        const bool plain = is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
        if (!plain && others.find(c) == others.npos) return false;
    }
    return true;
}

/// Eight characters, the ASCII letters among them in lower case.
inline std::uint64_t eight_lower(const char* at) noexcept
{
    constexpr std::uint64_t each = 0x0101010101010101;
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t low = word & (0x7f * each);
    const std::uint64_t from_a = low + (0x80 - 'A') * each;
    const std::uint64_t beyond_z = low + (0x7f - 'Z') * each;
    const std::uint64_t is_upper = (from_a ^ beyond_z) & ~word & (0x80 * each);
    return word | (is_upper >> 2);
}

/// Equal but for the case of ASCII letters.
constexpr bool same(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size()) return false;
    if (!std::is_constant_evaluated() && a.size() >= 8) {
        const std::size_t last = a.size() - 8;
        for (std::size_t at = 0; at < last; at += 8) {
            if (eight_lower(a.data() + at) != eight_lower(b.data() + at)) return false;
        }
        return eight_lower(a.data() + last) == eight_lower(b.data() + last);
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

constexpr std::string_view trim(std::string_view text) noexcept
{
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Takes the next element off a comma-separated list; empty elements are allowed and skipped by the
/// caller. Commas in quoted strings do not separate.
constexpr std::string_view take_element(std::string_view& list, char separator = ',') noexcept
{
    bool quoted = false;
    std::size_t i = 0;
    for (; i < list.size(); ++i) {
        if (quoted && list[i] == '\\') {
            ++i;
        } else if (list[i] == '"') {
            quoted = !quoted;
        } else if (list[i] == separator && !quoted) {
            break;
        }
    }
    if (i > list.size()) i = list.size();
    const std::string_view element = trim(list.substr(0, i));
    list.remove_prefix(i < list.size() ? i + 1 : i);
    return element;
}

}  // namespace ferry::http::detail
