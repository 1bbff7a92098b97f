#pragma once

#include <array>
#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ferry::documents::detail {

/// Classes of bytes, as bits.
enum byte_class : std::uint8_t {
    is_space = 1,             ///< TAB LF FF CR SPACE
    ends_tag_name = 2,        ///< space, slash, greater-than
    ends_attribute_name = 4,  ///< those and equals
    ends_unquoted = 8,  ///< space, greater-than, ampersand, NUL and what is a parse error there
    is_letter = 16,
    is_upper = 32,
    is_nul = 64,
};

constexpr std::array<std::uint8_t, 256> make_byte_classes()
{
    std::array<std::uint8_t, 256> table{};
    for (const unsigned char c : {'\t', '\n', '\f', '\r', ' '})
        table[c] = is_space | ends_tag_name | ends_attribute_name | ends_unquoted;
    table['/'] = ends_tag_name | ends_attribute_name;
    table['>'] = ends_tag_name | ends_attribute_name | ends_unquoted;
    table['='] = ends_attribute_name | ends_unquoted;
    for (const unsigned char c : {'&', '\0', '"', '\'', '<', '`'}) table[c] |= ends_unquoted;
    table[0] |= is_nul;
    for (unsigned c = 'a'; c <= 'z'; ++c) {
        table[c] |= is_letter;
        table[c - 32] |= is_letter | is_upper;
    }
    return table;
}
inline constexpr auto byte_classes = make_byte_classes();

inline bool has_class(char c, std::uint8_t wanted) noexcept
{
    return (byte_classes[static_cast<unsigned char>(c)] & wanted) != 0;
}

inline char lower(char c) noexcept
{
    return has_class(c, is_upper) ? static_cast<char>(c | 0x20) : c;
}

/// The first of three bytes in [at, end), or `end`.
inline const char* find_any(const char* at, const char* end, char a, char b, char c) noexcept
{
#if defined(__SSE2__)
    const __m128i wanted_a = _mm_set1_epi8(a);
    const __m128i wanted_b = _mm_set1_epi8(b);
    const __m128i wanted_c = _mm_set1_epi8(c);
    for (; end - at >= 16; at += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i hit = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(block, wanted_a), _mm_cmpeq_epi8(block, wanted_b)),
            _mm_cmpeq_epi8(block, wanted_c));
        if (const int mask = _mm_movemask_epi8(hit); mask != 0)
            return at + std::countr_zero(static_cast<unsigned>(mask));
    }
#endif
    while (at != end && *at != a && *at != b && *at != c) ++at;
    return at;
}

}  // namespace ferry::documents::detail
