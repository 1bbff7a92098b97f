#pragma once

#include "ferry/documents/detail/json_powers.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ferry::json {

/// A number of the JSON grammar, taken apart.
struct scanned_number {
    const char* end;          ///< behind its last character; its start if there is no number
    std::uint64_t digits;     ///< all digits as one integer, if `digit_count` is at most 19
    std::size_t digit_count;  ///< of the whole part and the fraction
    std::int64_t exponent;    ///< the value is digits * 10^exponent
    bool negative;
    bool whole;  ///< neither fraction nor exponent

    /// It is a whole number of 64 bits with sign.
    bool is_small() const noexcept
    {
        constexpr std::uint64_t limit = std::uint64_t{1} << 63U;
        return whole && digit_count <= 19 && digits <= (negative ? limit : limit - 1);
    }
    std::int64_t small() const noexcept
    {
        return static_cast<std::int64_t>(negative ? 0 - digits : digits);
    }
};

inline bool is_digit(char c) noexcept
{
    return static_cast<unsigned char>(c - '0') < 10;
}

/// The number of eight digits, one a byte, the first one lowest: pairs, then fours, then eights are
/// put together by multiplication.
constexpr std::uint64_t eight_digits(std::uint64_t word) noexcept
{
    word = word * 10 + (word >> 8U);
    const std::uint64_t low =
        (word & 0x000000FF000000FFU) * (100 + (std::uint64_t{1000000} << 32U));
    const std::uint64_t high =
        ((word >> 16U) & 0x000000FF000000FFU) * (1 + (std::uint64_t{10000} << 32U));
    return (low + high) >> 32U;
}

/// How many of the eight bytes of a word, the lowest first, are digits up to the first that is
/// none.
/// \param word  the text with the zeros' bits turned over, so that digits are 0 to 9.
inline unsigned digits_in(std::uint64_t word) noexcept
{
    // The top bit of every byte that is no digit, at least up to the first one.
    const std::uint64_t others =
        (((word & 0x7F7F7F7F7F7F7F7FU) + 0x7676767676767676U) | word) & 0x8080808080808080U;
    return static_cast<unsigned>(std::countr_zero(others)) / 8;
}

/// What follows the digits at `at`.
inline const char* behind_digits(const char* at, const char* end) noexcept
{
    if constexpr (std::endian::native == std::endian::little) {
        while (end - at >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, 8);
            const unsigned count = digits_in(word ^ 0x3030303030303030U);
            at += count;
            if (count != 8) return at;
        }
    }
    while (at != end && is_digit(*at)) ++at;
    return at;
}

/// Appends the digits at `at` to `into`. \returns what follows them.
inline const char* take_digits(const char* at, const char* end, std::uint64_t& into) noexcept
{
    constexpr std::uint32_t powers_of_ten[] = {1,      10,      100,      1000,     10000,
                                               100000, 1000000, 10000000, 100000000};
    if constexpr (std::endian::native == std::endian::little) {
        while (end - at >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, at, 8);
            word ^= 0x3030303030303030U;
            const unsigned count = digits_in(word);
            if (count == 8) {
                into = into * 100000000 + eight_digits(word);
                at += 8;
                continue;
            }
            // Zeros come in front of the digits and what follows them is pushed out.
            word = count == 0 ? 0 : word << (64 - 8 * count);
            into = into * powers_of_ten[count] + eight_digits(word);
            return at + count;
        }
    }
    for (; at != end && is_digit(*at); ++at) {
        into = into * 10 + static_cast<std::uint64_t>(*at - '0');
    }
    return at;
}

/// Takes the longest number at `at`, as Python does: of `1.` the `1`, of `-` nothing. Inline, so
/// that the parts of the result stay in registers.
[[gnu::always_inline]] inline scanned_number scan_number(const char* at, const char* end) noexcept
{
    scanned_number n{at, 0, 0, 0, false, true};
    if (at != end && *at == '-') {
        n.negative = true;
        ++at;
    }
    if (at == end || !is_digit(*at)) return n;
    const char* const first = at;
    n.digits = static_cast<std::uint64_t>(*at - '0');
    ++at;
    // Whole parts are short as a rule; if not, they are long.
    if (n.digits != 0 && at != end && is_digit(*at)) {
        n.digits = n.digits * 10 + static_cast<std::uint64_t>(*at - '0');
        ++at;
        if (at != end && is_digit(*at)) {
            n.digits = n.digits * 10 + static_cast<std::uint64_t>(*at - '0');
            at = take_digits(at + 1, end, n.digits);
        }
    }
    n.digit_count = static_cast<std::size_t>(at - first);
    n.end = at;
    if (end - at >= 2 && at[0] == '.' && is_digit(at[1])) {
        const char* const fraction = at + 1;
        at = take_digits(fraction, end, n.digits);
        n.digit_count += static_cast<std::size_t>(at - fraction);
        n.exponent = fraction - at;
        n.whole = false;
        n.end = at;
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        ++at;
        const bool down = at != end && *at == '-';
        if (at != end && (*at == '-' || *at == '+')) ++at;
        if (at == end || !is_digit(*at)) return n;
        std::int64_t power = 0;
        constexpr std::int64_t enough = 1'000'000'000'000'000;
        for (; at != end && is_digit(*at); ++at) {
            if (power < enough) power = power * 10 + (*at - '0');
        }
        n.exponent += down ? -power : power;
        n.whole = false;
        n.end = at;
    }
    return n;
}

