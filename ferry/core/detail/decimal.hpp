#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferry {
class value;
}

namespace ferry::detail {

/// A finite decimal number: 0.DIGITS times ten to the exponent. For exact comparison only.
struct decimal_number {
    bool negative = false;
    std::string digits;  ///< no zero at either end; empty for 0
    std::int64_t exponent = 0;
    /// For an exponent as written beyond 2^60, on either side: its digits without leading zeros.
    /// Such numbers are in the order of those exponents; equal they are only if written alike.
    std::string beyond;

    /// Reads `-?[0-9]*(.[0-9]*)?([eE][+-]?[0-9]+)?`; nullopt for all else (NaN, infinity).
    static std::optional<decimal_number> try_parse(std::string_view text);
    /// The exact value of a finite double, which has at most 767 digits.
    static std::optional<decimal_number> exactly(double number);

    friend bool operator==(const decimal_number&, const decimal_number&) = default;
    friend std::strong_ordering operator<=>(const decimal_number& a, const decimal_number& b);
};

}  // namespace ferry::detail
