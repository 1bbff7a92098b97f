#include "ferry/core/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace ferry::utf8 {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}

/// The first byte at or after `at` that is not ASCII, or the text's size.
std::size_t skip_ascii(std::string_view text, std::size_t at) noexcept
{
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    const char* data = text.data();
    for (; at + 32 <= text.size(); at += 32) {
        std::uint64_t words[4];
        std::memcpy(words, data + at, sizeof words);
        if (((words[0] | words[1] | words[2] | words[3]) & high_bits) != 0) break;
    }
    while (at < text.size() && byte_at(text, at) < 0x80) ++at;
    return at;
}

}  // namespace

decoded decode(std::string_view text, std::size_t at) noexcept
{
    const unsigned lead = byte_at(text, at);
    if (lead < 0x80) return {lead, 1, true};
    std::size_t trails = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    char32_t code = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        trails = 1;
        code = lead & 0x1FU;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        trails = 2;
        code = lead & 0x0FU;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        trails = 3;
        code = lead & 0x07U;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
    } else {
        return {replacement, 1, false};
    }
    for (std::size_t i = 1; i <= trails; ++i) {
        if (at + i >= text.size()) return {replacement, i, false};
        const unsigned trail = byte_at(text, at + i);
        if (trail < low || trail > high) return {replacement, i, false};
        code = code << 6U | (trail & 0x3FU);
        low = 0x80;
        high = 0xBF;
    }
    return {code, trails + 1, true};
}

std::optional<char16_t> surrogate_at(std::string_view text, std::size_t at) noexcept
{
    if (text.size() - at < 3 || byte_at(text, at) != 0xED) return std::nullopt;
    const unsigned second = byte_at(text, at + 1);
    const unsigned third = byte_at(text, at + 2);
    if ((second & 0xE0U) != 0xA0 || (third & 0xC0U) != 0x80) return std::nullopt;
    return static_cast<char16_t>(0xD000U | (second & 0x3FU) << 6U | (third & 0x3FU));
}

void append_surrogate(std::string& to, char16_t surrogate)
{
    to += static_cast<char>(0xE0U | surrogate >> 12U);
    to += static_cast<char>(0x80U | (surrogate >> 6U & 0x3FU));
    to += static_cast<char>(0x80U | (surrogate & 0x3FU));
}

void append(std::string& to, char32_t code_point)
{
    const auto put = [&to](char32_t byte) { to += static_cast<char>(byte); };
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) {
        code_point = replacement;
    }
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0U | code_point >> 6U);
        put(0x80U | (code_point & 0x3FU));
    } else if (code_point < 0x10000) {
        put(0xE0U | code_point >> 12U);
        put(0x80U | (code_point >> 6U & 0x3FU));
        put(0x80U | (code_point & 0x3FU));
    } else {
        put(0xF0U | code_point >> 18U);
        put(0x80U | (code_point >> 12U & 0x3FU));
        put(0x80U | (code_point >> 6U & 0x3FU));
        put(0x80U | (code_point & 0x3FU));
    }
}

std::size_t find_invalid(std::string_view text) noexcept
{
    std::size_t at = 0;
    for (;;) {
        at = skip_ascii(text, at);
        if (at == text.size()) return std::string_view::npos;
        while (at < text.size() && byte_at(text, at) >= 0x80) {
            const decoded step = decode(text, at);
            if (!step.valid) return at;
            at += step.size;
        }
    }
}

std::string repair(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t bad = 0; (bad = find_invalid(text)) != std::string_view::npos;) {
        out.append(text, 0, bad);
        append(out, replacement);
        text.remove_prefix(bad + decode(text, bad).size);
    }
    return out.append(text);
}

std::size_t count(std::string_view text) noexcept
{
    std::size_t n = 0;
    for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
    return n;
}

}  // namespace ferry::utf8