/// The same of what had better be an integer: stops in front of a fraction or an exponent.
[[gnu::always_inline]] inline scanned_number scan_integer(const char* at, const char* end) noexcept
{
    scanned_number n{at, 0, 0, 0, false, true};
    if (at != end && *at == '-') {
        n.negative = true;
        ++at;
    }
    const char* const first = at;
    at = take_digits(at, end, n.digits);
    if (at == first || (*first == '0' && at - first > 1)) return n;
    n.digit_count = static_cast<std::size_t>(at - first);
    n.end = at;
    return n;
}

/// No double's bits: it is not known.
inline constexpr std::uint64_t no_double = ~std::uint64_t{0};

/// The bits of the double whose 64 highest bits are `high`, the first of them set, rounded to
/// nearest by what is below its 53.
[[gnu::always_inline]] inline std::uint64_t rounded(std::uint64_t high, std::int64_t k,
                                                    unsigned shift) noexcept
{
    constexpr unsigned dropped = 11;
    const std::int64_t exponent = log2_of_power(k) + 1 - shift + dropped + 52 + 1023;
    if (exponent < 1 || exponent > 2045) return no_double;
    // The mantissa's top bit is the exponent's one; rounding up to 2^53 makes it two.
    return (static_cast<std::uint64_t>(exponent - 1) << 52U) + (high >> dropped) +
           (high >> (dropped - 1) & 1U);
}

inline constexpr std::uint64_t half_unit = 1024;  ///< of 53 bits among 64

/// `scaled` by the product's 128 bits.
std::uint64_t scaled_by_more(std::uint64_t digits, std::int64_t k) noexcept;

/// The bits of digits * 10^k, correctly rounded, or `no_double` if the product's 128 bits cannot
/// tell, or if the result is no normal number. digits is not 0.
[[gnu::always_inline]] inline std::uint64_t scaled(std::uint64_t digits, std::int64_t k) noexcept
{
    if (k < least_power || k > greatest_power) return no_double;
    const auto shift = static_cast<unsigned>(std::countl_zero(digits));
    const auto product =
        static_cast<std::uint64_t>(static_cast<wide>(digits << shift) * power(k).high >> 64U);
    const auto gap = static_cast<unsigned>(product >> 63U ^ 1U);
    const std::uint64_t high = product << gap;
    // The product's lower half and what the power's lower word adds are each less than one in the
    // last place, which the gap doubles. The power was rounded up: at the half itself it may be
    // less.
    constexpr std::uint64_t most_cut = 3;
    const std::uint64_t rest = high & (2 * half_unit - 1);
    if (rest - (half_unit - most_cut) <= most_cut) [[unlikely]]
        return scaled_by_more(digits, k);
    return rounded(high, k, shift + gap);
}

/// The magnitude from the text itself.
/// \param point  the digits in front of the point, exponent included: tells what is too large for a
///               double from what is too small.
double read_magnitude(const char* start, const char* end, std::int64_t point) noexcept;

/// The double nearest to a scanned number, ties to even; infinite if it is too large.
[[gnu::always_inline]] inline double to_double(const scanned_number& n, const char* start) noexcept
{
    constexpr std::size_t max_digits = 19;  // 10^19 - 1 fits 64 bits
    std::uint64_t bits = no_double;
    if (n.digit_count <= max_digits) [[likely]] {
        bits = n.digits == 0 ? 0 : scaled(n.digits, n.exponent);
    }
    if (bits == no_double) [[unlikely]] {
        bits = std::bit_cast<std::uint64_t>(
            read_magnitude(start + (n.negative ? 1 : 0), n.end,
                           n.exponent + static_cast<std::int64_t>(n.digit_count)));
    }
    return std::bit_cast<double>(bits | static_cast<std::uint64_t>(n.negative) << 63U);
}

}  // namespace ferry::json
