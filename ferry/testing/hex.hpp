#pragma once

#include "ferry/core/bytes.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ferry::testing {

/// The bytes that pairs of lower-case hexadecimal digits name; blanks may stand between them.
inline bytes unhex(std::string_view text)
{
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    bytes data;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        if (text[i] == ' ') continue;
        data.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
        ++i;
    }
    return data;
}

inline std::string hex(std::span<const std::byte> data)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte b : data) {
        text += digits[std::to_integer<unsigned>(b) >> 4U];
        text += digits[std::to_integer<unsigned>(b) & 15U];
    }
    return text;
}

}  // namespace ferry::testing
