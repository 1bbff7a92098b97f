#include "ferry/formats/detail/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace ferry::yaml::detail {
namespace {

constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

/// Steps through a text as a regular expression would that never goes back.
class matcher {
public:
    explicit matcher(std::string_view text) : rest_{text} {}

    bool take(char c) noexcept { return take_any({&c, 1}); }
    bool take_any(std::string_view set) noexcept
    {
        if (rest_.empty() || set.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool take_text(std::string_view t) noexcept
    {
        if (!rest_.starts_with(t)) return false;
        rest_.remove_prefix(t.size());
        return true;
    }
    std::string_view take_all(std::string_view set) noexcept
    {
        const auto end = std::min(rest_.find_first_not_of(set), rest_.size());
        const auto taken = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return taken;
    }
    /// Between `least` and `most` digits.
    std::optional<int> number(std::size_t least, std::size_t most) noexcept
    {
        int n = 0;
        std::size_t count = 0;
        for (; count < most && !rest_.empty() && is_digit(rest_.front()); ++count) {
            n = n * 10 + (rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return count < least ? std::nullopt : std::optional{n};
    }
    bool at_end() const noexcept { return rest_.empty(); }
    std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

constexpr std::string_view digits = "0123456789";
constexpr std::string_view digits_ = "0123456789_";

/// `(:[0-5]?[0-9])+`
bool take_sixties(matcher& m) noexcept
{
    bool any = false;
    while (m.take(':')) {
        const auto n = m.number(1, 2);
        if (!n || *n > 59) return false;
        any = true;
    }
    return any;
}

bool is_integer(std::string_view text) noexcept
{
    matcher m{text};
    m.take_any("+-");
    if (m.take('0')) {
        if (m.at_end()) return true;
        std::string_view allowed = "01234567_";
        if (m.take('b')) {
            allowed = "01_";
        } else if (m.take('x')) {
            allowed = "0123456789abcdefABCDEF_";
        }
        return !m.take_all(allowed).empty() && m.at_end();
    }
    if (!m.take_any("123456789")) return false;
    m.take_all(digits_);
    return m.at_end() || (take_sixties(m) && m.at_end());
}

bool is_real(std::string_view text) noexcept
{
    matcher m{text};
    const bool sign = m.take_any("+-");
    if (m.take('.')) {
        if (m.rest() == "inf" || m.rest() == "Inf" || m.rest() == "INF") return true;
        if (sign) return false;
        if (m.rest() == "nan" || m.rest() == "NaN" || m.rest() == "NAN") return true;
        if (!m.take_any(digits)) return false;
        m.take_all(digits_);
    } else {
        if (!m.take_any(digits)) return false;
        m.take_all(digits_);
        if (!m.take('.')) {
            if (!take_sixties(m) || !m.take('.')) return false;
            m.take_all(digits_);
            return m.at_end();
        }
        m.take_all(digits_);
    }
    if (m.at_end()) return true;
    return m.take_any("eE") && m.take_any("+-") && !m.take_all(digits).empty() && m.at_end();
}

struct parsed_time {
    int year, month, day;
    int hour = 0, minute = 0, second = 0;
    std::int64_t microseconds = 0;
    std::optional<std::chrono::seconds> offset;
    bool implicit;  ///< a plain scalar may look like this
};

std::optional<parsed_time> match_time(std::string_view text) noexcept
{
    matcher m{text};
    parsed_time t{};
    const auto year = m.number(4, 4);
    if (!year || !m.take('-')) return std::nullopt;
    std::size_t before = m.rest().size();
    const auto month = m.number(1, 2);
    const bool two_month = month && before - m.rest().size() == 2;
    if (!month || !m.take('-')) return std::nullopt;
    before = m.rest().size();
    const auto day = m.number(1, 2);
    const bool two_day = day && before - m.rest().size() == 2;
    if (!day) return std::nullopt;
    t.year = *year;
    t.month = *month;
    t.day = *day;
    t.implicit = two_month && two_day;
    if (m.at_end()) return t;
    t.implicit = true;
    if (!m.take_any("Tt") && m.take_all(" \t").empty()) return std::nullopt;
    const auto hour = m.number(1, 2);
    if (!hour || !m.take(':')) return std::nullopt;
    const auto minute = m.number(2, 2);
    if (!minute || !m.take(':')) return std::nullopt;
    const auto second = m.number(2, 2);
    if (!second) return std::nullopt;
    t.hour = *hour;
    t.minute = *minute;
    t.second = *second;
    if (m.take('.')) {
        std::int64_t unit = 100'000;
        for (const char c : m.take_all(digits)) {
            t.microseconds += (c - '0') * unit;
            unit /= 10;
        }
    }
    if (m.at_end()) return t;
    m.take_all(" \t");
    if (m.take('Z')) {
        t.offset = std::chrono::seconds{0};
        return m.at_end() ? std::optional{t} : std::nullopt;
    }
    const bool minus = m.take('-');
    if (!minus && !m.take('+')) return std::nullopt;
    const auto hours = m.number(1, 2);
    if (!hours) return std::nullopt;
    int minutes = 0;
    if (m.take(':')) {
        const auto given = m.number(2, 2);
        if (!given) return std::nullopt;
        minutes = *given;
    }
    const std::chrono::seconds offset{*hours * 3600 + minutes * 60};
    t.offset = minus ? -offset : offset;
    return m.at_end() ? std::optional{t} : std::nullopt;
}

std::string without_underscores(std::string_view text)
{
    std::string plain;
    plain.reserve(text.size());
    std::ranges::copy_if(text, std::back_inserter(plain), [](char c) { return c != '_'; });
    return plain;
}

int digit_of(char c) noexcept
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 16;
}

/// Of digits in a base whose digits are so many bits.
std::optional<big_integer> of_bits(std::string_view text, unsigned bits_each, bool negative)
{
    if (text.empty()) return std::nullopt;
    std::vector<std::byte> little;
    std::uint32_t waiting = 0;
    unsigned count = 0;
    for (const char c : std::vector<char>(text.rbegin(), text.rend())) {
        const int d = digit_of(c);
        if (d >= 1 << bits_each) return std::nullopt;
        waiting |= static_cast<std::uint32_t>(d) << count;
        count += bits_each;
        if (count >= 8) {
            little.push_back(static_cast<std::byte>(waiting));
            waiting >>= 8U;
            count -= 8;
        }
    }
    little.push_back(static_cast<std::byte>(waiting));
    little.push_back(std::byte{0});
    if (negative) {
        unsigned carry = 1;
        for (std::byte& b : little) {
            carry += std::to_integer<unsigned>(~b);
            b = static_cast<std::byte>(carry);
            carry >>= 8U;
        }
    }
    return big_integer::from_bytes(little);
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> all) noexcept
{
    return std::ranges::find(all, text) != all.end();
}

std::string lower(std::string_view text)
{
    std::string low{text};
    for (char& c : low) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return low;
}

}  // namespace

scalar_kind resolve(std::string_view text) noexcept
{
    if (text.empty()) return scalar_kind::null;
    switch (text[0]) {
        case '~':
        case 'n':
        case 'N':
            if (one_of(text, {"~", "null", "Null", "NULL"})) return scalar_kind::null;
            [[fallthrough]];
        case 'y':
        case 'Y':
        case 't':
        case 'T':
        case 'f':
        case 'F':
        case 'o':
        case 'O':
            return one_of(text, {"yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE",
                                 "false", "False", "FALSE", "on", "On", "ON", "off", "Off", "OFF"})
                       ? scalar_kind::boolean
                       : scalar_kind::string;
        case '<': return text == "<<" ? scalar_kind::merge : scalar_kind::string;
        case '=': return text == "=" ? scalar_kind::value : scalar_kind::string;
        default: break;
    }
    if (!is_digit(text[0]) && text[0] != '-' && text[0] != '+' && text[0] != '.') {
        return scalar_kind::string;
    }
    if (is_real(text)) return scalar_kind::real;
    if (is_integer(text)) return scalar_kind::integer;
    const auto time = match_time(text);
    return time && time->implicit ? scalar_kind::timestamp : scalar_kind::string;
}

std::optional<bool> to_boolean(std::string_view text) noexcept
{
    const std::string low = lower(text);
    if (low == "yes" || low == "true" || low == "on") return true;
    if (low == "no" || low == "false" || low == "off") return false;
    return std::nullopt;
}

std::optional<big_integer> to_integer(std::string_view text)
{
    std::string plain = without_underscores(text);
    bool negative = false;
    if (!plain.empty() && (plain[0] == '-' || plain[0] == '+')) {
        negative = plain[0] == '-';
        plain.erase(0, 1);
    }
    const std::string_view all = plain;
    if (all == "0") return big_integer{0};
    if (all.starts_with("0b")) return of_bits(all.substr(2), 1, negative);
    if (all.starts_with("0x")) return of_bits(all.substr(2), 4, negative);
    if (all.starts_with('0')) return of_bits(all, 3, negative);
    if (all.find(':') != std::string_view::npos) {
        std::int64_t sum = 0;
        matcher m{all};
        do {
            const auto part = m.take_all(digits);
            std::int64_t n = 0;
            const auto end = part.data() + part.size();
            if (std::from_chars(part.data(), end, n).ec != std::errc{}) return std::nullopt;
            if (sum > (std::numeric_limits<std::int64_t>::max() - n) / 60) return std::nullopt;
            sum = sum * 60 + n;
        } while (m.take(':'));
        if (!m.at_end()) return std::nullopt;
        return big_integer{negative ? -sum : sum};
    }
    if (all.empty() || all.find_first_not_of(digits) != std::string_view::npos) {
        return std::nullopt;
    }
    return big_integer::try_parse(negative ? "-" + plain : plain);
}

std::optional<double> to_real(std::string_view text)
{
    std::string plain = lower(without_underscores(text));
    double sign = 1;
    if (!plain.empty() && (plain[0] == '-' || plain[0] == '+')) {
        sign = plain[0] == '-' ? -1 : 1;
        plain.erase(0, 1);
    }
    if (plain == ".inf") return sign * std::numeric_limits<double>::infinity();
    if (plain == ".nan") return std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (std::size_t from = 0; from <= plain.size();) {
        const std::size_t end = std::min(plain.find(':', from), plain.size());
        const std::string part = plain.substr(from, end - from);
        if (part.empty() || part.find_first_not_of("0123456789.e+-") != std::string::npos) {
            return std::nullopt;
        }
        char* stopped = nullptr;
        const double n = std::strtod(part.c_str(), &stopped);
        if (stopped != part.c_str() + part.size()) return std::nullopt;
        sum = sum * 60 + n;
        from = end + 1;
    }
    return sign * sum;
}

std::optional<iso8601::zoned_time> to_time(std::string_view text) noexcept
{
    using namespace std::chrono;
    const auto t = match_time(text);
    if (!t) return std::nullopt;
    const year_month_day date{year{t->year}, month{static_cast<unsigned>(t->month)},
                              day{static_cast<unsigned>(t->day)}};
    if (!date.ok() || t->year < 1 || t->hour > 23 || t->minute > 59 || t->second > 59) {
        return std::nullopt;
    }
    if (t->offset && abs(*t->offset) >= days{1}) return std::nullopt;
    const timestamp local = sys_days{date} + hours{t->hour} + minutes{t->minute} +
                            seconds{t->second} + microseconds{t->microseconds};
    return iso8601::zoned_time{local - t->offset.value_or(seconds{0}), t->offset};
}

}  // namespace ferry::yaml::detail
