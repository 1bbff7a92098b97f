#include "ferry/documents/detail/json_number.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

namespace ferry::json {
namespace {

__extension__ using wide = unsigned __int128;

constexpr std::size_t max_digits = 19;  // 10^19 - 1 fits 64 bits
constexpr std::int64_t max_power = 27;  // 5^27 fits 64 bits

constexpr auto powers_of_five = [] {
    std::array<std::uint64_t, max_power + 1> powers{};
    powers[0] = 1;
    for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 5;
    return powers;
}();

constexpr std::array<double, 23> powers_of_ten = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

/// Eight digits at once: pairs, then fours, then eights are put together by multiplication.
bool eight_digits(const char* at, const char* end, std::uint64_t& into) noexcept
{
    if (std::endian::native != std::endian::little || end - at < 8) return false;
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    // A byte is a digit exactly if its high half is 3 and stays so when 6 is added.
    if (((word & 0xF0F0F0F0F0F0F0F0U) |
         (((word + 0x0606060606060606U) & 0xF0F0F0F0F0F0F0F0U) >> 4U)) != 0x3333333333333333U) {
        return false;
    }
    word -= 0x3030303030303030U;
    word = word * 10 + (word >> 8U);
    const std::uint64_t low =
        (word & 0x000000FF000000FFU) * (100 + (std::uint64_t{1000000} << 32U));
    const std::uint64_t high =
        ((word >> 16U) & 0x000000FF000000FFU) * (1 + (std::uint64_t{10000} << 32U));
    into = into * 100000000 + ((low + high) >> 32U);
    return true;
}

const char* take_digits(const char* at, const char* end, std::uint64_t& into) noexcept
{
    while (eight_digits(at, end, into)) at += 8;
    for (; at != end && is_digit(*at); ++at) {
        into = into * 10 + static_cast<std::uint64_t>(*at - '0');
    }
    return at;
}

/// Rounds t * 2^exponent, whose top bit is set, to a double. `more` says that the true value is a
/// little above it. The result must be a normal number.
double round(std::uint64_t t, std::int64_t exponent, bool more) noexcept
{
    constexpr unsigned dropped = 11;
    constexpr std::uint64_t half = std::uint64_t{1} << (dropped - 1);
    std::uint64_t mantissa = t >> dropped;
    const std::uint64_t rest = t & (2 * half - 1);
    if (rest > half || (rest == half && (more || (mantissa & 1U) != 0))) ++mantissa;
    exponent += dropped;
    if (mantissa == std::uint64_t{1} << 53U) {
        mantissa >>= 1U;
        ++exponent;
    }
    const auto biased = static_cast<std::uint64_t>(exponent + 52 + 1023);
    return std::bit_cast<double>(biased << 52U | (mantissa & ((std::uint64_t{1} << 52U) - 1)));
}

/// 1 / 5^k as a fraction of 2^shift, cut to 128 bits of which the top one is set.
struct reciprocal {
    std::uint64_t high;
    std::uint64_t low;
    int shift;
};

constexpr auto reciprocals_of_five = [] {
    std::array<reciprocal, max_power + 1> made{};
    for (std::size_t k = 1; k < made.size(); ++k) {
        const int shift = 127 + static_cast<int>(std::bit_width(powers_of_five[k]));
        wide quotient = 0;
        wide rest = 1;
        for (int i = 0; i < shift; ++i) {
            rest <<= 1U;
            quotient <<= 1U;
            if (rest >= powers_of_five[k]) {
                rest -= powers_of_five[k];
                quotient |= 1U;
            }
        }
        made[k] = {static_cast<std::uint64_t>(quotient >> 64U),
                   static_cast<std::uint64_t>(quotient), shift};
    }
    return made;
}();

/// top * 2^exponent / 5^k by division: always right, but slow.
double divided(std::uint64_t top, std::size_t k, std::int64_t exponent) noexcept
{
    const int five_shift = std::countl_zero(powers_of_five[k]);
    const std::uint64_t divisor = powers_of_five[k] << static_cast<unsigned>(five_shift);
    const wide dividend = static_cast<wide>(top) << 63U;
    const auto quotient = static_cast<std::uint64_t>(dividend / divisor);
    const bool more = static_cast<wide>(quotient) * divisor != dividend;
    const int shift = std::countl_zero(quotient);
    return round(quotient << static_cast<unsigned>(shift), exponent + five_shift - 63 - shift,
                 more);
}

/// digits * 10^power, correctly rounded, for powers from -27 to 27. digits is not 0.
double scaled(std::uint64_t digits, std::int64_t power) noexcept
{
    const int shift = std::countl_zero(digits);
    const std::uint64_t top = digits << static_cast<unsigned>(shift);
    if (power >= 0) {
        // The product is exact.
        const wide product =
            static_cast<wide>(top) * powers_of_five[static_cast<std::size_t>(power)];
        const auto high = static_cast<std::uint64_t>(product >> 64U);
        if (high == 0) return round(static_cast<std::uint64_t>(product), power - shift, false);
        const int product_shift = std::countl_zero(high);
        const wide aligned = product << static_cast<unsigned>(product_shift);
        return round(static_cast<std::uint64_t>(aligned >> 64U), power + 64 - shift - product_shift,
                     static_cast<std::uint64_t>(aligned) != 0);
    }
    // The reciprocal is too small by less than one in its last place, hence the product by less
    // than two; only if that could carry into the upper half is the division needed. What is
    // exact, and so every tie, is among those, since its cut product ends in ones.
    const auto k = static_cast<std::size_t>(-power);
    const reciprocal& r = reciprocals_of_five[k];
    const wide product =
        static_cast<wide>(top) * r.high + ((static_cast<wide>(top) * r.low) >> 64U);
    const auto low = static_cast<std::uint64_t>(product);
    if (low >= std::uint64_t{0} - 2) return divided(top, k, power - shift);
    const int product_shift = std::countl_zero(static_cast<std::uint64_t>(product >> 64U));
    const wide aligned = product << static_cast<unsigned>(product_shift);
    return round(static_cast<std::uint64_t>(aligned >> 64U),
                 128 + power - shift - r.shift - product_shift, true);
}

}  // namespace

scanned_number scan_number(const char* at, const char* end) noexcept
{
    scanned_number n{at, 0, 0, 0, false, true};
    if (at != end && *at == '-') {
        n.negative = true;
        ++at;
    }
    if (at == end || !is_digit(*at)) return n;
    const char* const first = at;
    at = *at == '0' ? at + 1 : take_digits(at, end, n.digits);
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

double to_double(const scanned_number& n, const char* start) noexcept
{
    constexpr std::uint64_t exact_integers = std::uint64_t{1} << 53U;
    double magnitude = 0;
    if (n.digit_count <= max_digits && n.digits == 0) return n.negative ? -0.0 : 0.0;
    if (n.digit_count <= max_digits && n.digits <= exact_integers && n.exponent >= -22 &&
        n.exponent <= 22) {
        // Both factors are exact, so the one operation rounds correctly.
        magnitude = static_cast<double>(n.digits);
        if (n.exponent < 0) {
            magnitude /= powers_of_ten[static_cast<std::size_t>(-n.exponent)];
        } else {
            magnitude *= powers_of_ten[static_cast<std::size_t>(n.exponent)];
        }
    } else if (n.digit_count <= max_digits && n.exponent >= -max_power && n.exponent <= max_power) {
        magnitude = scaled(n.digits, n.exponent);
    } else {
        const auto [stop, problem] =
            std::from_chars(start + (n.negative ? 1 : 0), n.end, magnitude);
        if (problem == std::errc::result_out_of_range) {
            // Zero or infinity; where the point is decides, unless everything in front is zeros.
            const auto size = static_cast<std::int64_t>(n.digit_count);
            magnitude = n.exponent + size > 0 ? std::numeric_limits<double>::infinity() : 0.0;
        }
    }
    return n.negative ? -magnitude : magnitude;
}

}  // namespace ferry::json
