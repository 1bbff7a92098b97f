#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Structured logging: a message that never varies, and key-value fields that do.
///
///     log::warning("request retried", "url", url.redacted(), "attempt", 2);
///
/// prints `2026-11-25T15:40:00.123Z warning request retried url=http://a.local/ attempt=2`.
/// Silent below `warning` unless `set_level` says otherwise. A field whose key names a secret
/// (password, secret, token, authorization, cookie, api_key, private_key; also as a part of the
/// key) is shown as `***`.
/// Thread-safety: every function may be called from any thread. As Python's `logging`.
namespace ferry::log {

enum class level : unsigned char { trace, debug, info, warning, error, off };

std::string_view name(level l) noexcept;

struct field {
    std::string_view key;
    std::string value;
};

/// A text, and where in the program it stands.
class message {
public:
    template <class Text>
        requires std::convertible_to<const Text&, std::string_view>
    constexpr message(const Text& text,
                      std::source_location where = std::source_location::current())
        : text_{text}, where_{where}
    {
    }

    constexpr std::string_view text() const noexcept { return text_; }
    constexpr const std::source_location& where() const noexcept { return where_; }

private:
    std::string_view text_;
    std::source_location where_;
};

struct record {
    log::level level;
    std::chrono::system_clock::time_point time;
    std::string_view message;
    std::span<const field> fields;
    std::source_location where;  ///< the call that logs
};

/// Where records go. Called by one thread at a time; must not log itself.
using sink = std::function<void(const record&)>;

/// Records below `lowest` are dropped before their fields are turned into text.
void set_level(level lowest) noexcept;
bool enabled(level l) noexcept;

/// Replaces the sink; an empty one brings back the default, one line to standard error.
void set_sink(sink to);

/// The record as one line without time and level, `message key=value`: values with spaces, quotes
/// or control characters are quoted and escaped, so that no input can forge a line.
std::string line(const record& r);

/// Hands a record to the sink if its level is enabled. Secret fields are masked here.
void write(level l, const message& m, std::vector<field> fields) noexcept;

namespace detail {

std::string text(double number);
std::string text(std::chrono::nanoseconds time);

template <class T>
std::string text(const T& value)
{
    if constexpr (std::same_as<T, bool>) {
        return value ? "true" : "false";
    } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
        return std::to_string(static_cast<std::int64_t>(value));
    } else if constexpr (std::floating_point<T>) {
        return text(static_cast<double>(value));
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
        return std::string{std::string_view{value}};
    } else {
        return text(std::chrono::duration_cast<std::chrono::nanoseconds>(value));
    }
}

inline void collect(std::vector<field>&) {}

template <class Value, class... Rest>
void collect(std::vector<field>& into, std::string_view key, const Value& value,
             const Rest&... rest)
{
    into.push_back({key, text(value)});
    collect(into, rest...);
}

template <class... Pairs>
void write_pairs(level l, const message& m, const Pairs&... pairs)
{
    static_assert(sizeof...(pairs) % 2 == 0, "fields come as pairs of key and value");
    if (!enabled(l)) return;
    std::vector<field> fields;
    fields.reserve(sizeof...(pairs) / 2);
    collect(fields, pairs...);
    write(l, m, std::move(fields));
}

}  // namespace detail

/// \param pairs  key, value, key, value...: texts, numbers, bools and durations.
template <class... Pairs>
void trace(const message& m, const Pairs&... pairs)
{
    detail::write_pairs(level::trace, m, pairs...);
}
template <class... Pairs>
void debug(const message& m, const Pairs&... pairs)
{
    detail::write_pairs(level::debug, m, pairs...);
}
template <class... Pairs>
void info(const message& m, const Pairs&... pairs)
{
    detail::write_pairs(level::info, m, pairs...);
}
template <class... Pairs>
void warning(const message& m, const Pairs&... pairs)
{
    detail::write_pairs(level::warning, m, pairs...);
}
template <class... Pairs>
void error(const message& m, const Pairs&... pairs)
{
    detail::write_pairs(level::error, m, pairs...);
}

}  // namespace ferry::log
