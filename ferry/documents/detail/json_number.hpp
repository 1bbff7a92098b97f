#pragma once

#include <cstddef>
#include <cstdint>

namespace ferry::json {

/// A number of the JSON grammar, taken apart.
struct scanned_number {
    const char* end;          ///< behind its last character; its start if there is no number
    std::uint64_t digits;     ///< all digits as one integer, if `digit_count` is at most 19
    std::size_t digit_count;  ///< of the whole part and the fraction
    std::int64_t exponent;    ///< the value is digits * 10^exponent
    bool negative;
    bool whole;  ///< neither fraction nor exponent
};

/// Takes the longest number at `at`, as Python does: of `1.` the `1`, of `-` nothing.
scanned_number scan_number(const char* at, const char* end) noexcept;

/// The double nearest to a scanned number, ties to even; infinite if it is too large.
double to_double(const scanned_number& n, const char* start) noexcept;

}  // namespace ferry::json
