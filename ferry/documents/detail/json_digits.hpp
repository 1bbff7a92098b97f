#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ferry::json {

/// The eight decimal digits of n < 10^8, one a byte, the first one lowest: halves, then pairs, then
/// single digits are taken apart by multiplication with reciprocals that are exact enough.
constexpr std::uint64_t digits_of(std::uint32_t n) noexcept
{
    std::uint64_t v = n / 10000 | (std::uint64_t{n % 10000} << 32U);
    const std::uint64_t hundreds = ((v * 10486) >> 20U) & 0x0000007F0000007FU;
    v = hundreds | ((v - hundreds * 100) << 16U);
    const std::uint64_t tens = ((v * 103) >> 10U) & 0x000F000F000F000FU;
    return tens | ((v - tens * 10) << 8U);
}

inline constexpr std::uint64_t ascii_zeros = 0x3030303030303030U;

/// Writes a word's bytes, lowest first.
inline void put_word(char* to, std::uint64_t word) noexcept
{
    if constexpr (std::endian::native == std::endian::big) {
        for (unsigned i = 0; i < 8; ++i) to[i] = static_cast<char>(word >> (8 * i) & 0xFFU);
    } else {
        std::memcpy(to, &word, sizeof word);
    }
}

/// Room that `put_integer` needs.
inline constexpr std::size_t max_integer = 28;

/// Writes n < 10^8 without leading zeros; 8 bytes may be overwritten. \returns what is behind it.
inline char* put_below_1e8(char* to, std::uint32_t n) noexcept
{
    const std::uint64_t digits = digits_of(n);
    // The last digit is written even if it is zero.
    const auto zeros =
        static_cast<unsigned>(std::countr_zero(digits | std::uint64_t{1} << 56U)) / 8;
    put_word(to, (digits | ascii_zeros) >> (zeros * 8));
    return to + 8 - zeros;
}

/// Writes an integer in decimal. \returns what is behind it.
inline char* put_integer(char* to, std::int64_t n) noexcept
{
    constexpr std::uint64_t unit = 100'000'000;
    auto rest = static_cast<std::uint64_t>(n);
    if (n < 0) {
        *to++ = '-';
        rest = 0 - rest;
    }
    if (rest < unit) return put_below_1e8(to, static_cast<std::uint32_t>(rest));
    const std::uint64_t upper = rest / unit;
    if (upper < unit) {
        to = put_below_1e8(to, static_cast<std::uint32_t>(upper));
    } else {
        to = put_below_1e8(to, static_cast<std::uint32_t>(upper / unit));
        put_word(to, digits_of(static_cast<std::uint32_t>(upper % unit)) | ascii_zeros);
        to += 8;
    }
    put_word(to, digits_of(static_cast<std::uint32_t>(rest % unit)) | ascii_zeros);
    return to + 8;
}

/// Room that `put_real` needs.
inline constexpr std::size_t max_real = 64;

/// Writes a finite double as Python's repr: the shortest digits that read back the same, of those
/// the nearest, plain from 1e-4 up to 1e16, with a point or an exponent. \returns what is behind
/// it.
char* put_real(char* to, double n) noexcept;

}  // namespace ferry::json
