#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace ferry {

/// A point in time, UTC, to the microsecond, as Python's aware `datetime`.
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// Now, by the system's clock.
timestamp now() noexcept;

namespace iso8601 {

/// A time as written: the instant, and the offset from UTC if the text had one.
struct zoned_time {
    timestamp utc;                               ///< without an offset in the text: read as UTC
    std::optional<std::chrono::seconds> offset;  ///< 0 s for `Z`

    friend bool operator==(const zoned_time&, const zoned_time&) = default;
};

/// Reads what Python's `isoformat` and most others write: `2026-11-25`, `2026-11-25T15:40`,
/// `2026-11-25 15:40:00.123456+01:00`, `20261125T154000Z`. Years 1 to 9999. Fractions of any
/// length, cut to microseconds. No week dates, no leap seconds.
/// \throws parse_error  the text is none of these, or names a day or time that does not exist.
zoned_time parse(std::string_view text);
std::optional<zoned_time> try_parse(std::string_view text) noexcept;

/// Writes as Python's `isoformat` of an aware datetime: `2026-11-25T15:40:00+00:00`, with a
/// six-digit fraction if there are microseconds. Years 1 to 9999.
std::string format(timestamp time, std::chrono::minutes offset = std::chrono::minutes{0});

}  // namespace iso8601

namespace http_date {

/// Reads the three forms of RFC 9110 section 5.6.7:
/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
/// \param today  decides the century of a two-digit year: at most 50 years ahead.
std::optional<timestamp> try_parse(std::string_view text, timestamp today = now()) noexcept;

/// \throws parse_error  the text is none of the three forms, or names a time that does not exist.
timestamp parse(std::string_view text, timestamp today = now());

/// `Sun, 06 Nov 1994 08:49:37 GMT`; fractions are cut off. As
/// `email.utils.formatdate(usegmt=True)`.
std::string format(timestamp time);

}  // namespace http_date

/// Reads `250ms`, `1.5s`, `24h`, `1h30m`: numbers with the units d, h, m, s, ms, us, ns, largest
/// first; `0` needs no unit; a `-` in front negates.
/// \throws parse_error  not a duration, or beyond 292 years.
std::chrono::nanoseconds parse_duration(std::string_view text);
std::optional<std::chrono::nanoseconds> try_parse_duration(std::string_view text) noexcept;

/// The shortest text that `parse_duration` reads back: `1h30m`, `250ms`, `1500us`, `0s`.
std::string format_duration(std::chrono::nanoseconds time);

}  // namespace ferry
