#include "ferry/documents/detail/json_number.hpp"

#include <charconv>
#include <limits>
#include <system_error>

namespace ferry::json {

std::uint64_t scaled_by_more(std::uint64_t digits, std::int64_t k) noexcept
{
    const auto shift = static_cast<unsigned>(std::countl_zero(digits));
    const std::uint64_t top = digits << shift;
    const power_of_ten& ten = power(k);
    const wide product =
        static_cast<wide>(top) * ten.high + ((static_cast<wide>(top) * ten.low) >> 64U);
    const unsigned gap = static_cast<std::uint64_t>(product >> 127U) == 0 ? 1 : 0;
    const wide aligned = product << gap;
    const auto high = static_cast<std::uint64_t>(aligned >> 64U);
    const auto low = static_cast<std::uint64_t>(aligned);

    const std::uint64_t rest = high & (2 * half_unit - 1);
    // The power was rounded up by less than one in its last place and the product cut by less than
    // one: what is aligned is off by less than two. Ties are among what is so near to the half.
    if ((rest == half_unit && low <= 2) || (rest == half_unit - 1 && low >= std::uint64_t{0} - 2)) {
        return no_double;
    }
    return rounded(high, k, shift + gap);
}

double read_magnitude(const char* start, const char* end, std::int64_t point) noexcept
{
    double magnitude = 0;
    const auto [stop, problem] = std::from_chars(start, end, magnitude);
    if (problem == std::errc::result_out_of_range) {
        // Where the point is decides, unless everything in front of it is zeros.
        magnitude = point > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    }
    return magnitude;
}

}  // namespace ferry::json
