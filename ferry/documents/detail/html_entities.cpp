#include "ferry/documents/detail/html_entities.hpp"

#include <array>
#include <cstdint>
#include <tuple>
#include <utility>

namespace ferry::documents::detail {

namespace {

#include "ferry/documents/detail/html_entities.inc"

constexpr std::uint32_t also_without_semicolon = 1U << 21;

/// What the numbers 0x80 to 0x9f mean: windows-1252, where it has a character.
constexpr std::array<char16_t, 32> c1_replacements = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

bool is_alphanumeric(char c) noexcept
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

constexpr std::array<std::uint16_t, 129> make_letter_starts()
{
    std::array<std::uint16_t, 129> starts{};
    std::size_t name = 0;
    for (std::size_t letter = 0; letter < starts.size(); ++letter) {
        while (name < count && static_cast<std::size_t>(names[first_of[name]]) < letter) ++name;
        starts[letter] = static_cast<std::uint16_t>(name);
    }
    return starts;
}
constexpr auto letter_starts = make_letter_starts();

void put(character_reference& into, char32_t c) noexcept
{
    into.length += write_utf8(c, into.text + into.length);
}

/// Narrows the sorted range of names to those with the letter `c` at `depth`.
void narrow(std::size_t& low, std::size_t& high, std::size_t depth, char c) noexcept
{
    const auto letter = [depth](std::size_t n) {
        const std::size_t at = first_of[n] + depth;
        return at < first_of[n + 1] ? static_cast<unsigned char>(names[at]) : 0U;
    };
    const auto wanted = static_cast<unsigned char>(c);
    const auto first_at_least = [&](std::size_t from, std::size_t to, unsigned what) {
        while (from < to) {
            const std::size_t middle = from + (to - from) / 2;
            if (letter(middle) < what)
                from = middle + 1;
            else
                to = middle;
        }
        return from;
    };
    low = first_at_least(low, high, wanted);
    high = first_at_least(low, high, wanted + 1U);
}

std::string_view name_at(std::size_t n) noexcept
{
    return {names + first_of[n], static_cast<std::size_t>(first_of[n + 1] - first_of[n])};
}

constexpr std::size_t name_slots = 8192;

constexpr std::size_t slot_of(const char* name, std::size_t size) noexcept
{
    std::uint32_t hash = static_cast<std::uint32_t>(size);
    for (std::size_t i = 0; i < size; ++i) hash = hash * 31 + static_cast<unsigned char>(name[i]);
    return hash * 0x9e37'79b9U >> 19U;
}

/// Open addressing: 0 is free, otherwise the place of a name + 1.
constexpr std::array<std::uint16_t, name_slots> make_name_table()
{
    std::array<std::uint16_t, name_slots> table{};
    for (std::size_t n = 0; n < count; ++n) {
        std::size_t at = slot_of(names + first_of[n], first_of[n + 1] - first_of[n]);
        while (table[at] != 0) at = (at + 1) % name_slots;
        table[at] = static_cast<std::uint16_t>(n + 1);
    }
    return table;
}
constexpr auto name_table = make_name_table();

/// The place of that name, or `count`.
std::size_t find_name(std::string_view name) noexcept
{
    for (std::size_t at = slot_of(name.data(), name.size()); name_table[at] != 0;
         at = (at + 1) % name_slots)
        if (name_at(name_table[at] - 1U) == name) return name_table[at] - 1U;
    return count;
}

/// The longest name that the text begins with and that may stand there, and the bytes it takes, its
/// semicolon included; or `count`.
std::pair<std::size_t, std::size_t> longest_name(std::string_view after, std::size_t low,
                                                 std::size_t high) noexcept
{
    std::pair<std::size_t, std::size_t> found(count, 0);
    for (std::size_t depth = 1; low < high; ++depth) {
        const bool is_name = name_at(low).size() == depth;
        if (is_name && depth < after.size() && after[depth] == ';') return {low, depth + 1};
        if (is_name && (values[low] & also_without_semicolon) != 0) found = {low, depth};
        if (depth == after.size()) break;
        narrow(low, high, depth, after[depth]);
    }
    return found;
}

character_reference read_named(std::string_view after, bool in_attribute) noexcept
{
    character_reference made;
    const auto first = static_cast<unsigned char>(after[0]);
    if (first >= 128) return made;
    // Most are written as they should be; of the others the longest that fits is looked for.
    std::size_t end = 1;
    while (end < after.size() && is_alphanumeric(after[end])) ++end;
    const bool is_ended = end < after.size() && after[end] == ';';
    std::size_t found = is_ended ? find_name(after.substr(0, end)) : count;
    std::size_t consumed = end + 1;
    if (found == count)
        std::tie(found, consumed) =
            longest_name(after, letter_starts[first], letter_starts[first + 1U]);
    if (found == count) {
        if (is_ended) made.error = "unknown-named-character-reference";
        return made;
    }
    if (after[consumed - 1] != ';') {
        if (in_attribute && consumed < after.size() &&
            (after[consumed] == '=' || is_alphanumeric(after[consumed])))
            return made;
        made.error = "missing-semicolon-after-character-reference";
    }
    made.consumed = consumed;
    put(made, values[found] & 0x1'ffffU);
    if (const char32_t second = seconds[values[found] >> 17 & 0xfU]; second != 0) put(made, second);
    return made;
}

/// The character a number stands for, and the parse error that it may be.
char32_t settle_number(char32_t c, const char*& error) noexcept
{
    if (c == 0) {
        error = "null-character-reference";
        return 0xfffd;
    }
    if (c > 0x10'ffff) {
        error = "character-reference-outside-unicode-range";
        return 0xfffd;
    }
    if (c >= 0xd800 && c <= 0xdfff) {
        error = "surrogate-character-reference";
        return 0xfffd;
    }
    if ((c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef))
        error = "noncharacter-character-reference";
    const bool is_space = c == 0x20 || c == 0x09 || c == 0x0a || c == 0x0c;
    if (c == 0x0d || (!is_space && (c < 0x20 || (c >= 0x7f && c <= 0x9f)))) {
        error = "control-character-reference";
        if (c >= 0x80 && c <= 0x9f) return c1_replacements[c - 0x80];
    }
    return c;
}

character_reference read_numeric(std::string_view after) noexcept
{
    character_reference made;
    std::size_t at = 1;
    const bool hexadecimal = at < after.size() && (after[at] | 0x20) == 'x';
    if (hexadecimal) ++at;
    const std::size_t digits = at;
    char32_t number = 0;
    for (; at < after.size(); ++at) {
        const char c = after[at];
        char32_t digit = 0;
        if (c >= '0' && c <= '9')
            digit = static_cast<char32_t>(c - '0');
        else if (hexadecimal && (c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = static_cast<char32_t>((c | 0x20) - 'a' + 10);
        else
            break;
        if (number <= 0x10'ffff) number = number * (hexadecimal ? 16 : 10) + digit;
    }
    if (at == digits) {
        made.error = "absence-of-digits-in-numeric-character-reference";
        return made;
    }
    if (at < after.size() && after[at] == ';')
        ++at;
    else
        made.error = "missing-semicolon-after-character-reference";
    made.consumed = at;
    put(made, settle_number(number, made.error));
    return made;
}

}  // namespace

std::size_t write_utf8(char32_t c, char* to) noexcept
{
    const auto byte = [](char32_t value) { return static_cast<char>(value); };
    if (c < 0x80) {
        to[0] = byte(c);
        return 1;
    }
    if (c < 0x800) {
        to[0] = byte(0xc0 | c >> 6);
        to[1] = byte(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x1'0000) {
        to[0] = byte(0xe0 | c >> 12);
        to[1] = byte(0x80 | (c >> 6 & 0x3f));
        to[2] = byte(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = byte(0xf0 | c >> 18);
    to[1] = byte(0x80 | (c >> 12 & 0x3f));
    to[2] = byte(0x80 | (c >> 6 & 0x3f));
    to[3] = byte(0x80 | (c & 0x3f));
    return 4;
}

character_reference read_reference(std::string_view after, bool in_attribute) noexcept
{
    if (after.empty()) return {};
    if (after[0] == '#') return read_numeric(after);
    return is_alphanumeric(after[0]) ? read_named(after, in_attribute) : character_reference();
}

}  // namespace ferry::documents::detail
