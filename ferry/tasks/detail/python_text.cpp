#include "ferry/tasks/detail/python_text.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/core/utf8.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

namespace ferry::tasks::detail {
namespace {

/// What `str.isprintable` denies above ASCII: controls, formats, spaces, separators and private use
/// of Unicode 14. Python escapes what is unassigned, too; here that is shown as it is.
constexpr std::array unprintable = {
    std::pair{U'\x80', U'\xA0'},
    std::pair{U'\xAD', U'\xAD'},
    std::pair{U'\u0600', U'\u0605'},
    std::pair{U'\u061C', U'\u061C'},
    std::pair{U'\u06DD', U'\u06DD'},
    std::pair{U'\u070F', U'\u070F'},
    std::pair{U'\u0890', U'\u0891'},
    std::pair{U'\u08E2', U'\u08E2'},
    std::pair{U'\u1680', U'\u1680'},
    std::pair{U'\u180E', U'\u180E'},
    std::pair{U'\u2000', U'\u200F'},
    std::pair{U'\u2028', U'\u202F'},
    std::pair{U'\u205F', U'\u2064'},
    std::pair{U'\u2066', U'\u206F'},
    std::pair{U'\u3000', U'\u3000'},
    std::pair{U'\xD800', U'\uF8FF'},
    std::pair{U'\uFEFF', U'\uFEFF'},
    std::pair{U'\uFFF9', U'\uFFFB'},
    std::pair{U'\U000110BD', U'\U000110BD'},
    std::pair{U'\U000110CD', U'\U000110CD'},
    std::pair{U'\U00013430', U'\U00013438'},
    std::pair{U'\U0001BCA0', U'\U0001BCA3'},
    std::pair{U'\U0001D173', U'\U0001D17A'},
    std::pair{U'\U000E0001', U'\U000E0001'},
    std::pair{U'\U000E0020', U'\U000E007F'},
    std::pair{U'\U000F0000', U'\U000FFFFD'},
    std::pair{U'\U00100000', U'\U0010FFFD'},
};

bool printable(char32_t c) noexcept
{
    const auto* const range =
        std::ranges::lower_bound(unprintable, c, {}, &std::pair<char32_t, char32_t>::second);
    return range == unprintable.end() || c < range->first;
}

void append_digits(std::string& to, char32_t n, int count)
{
    constexpr std::string_view digits = "0123456789abcdef";
    while (count-- > 0) to += digits[n >> static_cast<unsigned>(4 * count) & 15U];
}

void append_escape(std::string& to, char32_t c)
{
    if (c <= 0xFF) {
        to += "\\x";
        append_digits(to, c, 2);
    } else if (c <= 0xFFFF) {
        to += "\\u";
        append_digits(to, c, 4);
    } else {
        to += "\\U";
        append_digits(to, c, 8);
    }
}

void append_ascii(std::string& to, char c, char quote)
{
    switch (c) {
        case '\n': to += "\\n"; return;
        case '\r': to += "\\r"; return;
        case '\t': to += "\\t"; return;
        case '\\': to += "\\\\"; return;
        default: break;
    }
    if (c < 0x20 || c == 0x7F) return append_escape(to, static_cast<unsigned char>(c));
    if (c == quote) to += '\\';
    to += c;
}

char quote_for(std::string_view text) noexcept
{
    constexpr auto none = std::string_view::npos;
    return text.find('\'') != none && text.find('"') == none ? '"' : '\'';
}

bool is_ascii(char c) noexcept
{
    return static_cast<unsigned char>(c) < 0x80;
}

}  // namespace

void append_quoted(std::string& to, std::string_view text)
{
    const char quote = quote_for(text);
    to += quote;
    for (std::size_t at = 0; at < text.size();) {
        if (is_ascii(text[at])) {
            append_ascii(to, text[at++], quote);
        } else if (const auto surrogate = utf8::surrogate_at(text, at)) {
            append_escape(to, *surrogate);
            at += 3;
        } else if (const auto next = utf8::decode(text, at); !next.valid) {
            append_escape(to, static_cast<unsigned char>(text[at++]));
        } else {
            if (printable(next.code_point)) {
                to += text.substr(at, next.size);
            } else {
                append_escape(to, next.code_point);
            }
            at += next.size;
        }
    }
    to += quote;
}

void append_quoted(std::string& to, std::span<const std::byte> data)
{
    const std::string_view text = as_text(data);
    const char quote = quote_for(text);
    to += 'b';
    to += quote;
    for (const char c : text) {
        if (is_ascii(c)) {
            append_ascii(to, c, quote);
        } else {
            append_escape(to, static_cast<unsigned char>(c));
        }
    }
    to += quote;
}

void append_time(std::string& to, const iso8601::zoned_time& t)
{
    using namespace std::chrono;
    const seconds offset = t.offset.value_or(0s);
    const auto local = t.utc + offset;
    const auto day = floor<days>(local);
    const year_month_day date{day};
    const hh_mm_ss clock{local - day};
    to += "datetime.datetime(" + std::to_string(static_cast<int>(date.year()));
    const auto add = [&to](std::int64_t n) { to += ", " + std::to_string(n); };
    add(static_cast<unsigned>(date.month()));
    add(static_cast<unsigned>(date.day()));
    add(clock.hours().count());
    add(clock.minutes().count());
    const std::int64_t part = clock.subseconds().count();
    if (clock.seconds() != 0s || part != 0) add(clock.seconds().count());
    if (part != 0) add(part);
    if (t.offset) to += ", tzinfo=datetime.timezone";
    if (t.offset && offset == 0s) to += ".utc";
    if (t.offset && offset != 0s) {
        const days before = floor<days>(offset);
        to += "(datetime.timedelta(";
        if (before != days{0}) to += "days=" + std::to_string(before.count()) + ", ";
        to += "seconds=" + std::to_string((offset - before).count()) + "))";
    }
    to += ')';
}

void append_hex(std::string& to, std::span<const std::byte> data)
{
    for (const std::byte b : data) append_digits(to, std::to_integer<unsigned>(b), 2);
}

}  // namespace ferry::tasks::detail
