#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Sixteen bytes at a time: where is the first byte that matters? Bit i of a mask stands for byte
/// i.
namespace ferry::json::scan {

inline constexpr std::size_t width = 16;

#if defined(__SSE2__)

using block = __m128i;

inline block load(const char* from) noexcept
{
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}
inline void store(char* to, block b) noexcept
{
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), b);
}
inline __m128i equal(block b, char c) noexcept
{
    return _mm_cmpeq_epi8(b, _mm_set1_epi8(c));
}
inline __m128i special_bytes(block b) noexcept
{
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(b, _mm_set1_epi8(0x1F)), b);
    return _mm_or_si128(_mm_or_si128(equal(b, '"'), equal(b, '\\')), control);
}
/// `"`, `\` and control characters.
inline unsigned special(block b) noexcept
{
    return static_cast<unsigned>(_mm_movemask_epi8(special_bytes(b)));
}
/// These, and the byte that a surrogate begins with in WTF-8.
inline unsigned special_or_surrogate(block b) noexcept
{
    return static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(special_bytes(b), equal(b, '\xED'))));
}
inline unsigned escape(block b) noexcept
{
    return static_cast<unsigned>(_mm_movemask_epi8(equal(b, '\\')));
}
inline bool has_escape_in_four(const char* from) noexcept
{
    const auto at = [from](std::size_t i) { return equal(load(from + i * width), '\\'); };
    return _mm_movemask_epi8(
               _mm_or_si128(_mm_or_si128(at(0), at(1)), _mm_or_si128(at(2), at(3)))) != 0;
}
inline unsigned quote_or_escape(block b) noexcept
{
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(equal(b, '"'), equal(b, '\\'))));
}
/// DEL and all that is not ASCII.
inline unsigned above_tilde(block b) noexcept
{
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(b, equal(b, 0x7F))));
}
inline unsigned not_space(block b) noexcept
{
    const __m128i space = _mm_or_si128(_mm_or_si128(equal(b, ' '), equal(b, '\n')),
                                       _mm_or_si128(equal(b, '\r'), equal(b, '\t')));
    return static_cast<unsigned>(_mm_movemask_epi8(space)) ^ 0xFFFFU;
}

#else

struct block {
    char bytes[width];
};

inline block load(const char* from) noexcept
{
    block b;
    std::memcpy(b.bytes, from, width);
    return b;
}
inline void store(char* to, block b) noexcept
{
    std::memcpy(to, b.bytes, width);
}
template <class F>
unsigned mask_of(const block& b, F matters) noexcept
{
    unsigned mask = 0;
    for (unsigned i = 0; i < width; ++i) {
        mask |= static_cast<unsigned>(matters(static_cast<unsigned char>(b.bytes[i]))) << i;
    }
    return mask;
}
inline unsigned special(block b) noexcept
{
    return mask_of(b, [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20; });
}
inline unsigned special_or_surrogate(block b) noexcept
{
    return mask_of(b,
                   [](unsigned char c) { return c == '"' || c == '\\' || c < 0x20 || c == 0xED; });
}
inline unsigned escape(block b) noexcept
{
    return mask_of(b, [](unsigned char c) { return c == '\\'; });
}
inline bool has_escape_in_four(const char* from) noexcept
{
    return std::memchr(from, '\\', 4 * width) != nullptr;
}
inline unsigned quote_or_escape(block b) noexcept
{
    return mask_of(b, [](unsigned char c) { return c == '"' || c == '\\'; });
}
inline unsigned above_tilde(block b) noexcept
{
    return mask_of(b, [](unsigned char c) { return c >= 0x7F; });
}
inline unsigned not_space(block b) noexcept
{
    return mask_of(b,
                   [](unsigned char c) { return c != ' ' && c != '\n' && c != '\r' && c != '\t'; });
}

#endif

inline std::size_t first(unsigned mask) noexcept
{
    return static_cast<std::size_t>(std::countr_zero(mask));
}

inline const char* skip_space(const char* at, const char* end) noexcept
{
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    if (at == end || !is_space(*at)) return at;
    ++at;
    if (at == end || !is_space(*at)) return at;
    ++at;
    for (; static_cast<std::size_t>(end - at) >= width; at += width) {
        if (const unsigned mask = not_space(load(at))) return at + first(mask);
    }
    while (at != end && is_space(*at)) ++at;
    return at;
}

/// What may follow a number or a word.
inline bool ends_scalar(char c) noexcept
{
    switch (c) {
        case ',':
        case ']':
        case '}':
        case ' ':
        case '\n':
        case '\r':
        case '\t': return true;
        default: return false;
    }
}

/// A word and what may follow it, which must be within the text.
template <std::size_t Size>
bool is_word(const char* at, const char* end, const char (&word)[Size]) noexcept
{
    constexpr std::size_t length = Size - 1;
    return static_cast<std::size_t>(end - at) > length && std::memcmp(at, word, length) == 0 &&
           ends_scalar(at[length]);
}

}  // namespace ferry::json::scan
