#include "ferry/documents/detail/json_digits.hpp"

#include "ferry/documents/detail/json_powers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

// The shortest digits are found as in Raffaello Giulietti, "The Schubfach way to render doubles"
// (2022): of all decimals of one exponent at most two neighbours lie within the interval that
// rounds to the double, or of ten times that exponent one.
namespace ferry::json {
namespace {

constexpr unsigned mantissa_bits = 52;
constexpr std::uint64_t hidden_bit = std::uint64_t{1} << mantissa_bits;

struct decimal {
    std::uint64_t digits;
    std::int64_t exponent;  ///< the value is digits * 10^exponent
};

/// floor(log10(2^e)), and of three quarters of it.
constexpr std::int64_t log10_of_power(std::int64_t e, bool three_quarters) noexcept
{
    return (e * 1262611 - (three_quarters ? 524031 : 0)) >> 22U;
}

/// The upper 64 bits of g * c / 2^64, with the last bit set if anything lies below them: enough to
/// compare with whole numbers. g is rounded up, hence a rest of 1 is none.
std::uint64_t product_to_odd(const power_of_ten& g, std::uint64_t c) noexcept
{
    const wide low = static_cast<wide>(g.low) * c;
    const wide high = static_cast<wide>(g.high) * c + (low >> 64U);
    return static_cast<std::uint64_t>(high >> 64U) |
           (static_cast<std::uint64_t>(high) > 1 ? 1U : 0U);
}

/// The shortest decimal of mantissa * 2^exponent, in every case. Its digits may end in zeros.
decimal shortest(std::uint64_t mantissa, std::int64_t exponent, bool narrow_below) noexcept
{
    // Four times the number and the ends of its interval, which belong to it if it is even.
    const std::uint64_t odd = mantissa & 1U;
    const std::int64_t k = log10_of_power(exponent, narrow_below);
    const auto shift = static_cast<unsigned>(exponent + log2_of_power(-k) + 1);
    const power_of_ten& g = power(-k);
    const std::uint64_t middle = product_to_odd(g, (4 * mantissa) << shift);
    const std::uint64_t least =
        product_to_odd(g, (4 * mantissa - (narrow_below ? 1 : 2)) << shift) + odd;
    const std::uint64_t greatest = product_to_odd(g, (4 * mantissa + 2) << shift) - odd;

    // Which of these hold varies from number to number, hence no branches.
    const std::uint64_t floor = middle / 4;
    const bool floor_fits = least <= 4 * floor;
    const bool next_fits = 4 * floor + 4 <= greatest;
    const std::uint64_t half = 4 * floor + 2;
    const bool nearer = (middle > half) | ((middle == half) & ((floor & 1U) != 0));
    const std::uint64_t near =
        floor + static_cast<std::uint64_t>(floor_fits != next_fits ? next_fits : nearer);
    const std::uint64_t tens = floor / 10 * 10;
    const bool tens_fit = least <= 4 * tens;
    const bool next_tens_fit = 4 * tens + 40 <= greatest;
    const bool shorter = (floor >= 10) & (tens_fit != next_tens_fit);
    return {shorter ? tens + (next_tens_fit ? 10 : 0) : near, k};
}

/// A decimal's digits as text, the first one not zero, and no zeros at the end.
struct digit_text {
    std::uint64_t first_8;  ///< the lowest byte comes first
    std::uint64_t next_8;
    char last;  ///< the 17th
    std::int64_t count;
    std::int64_t point;  ///< digits in front of the point
};

constexpr std::size_t most_digits = 17;

/// \param upper  16 digits, the first one not zero.
/// \param last   one more.
digit_text text_of(std::uint64_t upper, std::uint64_t last, std::int64_t point) noexcept
{
    constexpr std::uint64_t unit = 100'000'000;
    const std::uint64_t first_8 = digits_of(static_cast<std::uint32_t>(upper / unit));
    const std::uint64_t next_8 = digits_of(static_cast<std::uint32_t>(upper % unit));
    // The first digit is not zero, so there is one to stop at.
    const int zeros = last != 0     ? 0
                      : next_8 != 0 ? 1 + std::countl_zero(next_8) / 8
                                    : 9 + std::countl_zero(first_8) / 8;
    return {.first_8 = first_8 | ascii_zeros,
            .next_8 = next_8 | ascii_zeros,
            .last = static_cast<char>('0' + last),
            .count = static_cast<std::int64_t>(most_digits) - zeros,
            .point = point};
}

digit_text text_of(const decimal& d) noexcept
{
    static constexpr auto powers_of_ten = [] {
        std::array<std::uint64_t, most_digits + 1> made{1};
        for (std::size_t i = 1; i < made.size(); ++i) made[i] = made[i - 1] * 10;
        return made;
    }();
    // 1233 / 4096 is a little more than log10(2).
    const auto guess = static_cast<std::size_t>(std::bit_width(d.digits) * 1233 >> 12U);
    const std::size_t size = guess + (d.digits < powers_of_ten[guess] ? 0 : 1);
    const std::uint64_t digits = d.digits * powers_of_ten[most_digits - size];
    return text_of(digits / 10, digits % 10, static_cast<std::int64_t>(size) + d.exponent);
}

/// The same as `shortest` for a mantissa of 53 bits with neighbours at equal distances, by one
/// product instead of three: in units of ten times the exponent's power it gives the whole tens and
/// how far the number lies above them. All is known to the last of 64 bits; what that cannot decide
/// is left to `shortest`, as is every tie.
/// \returns whether it is decided.
[[gnu::always_inline]] inline bool shortest_text(std::uint64_t mantissa, std::int64_t exponent,
                                                 digit_text& into) noexcept
{
    const std::int64_t k = log10_of_power(exponent, false);
    const std::int64_t scale = exponent + log2_of_power(-k - 1);  // -4 to -1
    const power_of_ten& g = power(-k - 1);
    const std::uint64_t shifted = mantissa << static_cast<unsigned>(scale + 4);
    const wide product =
        static_cast<wide>(g.high) * shifted + (static_cast<wide>(g.low) * shifted >> 64U);
    const auto tens = static_cast<std::uint64_t>(product >> 67U);
    const auto above = static_cast<std::uint64_t>(product >> 3U);
    const std::uint64_t below = 0 - above;
    // Half the distance between neighbours, a twentieth to a half.
    const std::uint64_t reach = g.high >> static_cast<unsigned>(-scale);
    const wide ones = static_cast<wide>(above) * 10;
    const auto rest = static_cast<std::uint64_t>(ones);

    constexpr std::uint64_t half = std::uint64_t{1} << 63U;
    constexpr std::uint64_t doubt = 2;
    constexpr std::uint64_t tie_doubt = 16;
    const bool doubtful = (above - reach + doubt <= 2 * doubt) |
                          (below - reach + doubt <= 2 * doubt) |
                          (rest - half + tie_doubt <= 2 * tie_doubt);
    if (doubtful) [[unlikely]]
        return false;
    const bool tens_fit = above < reach;
    const bool next_tens_fit = below < reach;
    const std::uint64_t near = static_cast<std::uint64_t>(ones >> 64U) + (rest >= half ? 1 : 0);
    const std::uint64_t last = (tens_fit | next_tens_fit) ? 0 : near;
    const std::uint64_t upper = tens + ((!tens_fit & next_tens_fit) ? 1 : 0);
    constexpr std::uint64_t least_of_16 = 1'000'000'000'000'000;
    const bool is_short = upper < least_of_16;
    into = text_of(is_short ? upper * 10 + last : upper, is_short ? 0 : last,
                   k + static_cast<std::int64_t>(most_digits) - (is_short ? 1 : 0));
    return true;
}

void put_digits(char* to, const digit_text& text) noexcept
{
    put_word(to, text.first_8);
    put_word(to + 8, text.next_8);
    to[16] = text.last;
}

/// Puts a point behind the first `place` bytes of a word, 0 to 7, and drops its last byte.
std::uint64_t with_point(std::uint64_t word, std::int64_t place) noexcept
{
    const auto bits = static_cast<unsigned>(place * 8);
    const std::uint64_t whole = (std::uint64_t{1} << bits) - 1;
    return (word & whole) | std::uint64_t{'.'} << bits | (word & ~whole) << 8U;
}

/// With a point behind the first `place` digits, 1 to 15.
void put_digits(char* to, const digit_text& text, std::int64_t place) noexcept
{
    if (place < 8) [[likely]] {
        put_word(to, with_point(text.first_8, place));
        put_word(to + 8, text.next_8 << 8U | text.first_8 >> 56U);
    } else {
        put_word(to, text.first_8);
        put_word(to + 8, with_point(text.next_8, place - 8));
    }
    to[16] = static_cast<char>(text.next_8 >> 56U);
    to[17] = text.last;
}

char* put_exponent(char* to, std::int64_t exponent) noexcept
{
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    const auto magnitude = static_cast<std::uint32_t>(exponent < 0 ? -exponent : exponent);
    if (magnitude < 10) *to++ = '0';
    return put_below_1e8(to, magnitude);
}

char* put_decimal(char* to, const digit_text& text) noexcept
{
    constexpr std::int64_t least_plain = -3;
    constexpr std::int64_t greatest_plain = 16;
    if (text.point > 0 && text.point < std::min(text.count, greatest_plain)) [[likely]] {
        put_digits(to, text, text.point);
        return to + text.count + 1;
    }
    if (text.point < least_plain || text.point > greatest_plain) {
        put_digits(to, text, 1);
        return put_exponent(to + text.count + (text.count > 1 ? 1 : 0), text.point - 1);
    }
    if (text.point <= 0) {
        std::memcpy(to, "0.000", 5);
        to += 2 - text.point;
        put_digits(to, text);
        return to + text.count;
    }
    put_digits(to, text);
    if (text.point < text.count) {
        to[text.point] = '.';
        to[text.point + 1] = text.last;
        return to + text.count + 1;
    }
    // Behind the digits there are zeros already.
    std::memcpy(to + text.point, ".0", 2);
    return to + text.point + 2;
}

}  // namespace

char* put_real(char* to, double n) noexcept
{
    const auto bits = std::bit_cast<std::uint64_t>(n);
    if (bits >> 63U != 0) *to++ = '-';
    const double magnitude = std::fabs(n);
    constexpr double exact_integers = 9007199254740992.0;
    if (magnitude < exact_integers) {
        const auto whole = static_cast<std::int64_t>(magnitude);
        if (static_cast<double>(whole) == magnitude) {
            to = put_integer(to, whole);
            std::memcpy(to, ".0", 2);
            return to + 2;
        }
    }
    const std::uint64_t fraction = bits & (hidden_bit - 1);
    const auto exponent = static_cast<std::int64_t>(bits >> mantissa_bits & 0x7FFU);
    constexpr std::int64_t bias = 1075;
    const bool lowest = exponent == 0;
    const bool narrow_below = fraction == 0;
    digit_text text;
    if (lowest || narrow_below || !shortest_text(fraction | hidden_bit, exponent - bias, text))
        [[unlikely]] {
        text = text_of(shortest(lowest ? fraction : fraction | hidden_bit,
                                lowest ? 1 - bias : exponent - bias, narrow_below && exponent > 1));
    }
    return put_decimal(to, text);
}

}  // namespace ferry::json
