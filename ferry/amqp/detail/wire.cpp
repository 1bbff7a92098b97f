#include "ferry/amqp/detail/wire.hpp"

#include "ferry/amqp/error.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/utf8.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <chrono>
#include <limits>

namespace ferry::amqp::detail {
namespace {

[[noreturn]] void throw_argument(std::string what)
{
    throw error(errc::bad_argument, "amqp: " + std::move(what));
}

[[noreturn]] void throw_syntax(std::string_view what)
{
    throw protocol_error(errc::syntax_error, fmt::format("amqp: {}", what));
}

// A decimal number as AMQP has it: digits and the number of those behind the point.
struct scaled {
    std::uint8_t scale = 0;
    std::int32_t digits = 0;
};

scaled to_scaled(std::string text)
{
    scaled s;
    if (const auto point = text.find('.'); point != std::string::npos) {
        s.scale = static_cast<std::uint8_t>(text.size() - point - 1);
        text.erase(point, 1);
    }
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), s.digits);
    if (ec != std::errc() || end != text.data() + text.size()) {
        throw_argument("a decimal number must have 31 bits: " + text);
    }
    return s;
}

std::string to_decimal(std::uint8_t scale, std::int32_t digits)
{
    const bool negative = digits < 0;
    std::string text = std::to_string(negative ? -std::int64_t{digits} : std::int64_t{digits});
    if (text.size() <= scale) text.insert(0, scale + 1 - text.size(), '0');
    if (scale > 0) text.insert(text.size() - scale, ".");
    return negative ? '-' + text : text;
}

template <class T>
T as_signed(std::uint64_t v)
{
    return static_cast<T>(v);
}

}  // namespace

void wire_writer::short_text(std::string_view text)
{
    if (text.size() > 255) {
        throw_argument(
            fmt::format("a name of {} bytes, 255 at most: {}...", text.size(), text.substr(0, 40)));
    }
    if (!utf8::valid(text)) throw_argument("a name that is no UTF-8");
    octet(static_cast<std::uint8_t>(text.size()));
    out_.append(text);
}

void wire_writer::long_text(std::string_view text)
{
    u32(static_cast<std::uint32_t>(text.size()));
    out_.append(text);
}

void wire_writer::patch_u32(std::size_t at, std::uint32_t v)
{
    for (std::size_t i = 0; i < 4; ++i) out_[at + i] = static_cast<char>(v >> (24 - 8 * i));
}

void wire_writer::table(const value& v)
{
    if (!v.is_null() && !v.is_object()) throw_argument("a table must be an object");
    members(v, 0);
}

void wire_writer::members(const value& v, std::size_t depth)
{
    const std::size_t at = out_.size();
    u32(0);
    if (v.is_object()) {
        for (const auto& [name, member] : v.items()) {
            short_text(name);
            field(member, depth);
        }
    }
    patch_u32(at, static_cast<std::uint32_t>(out_.size() - at - 4));
}

void wire_writer::elements(const value& v, std::size_t depth)
{
    const std::size_t at = out_.size();
    u32(0);
    for (const value& element : v) field(element, depth);
    patch_u32(at, static_cast<std::uint32_t>(out_.size() - at - 4));
}

void wire_writer::field(const value& v, std::size_t depth)
{
    switch (v.kind()) {
        case value_kind::null: return octet('V');
        case value_kind::boolean: octet('t'); return octet(v.as<bool>() ? 1 : 0);
        case value_kind::integer: {
            if (v.is_big()) throw_argument("an integer beyond 64 bits");
            const auto n = v.as<std::int64_t>();
            if (std::in_range<std::int32_t>(n)) {
                octet('I');
                return u32(static_cast<std::uint32_t>(n));
            }
            octet('l');
            return u64(static_cast<std::uint64_t>(n));
        }
        case value_kind::real: octet('d'); return u64(std::bit_cast<std::uint64_t>(v.as<double>()));
        case value_kind::decimal: {
            const scaled s = to_scaled(v.to<std::string>());
            octet('D');
            octet(s.scale);
            return u32(static_cast<std::uint32_t>(s.digits));
        }
        case value_kind::string: octet('S'); return long_text(v.as<std::string_view>());
        case value_kind::binary:
            octet('x');
            return long_text(as_text(v.as<std::span<const std::byte>>()));
        case value_kind::datetime: {
            const auto t = std::chrono::floor<std::chrono::seconds>(v.as<timestamp>());
            octet('T');
            return u64(static_cast<std::uint64_t>(t.time_since_epoch().count()));
        }
        default: break;
    }
    if (depth + 1 >= max_table_depth) throw_argument("a table is nested too deep");
    if (v.is_object()) {
        octet('F');
        return members(v, depth + 1);
    }
    if (v.is_set()) throw_argument("a table cannot hold a set");
    octet('A');
    elements(v, depth + 1);
}

