#pragma once

#include <string>
#include <string_view>

namespace ferry::xpath::detail {

/// Appends a number as XPath's string() writes it: decimal form without an exponent, as many digits
/// as tell it from its neighbours, `NaN`, `Infinity`, `-Infinity`, and `0` for both zeros.
void append_number(std::string& out, double number);

/// The same in the form of libxml2: at most 15 digits, and an exponent for what is over 10^9 or
/// under 10^-5.
void append_libxml2_number(std::string& out, double number);

/// The number that XPath's number() reads: digits with an optional minus, fraction and white space
/// around; everything else, exponents too, is NaN.
double to_number(std::string_view text) noexcept;

/// The number that a literal of an expression is: as to_number(), but for an exponent, which
/// libxml2 takes there too.
double literal_to_number(std::string_view text) noexcept;

/// The integer nearest to a number; of two the greater one; keeps NaN, infinities and -0.
double round_half_up(double number) noexcept;

constexpr bool is_space(char c) noexcept
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace ferry::xpath::detail
