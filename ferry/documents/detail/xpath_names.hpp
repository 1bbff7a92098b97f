#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace ferry::xpath::detail {

constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

/// Bytes of characters beyond ASCII count as letters: XML allows nearly all of them in names.
constexpr bool starts_name(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

constexpr bool continues_name(char c) noexcept
{
    return starts_name(c) || is_digit(c) || c == '-' || c == '.';
}

/// Whether a name can be written in an expression: no colon, no odd characters as HTML allows them.
constexpr bool is_ncname(std::string_view name) noexcept
{
    return !name.empty() && starts_name(name.front()) &&
           std::all_of(name.begin(), name.end(), continues_name);
}

constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// ASCII in lower case, as the names of HTML are compared.
inline std::string lowered(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

}  // namespace ferry::xpath::detail
