#include "ferry/core/detail/path.hpp"
#include "ferry/core/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ferry {

std::string_view name_of(value_kind kind) noexcept
{
    constexpr std::array<std::string_view, 12> names = {
        "null",  "boolean", "integer", "number", "decimal", "string",
        "bytes", "array",   "tuple",   "set",    "object",  "timestamp"};
    return names.at(static_cast<std::size_t>(kind));
}

namespace detail {
namespace {

std::string place_of(const value& v, const path_step* at)
{
    return at == nullptr ? path_of(value_access::get(v)) : to_string(at);
}

std::string short_text(const value& v)
{
    constexpr std::size_t longest = 40;
    std::string text = convert<std::string>(v);
    if (text.size() > longest) text = text.substr(0, longest) + "...";
    return text;
}

zoned_time time_of(const cell& c)
{
    zoned_time time{timestamp{std::chrono::microseconds{c.integer}}, std::nullopt};
    if (c.zone == 1) time.offset = std::chrono::seconds{static_cast<std::int32_t>(c.size)};
    return time;
}

std::string_view trimmed(std::string_view text) noexcept
{
    constexpr std::string_view space = " \t\r\n\f\v";
    const std::size_t first = std::min(text.find_first_not_of(space), text.size());
    const std::size_t last = text.find_last_not_of(space) + 1;
    return last <= first ? std::string_view{} : text.substr(first, last - first);
}

std::string python_repr(double n)
{
    if (std::isnan(n)) return "nan";
    if (std::isinf(n)) return n < 0 ? "-inf" : "inf";
    char buffer[32];
    const double magnitude = std::fabs(n);
    const bool plain = n == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    const auto [end, problem] = std::to_chars(buffer, std::end(buffer), n, format);
    std::string text(buffer, end);
    if (plain && text.find('.') == std::string::npos) text += ".0";
    return text;
}

}  // namespace

void throw_type_error(const value& found, std::string_view wanted, const path_step* at)
{
    throw type_error{place_of(found, at), std::string{wanted}, std::string{name_of(found.kind())}};
}

void throw_range_error(const value& v, std::string_view type, const path_step* at)
{
    throw range_error{place_of(v, at), short_text(v), type};
}

std::int64_t read_integer(const value& v, std::int64_t low, std::uint64_t high,
                          std::string_view type, const path_step* at)
{
    const cell& c = value_access::get(v);
    if (!v.is_integer()) throw_type_error(v, "integer", at);
    if (c.is_indirect() || c.integer < low ||
        (c.integer > 0 && static_cast<std::uint64_t>(c.integer) > high)) {
        throw_range_error(v, type, at);
    }
    return c.integer;
}

std::uint64_t read_unsigned(const value& v, std::uint64_t high, std::string_view type,
                            const path_step* at)
{
    const cell& c = value_access::get(v);
    if (!v.is_integer()) throw_type_error(v, "integer", at);
    if (c.is_indirect()) {
        std::uint64_t n = 0;
        const std::string_view digits = c.view();
        const auto [end, problem] =
            std::from_chars(digits.data(), digits.data() + digits.size(), n);
        if (problem != std::errc{} || n > high) throw_range_error(v, type, at);
        return n;
    }
    if (c.integer < 0 || static_cast<std::uint64_t>(c.integer) > high) {
        throw_range_error(v, type, at);
    }
    return static_cast<std::uint64_t>(c.integer);
}

template <>
bool read(const value& v, const path_step* at)
{
    if (!v.is_boolean()) throw_type_error(v, "boolean", at);
    return value_access::get(v).integer != 0;
}

template <>
double read(const value& v, const path_step* at)
{
    const cell& c = value_access::get(v);
    if (v.is_real()) return c.real;
    if (v.is_integer() && !c.is_indirect()) return static_cast<double>(c.integer);
    if (!v.is_number()) throw_type_error(v, "number", at);
    const std::string_view text = c.view();
    double n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (problem == std::errc::invalid_argument) throw_type_error(v, "number", at);
    if (problem == std::errc::result_out_of_range) throw_range_error(v, "double", at);
    return n;
}

template <>
std::string_view read(const value& v, const path_step* at)
{
    if (!v.is_string()) throw_type_error(v, "string", at);
    return value_access::get(v).view();
}

template <>
std::string read(const value& v, const path_step* at)
{
    return std::string{read<std::string_view>(v, at)};
}

template <>
std::span<const std::byte> read(const value& v, const path_step* at)
{
    if (!v.is_bytes()) throw_type_error(v, "bytes", at);
    return as_bytes(value_access::get(v).view());
}

template <>
bytes read(const value& v, const path_step* at)
{
    return to_bytes(read<std::span<const std::byte>>(v, at));
}

template <>
big_integer read(const value& v, const path_step* at)
{
    const cell& c = value_access::get(v);
    if (!v.is_integer()) throw_type_error(v, "integer", at);
    if (!c.is_indirect()) return big_integer{c.integer};
    const auto n = big_integer::try_parse(c.view());
    return n ? *n : big_integer{};
}

template <>
zoned_time read(const value& v, const path_step* at)
{
    if (!v.is_timestamp()) throw_type_error(v, "timestamp", at);
    return time_of(value_access::get(v));
}

template <>
timestamp read(const value& v, const path_step* at)
{
    return read<zoned_time>(v, at).utc;
}

template <>
bool convert(const value& v)
{
    const cell& c = value_access::get(v);
    switch (v.kind()) {
        case value_kind::null: return false;
        case value_kind::boolean: return c.integer != 0;
        case value_kind::integer: return c.is_indirect() || c.integer != 0;
        case value_kind::real: return c.real != 0;
        case value_kind::decimal: return read<double>(v, nullptr) != 0;
        case value_kind::datetime: return true;
        default: return !v.empty();
    }
}

template <>
std::string convert(const value& v)
{
    const cell& c = value_access::get(v);
    switch (v.kind()) {
        case value_kind::null: return "null";
        case value_kind::boolean: return c.integer != 0 ? "true" : "false";
        case value_kind::integer:
            return c.is_indirect() ? std::string{c.view()} : std::to_string(c.integer);
        case value_kind::real: return python_repr(c.real);
        case value_kind::decimal:
        case value_kind::string: return std::string{c.view()};
        case value_kind::datetime: {
            const zoned_time time = time_of(c);
            std::string text =
                iso8601::format(time.utc, std::chrono::duration_cast<std::chrono::minutes>(
                                              time.offset.value_or(std::chrono::seconds{0})));
            if (!time.offset) text.resize(text.size() - 6);  // `+00:00`
            return text;
        }
        default: throw_type_error(v, "string", nullptr);
    }
}

template <>
bytes convert(const value& v)
{
    return v.is_bytes() ? read<bytes>(v, nullptr) : to_bytes(convert<std::string>(v));
}

template <>
zoned_time convert(const value& v)
{
    if (v.is_timestamp()) return read<zoned_time>(v, nullptr);
    const auto time = iso8601::try_parse(read<std::string_view>(v, nullptr));
    if (!time) throw_type_error(v, "timestamp", nullptr);
    return *time;
}

template <>
timestamp convert(const value& v)
{
    return convert<zoned_time>(v).utc;
}

value to_number(const value& v, bool whole)
{
    const cell& c = value_access::get(v);
    if (v.is_boolean()) return value{c.integer};
    if (v.is_integer()) return v;
    if (v.is_string() || v.is_bytes() || v.is_decimal()) {
        const std::string_view text = trimmed(c.view());
        const char* const last = text.data() + text.size();
        std::string_view digits = text;
        if (digits.starts_with('+')) digits.remove_prefix(1);
        if (whole && !v.is_decimal()) {
            const auto n = digits.size() <= 4300 ? big_integer::try_parse(digits) : std::nullopt;
            if (!n) throw_type_error(v, "integer", nullptr);
            return value{*n};
        }
        double n = 0;
        const auto [end, problem] = std::from_chars(digits.data(), last, n);
        if (problem == std::errc::result_out_of_range) throw_range_error(v, "double", nullptr);
        if (problem != std::errc{} || end != last) throw_type_error(v, "number", nullptr);
        return whole ? to_number(value{n}, true) : value{n};
    }
    if (!v.is_real()) throw_type_error(v, whole ? "integer" : "number", nullptr);
    if (!whole) return v;
    constexpr double limit = 9223372036854775808.0;
    if (c.real >= -limit && c.real < limit) return value{static_cast<std::int64_t>(c.real)};
    if (!std::isfinite(c.real)) throw_range_error(v, "integer", nullptr);
    char buffer[400];
    const auto [end, problem] =
        std::to_chars(buffer, std::end(buffer), c.real, std::chars_format::fixed, 0);
    return value::integer({buffer, static_cast<std::size_t>(end - buffer)});
}

}  // namespace detail
}  // namespace ferry
