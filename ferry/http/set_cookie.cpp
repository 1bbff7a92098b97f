#include "ferry/http/cookies.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace ferry::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_name_and_value = 4096;
constexpr std::size_t max_attribute = 1024;
constexpr auto max_age = std::chrono::days(400);

bool is_date_delimiter(char c) noexcept
{
    const auto u = static_cast<unsigned char>(c);
    return u == 0x09 || (u >= 0x20 && u <= 0x2f) || (u >= 0x3b && u <= 0x40) ||
           (u >= 0x5b && u <= 0x60) || (u >= 0x7b && u <= 0x7e);
}

// The number at the front, of `low` to `high` digits, with no digit after it.
std::optional<int> take_number(std::string_view& text, std::size_t low, std::size_t high) noexcept
{
    std::size_t n = 0;
    int number = 0;
    while (n < text.size() && n <= high && detail::is_digit(text[n])) {
        number = number * 10 + (text[n++] - '0');
    }
    if (n < low || n > high) return std::nullopt;
    text.remove_prefix(n);
    return number;
}

bool ends_number(std::string_view rest) noexcept
{
    return rest.empty() || !detail::is_digit(rest.front());
}

struct clock_time {
    int hour;
    int minute;
    int second;
};

std::optional<clock_time> read_time(std::string_view token) noexcept
{
    const auto hour = take_number(token, 1, 2);
    if (!hour || !token.starts_with(':')) return std::nullopt;
    token.remove_prefix(1);
    const auto minute = take_number(token, 1, 2);
    if (!minute || !token.starts_with(':')) return std::nullopt;
    token.remove_prefix(1);
    const auto second = take_number(token, 1, 2);
    if (!second || !ends_number(token)) return std::nullopt;
    return clock_time{*hour, *minute, *second};
}

unsigned read_month(std::string_view token) noexcept
{
    constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    for (unsigned i = 0; i < months.size(); ++i) {
        if (detail::same(token.substr(0, 3), months[i])) return i + 1;
    }
    return 0;
}

void apply_expires(cookie& c, std::string_view value, timestamp now)
{
    if (const auto date = parse_cookie_date(value)) {
        c.expires = std::min<timestamp>(*date, now + max_age);
    }
}

// Seconds, or nothing to change if the value is not a number.
std::optional<timestamp> read_max_age(std::string_view value, timestamp now) noexcept
{
    const bool negative = value.starts_with('-');
    if (negative) value.remove_prefix(1);
    if (value.empty() || !std::ranges::all_of(value, detail::is_digit)) return std::nullopt;
    std::int64_t seconds = 0;
    for (const char d : value) {
        seconds = std::min<std::int64_t>(seconds * 10 + (d - '0'), 1'000'000'000);
    }
    if (negative || seconds == 0) return timestamp::min();
    return now + std::min<std::chrono::seconds>(std::chrono::seconds(seconds), max_age);
}

std::string lowered(std::string_view text)
{
    std::string low(text);
    std::ranges::transform(low, low.begin(), detail::lower);
    return low;
}

void apply_attribute(cookie& c, std::string_view name, std::string_view value, timestamp now,
                     std::optional<timestamp>& by_max_age)
{
    if (value.size() > max_attribute) return;
    if (detail::same(name, "expires")) {
        apply_expires(c, value, now);
    } else if (detail::same(name, "max-age")) {
        if (const auto at = read_max_age(value, now)) by_max_age = at;
    } else if (detail::same(name, "domain")) {
        if (value.starts_with('.')) value.remove_prefix(1);
        c.domain = lowered(value);
    } else if (detail::same(name, "path")) {
        c.path = value;
    } else if (detail::same(name, "secure")) {
        c.secure = true;
    } else if (detail::same(name, "httponly")) {
        c.http_only = true;
    } else if (detail::same(name, "samesite")) {
        c.same_site = detail::same(value, "none")     ? same_site::none
                      : detail::same(value, "lax")    ? same_site::lax
                      : detail::same(value, "strict") ? same_site::strict
                                                      : same_site::unset;
    }
}

}  // namespace

std::optional<timestamp> parse_cookie_date(std::string_view text)
{
    std::optional<clock_time> time;
    std::optional<int> day;
    std::optional<int> year;
    unsigned month = 0;
    while (!text.empty()) {
        const std::size_t size =
            static_cast<std::size_t>(std::ranges::find_if(text, is_date_delimiter) - text.begin());
        std::string_view token = text.substr(0, size);
        text.remove_prefix(std::min(size + 1, text.size()));
        if (token.empty()) continue;
        if (!time) {
            time = read_time(token);
            if (time) continue;
        }
        if (!day) {
            std::string_view rest = token;
            day = take_number(rest, 1, 2);
            if (day && ends_number(rest)) continue;
            day.reset();
        }
        if (month == 0) {
            month = read_month(token);
            if (month != 0) continue;
        }
        if (!year) {
            std::string_view rest = token;
            year = take_number(rest, 2, 4);
            if (year && ends_number(rest)) continue;
            year.reset();
        }
    }
    if (!time || !day || month == 0 || !year) return std::nullopt;
    if (*year >= 70 && *year <= 99) *year += 1900;
    if (*year >= 0 && *year <= 69) *year += 2000;
    const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(month),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok() || *year < 1601 || time->hour > 23 || time->minute > 59 || time->second > 59) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date) + std::chrono::hours(time->hour) +
           std::chrono::minutes(time->minute) + std::chrono::seconds(time->second);
}

std::optional<cookie> parse_set_cookie(std::string_view line, timestamp now)
{
    line = line.substr(0, line.find_first_of(std::string_view("\0\r\n", 3)));
    if (!std::ranges::all_of(line, detail::is_value_char)) return std::nullopt;
    const auto take_part = [&line] {
        const std::size_t size = std::min(line.find(';'), line.size());
        const std::string_view part = line.substr(0, size);
        line.remove_prefix(std::min(size + 1, line.size()));
        return part;
    };
    const std::string_view pair = take_part();
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    cookie c(detail::trim(pair.substr(0, equals)), detail::trim(pair.substr(equals + 1)));
    // A nameless cookie would be sent as a bare value, which servers read in different ways.
    if (c.name.empty() || c.name.size() + c.value.size() > max_name_and_value) return std::nullopt;
    c.path.clear();
    c.created = now;
    std::optional<timestamp> by_max_age;
    while (!line.empty()) {
        const std::string_view attribute = take_part();
        const std::size_t eq = std::min(attribute.find('='), attribute.size());
        const std::string_view value =
            eq < attribute.size() ? attribute.substr(eq + 1) : std::string_view();
        apply_attribute(c, detail::trim(attribute.substr(0, eq)), detail::trim(value), now,
                        by_max_age);
    }
    if (by_max_age) c.expires = by_max_age;
    return c;
}

}  // namespace ferry::http
