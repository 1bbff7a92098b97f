#include "ferry/documents/detail/json_number.hpp"

#include <charconv>
#include <limits>
#include <system_error>

namespace ferry::json {

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
