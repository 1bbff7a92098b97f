#include "ferry/core/time.hpp"

#include "ferry/core/error.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace ferry {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// Takes a text apart from the front; a failed step leaves the rest as it was.
class reader {
public:
    explicit reader(std::string_view text) : rest_{text} {}

    bool done() const { return rest_.empty(); }
    char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
    bool take(char c)
    {
        if (peek() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool take(std::string_view word)
    {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    std::optional<int> number(std::size_t digits)
    {
        if (rest_.size() < digits) return std::nullopt;
        int n = 0;
        for (const char c : rest_.substr(0, digits)) {
            if (!is_digit(c)) return std::nullopt;
            n = n * 10 + (c - '0');
        }
        rest_.remove_prefix(digits);
        return n;
    }
    /// Digits after the point, as microseconds.
    std::optional<int> fraction()
    {
        if (!is_digit(peek())) return std::nullopt;
        int n = 0;
        for (int scale = 100'000; is_digit(peek()); rest_.remove_prefix(1), scale /= 10) {
            n += (peek() - '0') * scale;
        }
        return n;
    }
    std::optional<unsigned> month()
    {
        for (unsigned i = 0; i < months.size(); ++i) {
            if (take(months[i])) return i + 1;
        }
        return std::nullopt;
    }

private:
    std::string_view rest_;
};

std::optional<sys_days> date_of(int y, unsigned m, unsigned d)
{
    const year_month_day date{year{y}, month{m}, day{d}};
    if (y < 1 || !date.ok()) return std::nullopt;
    return sys_days{date};
}

std::optional<sys_days> iso_date(reader& in)
{
    const auto y = in.number(4);
    if (!y) return std::nullopt;
    const bool dashes = in.take('-');
    const auto m = in.number(2);
    if (!m || (dashes && !in.take('-'))) return std::nullopt;
    const auto d = in.number(2);
    if (!d) return std::nullopt;
    return date_of(*y, static_cast<unsigned>(*m), static_cast<unsigned>(*d));
}

/// `HH[:MM[:SS]]`, with colons throughout or nowhere.
std::optional<seconds> clock_time(reader& in, int max_hour, bool& has_seconds)
{
    has_seconds = false;
    const auto h = in.number(2);
    if (!h || *h > max_hour) return std::nullopt;
    seconds time = hours{*h};
    const bool colons = in.peek() == ':';
    if (!colons && !is_digit(in.peek())) return time;
    if (colons) in.take(':');
    const auto m = in.number(2);
    if (!m || *m > 59) return std::nullopt;
    time += minutes{*m};
    if (colons ? !in.take(':') : !is_digit(in.peek())) return time;
    const auto s = in.number(2);
    if (!s || *s > 59) return std::nullopt;
    has_seconds = true;
    return time + seconds{*s};
}

std::optional<seconds> utc_offset(reader& in)
{
    if (in.take('Z') || in.take('z')) return seconds{0};
    const bool west = in.take('-');
    if (!west && !in.take('+')) return std::nullopt;
    bool has_seconds = false;
    const auto offset = clock_time(in, 23, has_seconds);
    if (!offset) return std::nullopt;
    return west ? -*offset : *offset;
}

std::string position_message(std::string_view what, std::string_view text)
{
    return "not " + std::string{what} + ": '" + std::string{text.substr(0, 60)} + "'";
}

[[noreturn]] void fail(std::string_view what, std::string_view text)
{
    throw parse_error{errc::malformed, position_message(what, text), {}};
}

/// `08:49:37`; a leap second counts as the next second.
std::optional<seconds> http_time(reader& in)
{
    const auto h = in.number(2);
    if (!h || *h > 23 || !in.take(':')) return std::nullopt;
    const auto m = in.number(2);
    if (!m || *m > 59 || !in.take(':')) return std::nullopt;
    const auto s = in.number(2);
    if (!s || *s > 60) return std::nullopt;
    return hours{*h} + minutes{*m} + seconds{*s};
}

bool skip_weekday(reader& in, std::string_view& kind)
{
    constexpr std::array<std::string_view, 7> rests{"day",   "day", "sday", "nesday",
                                                    "rsday", "day", "urday"};
    for (std::size_t i = 0; i < weekdays.size(); ++i) {
        if (!in.take(weekdays[i])) continue;
        if (in.take(", ")) {
            kind = "fixed";
        } else if (in.take(' ')) {
            kind = "asctime";
        } else if (in.take(rests[i]) && in.take(", ")) {
            kind = "rfc850";
        } else {
            return false;
        }
        return true;
    }
    return false;
}

std::optional<timestamp> finish(reader& in, std::optional<sys_days> date, seconds time)
{
    if (!date || !in.done()) return std::nullopt;
    return *date + time;
}

std::optional<timestamp> asctime_date(reader& in)
{
    const auto m = in.month();
    if (!m || !in.take(' ')) return std::nullopt;
    const auto d = in.take(' ') ? in.number(1) : in.number(2);
    if (!d || !in.take(' ')) return std::nullopt;
    const auto time = http_time(in);
    if (!time || !in.take(' ')) return std::nullopt;
    const auto y = in.number(4);
    if (!y) return std::nullopt;
    return finish(in, date_of(*y, *m, static_cast<unsigned>(*d)), *time);
}

std::optional<timestamp> fixed_date(reader& in, bool dashes, timestamp today)
{
    const char separator = dashes ? '-' : ' ';
    const auto d = in.number(2);
    if (!d || !in.take(separator)) return std::nullopt;
    const auto m = in.month();
    if (!m || !in.take(separator)) return std::nullopt;
    auto y = in.number(dashes ? 2 : 4);
    if (!y) return std::nullopt;
    if (dashes) {
        const int this_year = static_cast<int>(year_month_day{floor<days>(today)}.year());
        *y += this_year / 100 * 100;
        if (*y > this_year + 50) *y -= 100;
    }
    if (!in.take(' ')) return std::nullopt;
    const auto time = http_time(in);
    if (!time || !in.take(" GMT")) return std::nullopt;
    return finish(in, date_of(*y, *m, static_cast<unsigned>(*d)), *time);
}

struct unit {
    std::string_view name;
    std::int64_t ns;
};
constexpr std::array<unit, 7> units{{{"d", 86'400'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"ms", 1'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};

}  // namespace

timestamp now() noexcept
{
    return floor<microseconds>(system_clock::now());
}

namespace iso8601 {

std::optional<zoned_time> try_parse(std::string_view text) noexcept
{
    reader in{text};
    const auto date = iso_date(in);
    if (!date) return std::nullopt;
    zoned_time result{*date, std::nullopt};
    if (in.done()) return result;
    if (!in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
    bool has_seconds = false;
    const auto time = clock_time(in, 23, has_seconds);
    if (!time) return std::nullopt;
    result.utc += *time;
    if (has_seconds && (in.take('.') || in.take(','))) {
        const auto fraction = in.fraction();
        if (!fraction) return std::nullopt;
        result.utc += microseconds{*fraction};
    }
    if (in.done()) return result;
    result.offset = utc_offset(in);
    if (!result.offset || !in.done()) return std::nullopt;
    result.utc -= *result.offset;
    return result;
}

zoned_time parse(std::string_view text)
{
    const auto time = try_parse(text);
    if (!time) fail("an ISO 8601 time", text);
    return *time;
}

std::string format(timestamp time, minutes offset)
{
    const timestamp local = time + offset;
    const auto day = floor<days>(local);
    const year_month_day date{day};
    const hh_mm_ss clock{local - day};
    std::array<char, 64> text{};
    int n = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    std::string out{text.data(), static_cast<std::size_t>(n)};
    if (const auto us = clock.subseconds().count(); us != 0) {
        n = std::snprintf(text.data(), text.size(), ".%06d", static_cast<int>(us));
        out.append(text.data(), static_cast<std::size_t>(n));
    }
    const auto size = abs(offset).count();
    n = std::snprintf(text.data(), text.size(), "%c%02d:%02d", offset.count() < 0 ? '-' : '+',
                      static_cast<int>(size / 60), static_cast<int>(size % 60));
    return out.append(text.data(), static_cast<std::size_t>(n));
}

}  // namespace iso8601

namespace http_date {

std::optional<timestamp> try_parse(std::string_view text, timestamp today) noexcept
{
    reader in{text};
    std::string_view kind;
    if (!skip_weekday(in, kind)) return std::nullopt;
    if (kind == "asctime") return asctime_date(in);
    return fixed_date(in, kind == "rfc850", today);
}

timestamp parse(std::string_view text, timestamp today)
{
    const auto time = try_parse(text, today);
    if (!time) fail("an HTTP date", text);
    return *time;
}

std::string format(timestamp time)
{
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(time - day)};
    std::array<char, 64> text{};
    const int n = std::snprintf(
        text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
        weekdays.at(weekday{day}.c_encoding()).data(), static_cast<unsigned>(date.day()),
        months.at(static_cast<unsigned>(date.month()) - 1).data(), static_cast<int>(date.year()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(n)};
}

}  // namespace http_date

std::optional<nanoseconds> try_parse_duration(std::string_view text) noexcept
{
    reader in{text};
    const bool negative = in.take('-');
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    std::int64_t total = 0;
    std::int64_t last_unit = most;
    if (in.done()) return std::nullopt;
    while (!in.done()) {
        std::int64_t whole = 0;
        if (!is_digit(in.peek())) return std::nullopt;
        while (is_digit(in.peek())) {
            if (whole > most / 10 - 10) return std::nullopt;
            whole = whole * 10 + *in.number(1);
        }
        // Digits after the point count while they are worth at least a millionth of the unit.
        const bool pointed = in.take('.');
        const auto millionths = pointed ? in.fraction() : std::optional{0};
        if (!millionths) return std::nullopt;
        const unit* found = nullptr;
        for (const unit& u : units) {
            if (in.take(u.name)) {
                found = &u;
                break;
            }
        }
        if (!found) {
            if (whole == 0 && *millionths == 0 && in.done() && last_unit == most) {
                return nanoseconds{0};
            }
            return std::nullopt;
        }
        if (found->ns >= last_unit || whole > most / found->ns) return std::nullopt;
        last_unit = found->ns;
        const std::int64_t part = whole * found->ns;
        const std::int64_t rest = found->ns >= 1'000'000 ? found->ns / 1'000'000 * *millionths
                                                         : found->ns * *millionths / 1'000'000;
        if (part > most - total || rest > most - total - part) return std::nullopt;
        total += part + rest;
    }
    return nanoseconds{negative ? -total : total};
}

nanoseconds parse_duration(std::string_view text)
{
    const auto time = try_parse_duration(text);
    if (!time) fail("a duration", text);
    return *time;
}

std::string format_duration(nanoseconds time)
{
    if (time.count() == 0) return "0s";
    // The lowest value has no positive counterpart.
    auto left = static_cast<std::uint64_t>(time.count());
    std::string text;
    if (time.count() < 0) {
        text = "-";
        left = ~left + 1;
    }
    const auto put = [&](std::uint64_t size, std::string_view name) {
        if (left < size) return;
        text += std::to_string(left / size);
        text += name;
        left %= size;
    };
    constexpr std::uint64_t second = 1'000'000'000;
    if (left % second == 0) {
        put(86'400 * second, "d");
        put(3'600 * second, "h");
        put(60 * second, "m");
        put(second, "s");
    } else if (left % 1'000'000 == 0) {
        put(1'000'000, "ms");
    } else if (left % 1'000 == 0) {
        put(1'000, "us");
    } else {
        put(1, "ns");
    }
    return text;
}

}  // namespace ferry
