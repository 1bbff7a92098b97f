#include "ferry/documents/detail/xpath_number.hpp"

#include "ferry/documents/detail/xpath_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace ferry::xpath::detail {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string_view trimmed(std::string_view text) noexcept
{
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

void append_number(std::string& out, double number)
{
    if (std::isnan(number)) {
        out += "NaN";
    } else if (std::isinf(number)) {
        out += number < 0 ? "-Infinity" : "Infinity";
    } else if (number == 0) {
        out += '0';
    } else {
        // The longest fixed form has 308 digits before the point or 324 zeros and 17 digits after.
        std::array<char, 400> buffer;
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                       std::chars_format::fixed);
        out.append(buffer.data(), end.ptr);
    }
}

void append_libxml2_number(std::string& out, double number)
{
    constexpr int digits = 15;
    const double size = std::fabs(number);
    const bool is_whole = size < 2147483647 && number == std::trunc(number);
    if (!std::isfinite(number) || is_whole) {
        append_number(out, number);
        return;
    }
    std::array<char, 400> buffer;
    const bool has_exponent = size > 1e9 || size < 1e-5;
    const int place = static_cast<int>(std::log10(size));
    const int fraction = has_exponent ? digits - 1 : digits - place - (place > 0 ? 1 : 0);
    const auto end = std::to_chars(
        buffer.data(), buffer.data() + buffer.size(), number,
        has_exponent ? std::chars_format::scientific : std::chars_format::fixed, fraction);
    std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
    const std::size_t e = std::min(text.find('e'), text.size());
    std::string_view mantissa = text.substr(0, e);
    if (mantissa.find('.') != std::string_view::npos) {
        while (mantissa.ends_with('0')) mantissa.remove_suffix(1);
        if (mantissa.ends_with('.')) mantissa.remove_suffix(1);
    }
    out += mantissa;
    out += text.substr(e);
}

double to_number(std::string_view text) noexcept
{
    text = trimmed(text);
    std::string_view digits = text;
    if (!digits.empty() && digits.front() == '-') digits.remove_prefix(1);
    std::size_t whole = 0;
    while (whole < digits.size() && is_digit(digits[whole])) ++whole;
    std::size_t end = whole;
    std::size_t fraction = 0;
    if (end < digits.size() && digits[end] == '.') {
        ++end;
        while (end < digits.size() && is_digit(digits[end])) ++end, ++fraction;
    }
    if (end != digits.size() || whole + fraction == 0) return nan;

    // Nearly all numbers are short integers.
    if (fraction == 0 && whole <= 15) {
        double number = 0;
        for (std::size_t i = 0; i < whole; ++i) number = number * 10 + (digits[i] - '0');
        return digits.size() < text.size() ? -number : number;
    }
    double number = 0;
    const auto read =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (read.ec == std::errc::result_out_of_range) {
        const bool is_huge = digits.substr(0, whole).find_first_not_of('0') < whole;
        number = is_huge ? std::numeric_limits<double>::infinity() : 0;
        if (digits.size() < text.size()) number = -number;
    }
    return number;
}

double literal_to_number(std::string_view text) noexcept
{
    const std::size_t e = text.find_first_of("eE");
    if (e == std::string_view::npos) return to_number(text);
    // from_chars takes no plus.
    std::string plain(text);
    if (plain[e + 1] == '+') plain.erase(e + 1, 1);
    double number = 0;
    const auto read = std::from_chars(plain.data(), plain.data() + plain.size(), number);
    if (read.ec == std::errc::result_out_of_range)
        number = plain[e + 1] == '-' ? 0 : std::numeric_limits<double>::infinity();
    return number;
}

double round_half_up(double number) noexcept
{
    if (!std::isfinite(number)) return number;
    if (number >= -0.5 && number < 0) return -0.0;
    const double below = std::floor(number);
    return number - below >= 0.5 ? below + 1 : below == 0 ? std::copysign(0.0, number) : below;
}

}  // namespace ferry::xpath::detail