void wire_reader::throw_too_short()
{
    throw_syntax("a frame ends too early");
}

void wire_reader::throw_unknown(char type)
{
    throw_syntax(fmt::format("a table has a field of the unknown type {:#04x}",
                             static_cast<unsigned char>(type)));
}

std::string_view wire_reader::skip_field(char type)
{
    switch (type) {
        case 'V': return {};
        case 't':
        case 'b':
        case 'B': return take(1);
        case 's':
        case 'U':
        case 'u': return take(2);
        case 'I':
        case 'i':
        case 'f': return take(4);
        case 'D': return take(5);
        case 'l':
        case 'L':
        case 'd':
        case 'T': return take(8);
        case 'S':
        case 'x':
        case 'F':
        case 'A': return long_text();
        default: throw_unknown(type);
    }
}

value wire_reader::field()
{
    value_builder build(in_.size());
    field(build, 0);
    return build.finish();
}

value wire_reader::table()
{
    value_builder build(in_.size());
    table(build, 0);
    return build.finish();
}

void wire_reader::table(value_builder& into, std::size_t depth)
{
    if (depth >= max_table_depth) throw limit_error("max_table_depth", max_table_depth);
    wire_reader inside(long_text());
    const std::size_t from = into.mark();
    while (!inside.done()) {
        into.string(inside.short_text());
        inside.field(into, depth);
    }
    into.object(from, duplicate_keys::first);
}

void wire_reader::field(value_builder& into, std::size_t depth)
{
    switch (const char type = static_cast<char>(octet())) {
        case 'V': return into.null();
        case 't': return into.boolean(octet() != 0);
        case 'b': return into.integer(as_signed<std::int8_t>(octet()));
        case 'B': return into.integer(octet());
        case 's':
        case 'U': return into.integer(as_signed<std::int16_t>(u16()));
        case 'u': return into.integer(u16());
        case 'I': return into.integer(as_signed<std::int32_t>(u32()));
        case 'i': return into.integer(u32());
        case 'l':
        case 'L': return into.integer(as_signed<std::int64_t>(u64()));
        case 'f': return into.real(std::bit_cast<float>(u32()));
        case 'd': return into.real(std::bit_cast<double>(u64()));
        case 'D': {
            const std::uint8_t scale = octet();
            return into.decimal(to_decimal(scale, as_signed<std::int32_t>(u32())));
        }
        case 'S': return into.string(long_text());
        case 'x': return into.binary(as_bytes(long_text()));
        case 'T': {
            const std::uint64_t seconds = u64();
            // What is beyond the year 9999 is kept as a number.
            if (seconds > 253402300799U) return into.integer(as_signed<std::int64_t>(seconds));
            zoned_time t;
            t.utc = timestamp(std::chrono::seconds(seconds));
            t.offset = std::chrono::seconds{0};
            return into.time(t);
        }
        case 'F': return table(into, depth + 1);
        case 'A': {
            if (depth + 1 >= max_table_depth) throw limit_error("max_table_depth", max_table_depth);
            wire_reader inside(long_text());
            const std::size_t from = into.mark();
            while (!inside.done()) inside.field(into, depth + 1);
            return into.array(from);
        }
        default: throw_unknown(type);
    }
}

}  // namespace ferry::amqp::detail
