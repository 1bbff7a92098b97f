#include "ferry/documents/detail/json_escape.hpp"

#include "ferry/documents/detail/json_scan.hpp"
#include "ferry/documents/detail/json_text.hpp"

#include <array>
#include <cstring>

namespace ferry::json {
namespace {

constexpr std::uint8_t bad = 0xFF;

constexpr auto hex_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(bad);
    for (std::uint8_t i = 0; i < 10; ++i) values[std::size_t{'0'} + i] = i;
    for (std::uint8_t i = 0; i < 6; ++i) {
        values[std::size_t{'a'} + i] = values[std::size_t{'A'} + i] =
            static_cast<std::uint8_t>(10 + i);
    }
    return values;
}();

/// What stands for the letter of a two character escape, 0 if it is none.
constexpr auto escaped_characters = [] {
    std::array<char, 256> made{};
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meaning = "\"\\/\b\f\n\r\t";
    for (std::size_t i = 0; i < letters.size(); ++i) {
        made[static_cast<unsigned char>(letters[i])] = meaning[i];
    }
    return made;
}();

constexpr std::uint32_t no_unit = 0xFFFF'FFFF;

/// The unit of `\uXXXX` at `from`.
std::uint32_t unit_at(const char* from, const char* end) noexcept
{
    if (end - from < 6 || from[0] != '\\' || from[1] != 'u') return no_unit;
    const auto value = [&](std::size_t i) {
        return std::uint32_t{hex_values[static_cast<unsigned char>(from[i])]};
    };
    const std::uint32_t values[] = {value(2), value(3), value(4), value(5)};
    if (((values[0] | values[1] | values[2] | values[3]) & 0xF0U) != 0) return no_unit;
    return values[0] << 12U | values[1] << 8U | values[2] << 4U | values[3];
}

/// Reads `\uXXXX`, and the other half of a pair. \returns what follows, or null.
const char* take_unicode(const char* from, const char* end, surrogates lone,
                         std::uint32_t& code_point) noexcept
{
    std::uint32_t c = unit_at(from, end);
    if (c == no_unit) return nullptr;
    from += 6;
    if (c >= 0xD800 && c < 0xE000) {
        const std::uint32_t low = c < 0xDC00 ? unit_at(from, end) : no_unit;
        // A bad escape behind a first half is found here, or else when its turn comes.
        if (low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10U) + (low - 0xDC00);
            from += 6;
        } else if (lone == surrogates::error) {
            return nullptr;
        } else if (lone == surrogates::replace) {
            c = 0xFFFD;
        }
    }
    code_point = c;
    return from;
}

}  // namespace

char* unescape_string(const char* from, const char* end, char* to, surrogates lone) noexcept
{
    for (;;) {
        while (static_cast<std::size_t>(end - from) >= scan::width) {
            const scan::block block = scan::load(from);
            scan::store(to, block);
            const unsigned mask = scan::quote_or_escape(block);
            const std::size_t plain = mask == 0 ? scan::width : scan::first(mask);
            from += plain;
            to += plain;
            if (mask != 0) break;
        }
        while (*from != '"' && *from != '\\') *to++ = *from++;
        if (*from == '"') return to;
        if (from[1] == 'u') {
            std::uint32_t c = 0;
            from = take_unicode(from, end, lone, c);
            if (from == nullptr) return nullptr;
            to = put_code_point(to, c);
        } else {
            const char c = escaped_characters[static_cast<unsigned char>(from[1])];
            if (c == '\0') return nullptr;
            *to++ = c;
            from += 2;
        }
    }
}

const char* find_backslash(const char* from, const char* to) noexcept
{
    while (static_cast<std::size_t>(to - from) >= 4 * scan::width &&
           !scan::has_escape_in_four(from)) {
        from += 4 * scan::width;
    }
    for (; static_cast<std::size_t>(to - from) >= scan::width; from += scan::width) {
        if (const unsigned mask = scan::escape(scan::load(from))) return from + scan::first(mask);
    }
    const auto rest = static_cast<std::size_t>(to - from);
    const void* const found = std::memchr(from, '\\', rest);
    return found == nullptr ? to : static_cast<const char*>(found);
}

escapes check_escapes(const char* from, const char* to, surrogates lone) noexcept
{
    escapes found = escapes::simple;
    for (;;) {
        from = find_backslash(from, to);
        if (from == to) return found;
        // A string is closed, so that something follows. Where there is one escape, others are
        // near.
        do {
            if (from[1] == 'u') {
                std::uint32_t c = 0;
                from = take_unicode(from, to, lone, c);
                if (from == nullptr) return escapes::wrong;
                found = escapes::unicode;
            } else {
                if (escaped_characters[static_cast<unsigned char>(from[1])] == '\0') {
                    return escapes::wrong;
                }
                from += 2;
            }
            if (static_cast<std::size_t>(to - from) < scan::width) break;
            const unsigned mask = scan::escape(scan::load(from));
            from += mask == 0 ? scan::width : scan::first(mask);
        } while (static_cast<std::size_t>(to - from) >= 2 && *from == '\\');
    }
}

}  // namespace ferry::json
