#include "ferry/harvest/detail/convert.hpp"

#include "ferry/core/time.hpp"
#include "ferry/harvest/detail/canonical.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <string>

namespace ferry::harvest::detail {
namespace {

/// A text that is longer is no number, date or time.
constexpr std::size_t max_scalar_bytes = 256;

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::optional<value> to_boolean(std::string_view text)
{
    const auto is = [&](std::string_view word) {
        return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                          [](char a, char b) { return lower(a) == b; });
    };
    for (const std::string_view word : {"true", "yes", "on", "1"}) {
        if (is(word)) return value{true};
    }
    for (const std::string_view word : {"false", "no", "off", "0"}) {
        if (is(word)) return value{false};
    }
    return {};
}

template <class Number>
std::optional<Number> read_number(std::string_view text)
{
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    Number n{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (failed != std::errc{} || end != text.data() + text.size()) return {};
    return n;
}

template <class Integer>
std::optional<value> to_integer(std::string_view text)
{
    const auto n = read_number<Integer>(text);
    if (!n) return {};
    return value{*n};
}

std::optional<value> to_real(std::string_view text)
{
    const auto n = read_number<double>(text);
    if (!n || !std::isfinite(*n)) return {};
    return value{*n};
}

/// Exact: digits that do not fit are no value, they are never rounded away.
std::optional<value> to_decimal(std::string_view text, int precision, int scale)
{
    std::string made;
    if (text.starts_with('-')) made = "-";
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    const auto point = text.find('.');
    std::string_view whole = text.substr(0, point);
    std::string_view part = point == std::string_view::npos ? "" : text.substr(point + 1);
    const auto digits = [](std::string_view t) {
        return std::all_of(t.begin(), t.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    if ((whole.empty() && part.empty()) || !digits(whole) || !digits(part)) return {};
    while (whole.starts_with('0')) whole.remove_prefix(1);
    const auto places = static_cast<std::size_t>(scale);
    while (part.size() > places && part.back() == '0') part.remove_suffix(1);
    if (part.size() > places || whole.size() > static_cast<std::size_t>(precision - scale)) {
        return {};
    }
    if (whole.empty()) whole = "0";
    made += whole;
    if (scale > 0) {
        made += '.';
        made += part;
        made.append(places - part.size(), '0');
    }
    return value::decimal(made);
}

struct broken_down {
    std::chrono::year_month_day day;
    std::chrono::seconds of_day{};
    std::chrono::seconds offset{};
};

/// By the C library's strptime; the whole text must be used up.
std::optional<broken_down> by_format(std::string_view text, const std::string& format)
{
    const std::string terminated{text};
    if (terminated.find('\0') != std::string::npos) return {};
    std::tm fields{};
    fields.tm_year = 70;
    fields.tm_mday = 1;
    const char* end = ::strptime(terminated.c_str(), format.c_str(), &fields);
    if (!end || *end != '\0') return {};
    using namespace std::chrono;
    broken_down made;
    made.day =
        year_month_day{year{fields.tm_year + 1900}, month{static_cast<unsigned>(fields.tm_mon + 1)},
                       std::chrono::day{static_cast<unsigned>(fields.tm_mday)}};
    made.of_day = hours{fields.tm_hour} + minutes{fields.tm_min} + seconds{fields.tm_sec};
    made.offset = seconds{fields.tm_gmtoff};
    const int y = static_cast<int>(made.day.year());
    if (!made.day.ok() || y < 1 || y > 9999) return {};
    return made;
}

std::optional<timestamp> instant_of(std::string_view text, const std::string& format)
{
    if (format.empty()) {
        const auto read = iso8601::try_parse(text);
        return read ? std::optional{read->utc} : std::nullopt;
    }
    const auto read = by_format(text, format);
    if (!read) return {};
    return timestamp{std::chrono::sys_days{read->day}} + read->of_day - read->offset;
}

std::optional<value> to_timestamp(std::string_view text, const std::string& format)
{
    const auto instant = instant_of(text, format);
    if (!instant) return {};
    return value{iso8601::format(*instant)};
}

std::optional<value> to_date(std::string_view text, const std::string& format)
{
    // The day as written, wherever on earth that was.
    std::optional<timestamp> local;
    if (format.empty()) {
        const auto read = iso8601::try_parse(text);
        if (read) local = read->utc + read->offset.value_or(std::chrono::seconds{0});
    } else if (const auto read = by_format(text, format)) {
        local = timestamp{std::chrono::sys_days{read->day}};
    }
    if (!local) return {};
    return value{iso8601::format(*local).substr(0, 10)};
}

std::optional<value> to_time(std::string_view text, const std::string& format)
{
    if (format.empty()) {
        const auto read = iso8601::try_parse("1970-01-01T" + std::string{text});
        if (!read || read->offset) return {};
        auto made = iso8601::format(read->utc).substr(11);
        return value{made.substr(0, made.find('+'))};
    }
    const auto read = by_format(text, format);
    if (!read) return {};
    return value{iso8601::format(timestamp{read->of_day}).substr(11, 8)};
}

/// Seconds: whole ones as an integer.
std::optional<value> to_duration(std::string_view text)
{
    double s = 0;
    if (const auto n = read_number<double>(text)) {
        s = *n;
    } else if (const auto read = try_parse_duration(text)) {
        s = std::chrono::duration<double>(*read).count();
    } else {
        return {};
    }
    if (!std::isfinite(s)) return {};
    if (s == std::floor(s) && std::abs(s) < 9e15) return value{static_cast<std::int64_t>(s)};
    return value{s};
}

/// Bytes of the white space character at `i`, or 0.
std::size_t space_at(std::string_view text, std::size_t i)
{
    const char c = text[i];
    if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
    return c == '\xC2' && i + 1 < text.size() && text[i + 1] == '\xA0' ? 2 : 0;
}

}  // namespace

std::string collapse_space(std::string_view text)
{
    std::string made;
    made.reserve(text.size());
    bool pending = false;
    for (std::size_t i = 0; i < text.size();) {
        if (const auto n = space_at(text, i)) {
            pending = !made.empty();
            i += n;
            continue;
        }
        if (pending) made += ' ';
        pending = false;
        made += text[i++];
    }
    return made;
}

std::optional<value> convert(const field& f, std::string_view text, std::string_view base)
{
    const field_type& type = f.type;
    if (type.kind == field_kind::string) return value{text};
    if (type.kind == field_kind::url) {
        auto resolved = resolve(text, base);
        if (!resolved) return {};
        return value{*resolved};
    }
    if (text.empty() || text.size() > max_scalar_bytes) return {};
    switch (type.kind) {
        case field_kind::boolean: return to_boolean(text);
        case field_kind::int32: return to_integer<std::int32_t>(text);
        case field_kind::int64: return to_integer<std::int64_t>(text);
        case field_kind::real: return to_real(text);
        case field_kind::decimal: return to_decimal(text, type.precision, type.scale);
        case field_kind::date: return to_date(text, f.format);
        case field_kind::time: return to_time(text, f.format);
        case field_kind::timestamp: return to_timestamp(text, f.format);
        case field_kind::duration: return to_duration(text);
        case field_kind::choice: {
            const auto& all = type.choices;
            if (std::find(all.begin(), all.end(), text) == all.end()) return {};
            return value{text};
        }
        case field_kind::string:
        case field_kind::url: break;
    }
    return {};
}

}  // namespace ferry::harvest::detail
