// The opcodes whose arguments are texts, and integers of any size.
#include "ferry/core/big_integer.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/formats/detail/pickle_machine.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace ferry::pickle::detail {
namespace {

/// A digit in any base up to 16, 16 for all else.
unsigned digit(char c) noexcept
{
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return 16;
}

bool is_space(char c) noexcept
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trim(std::string_view text) noexcept
{
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Puts a code point at the end as UTF-8, a surrogate as three bytes.
void put_code_point(std::string& to, std::uint32_t c)
{
    if (c < 0xd800 || c > 0xdfff) return utf8::append(to, c);
    utf8::append_surrogate(to, static_cast<char16_t>(c));
}

}  // namespace

text_state check_text(std::string_view text) noexcept
{
    auto state = text_state::utf8;
    for (;;) {
        const std::size_t at = utf8::find_invalid(text);
        if (at == std::string_view::npos) return state;
        if (!utf8::surrogate_at(text, at)) return text_state::bad;
        state = text_state::surrogates;
        text.remove_prefix(at + 3);
    }
}

void machine::integer(std::int64_t n)
{
    raw_node made;
    made.kind = node_kind::integer;
    made.integer = n;
    push(nodes_.add(made));
}

void machine::binary_integer(std::string_view little_endian)
{
    if (little_endian.size() > options_.max_int_bytes_) {
        throw limit_error{"max_int_bytes", options_.max_int_bytes_};
    }
    const auto big = big_integer::from_bytes(as_bytes(little_endian));
    if (const auto small = big.to_int64()) return integer(*small);
    push(nodes_.add_text(node_kind::big_integer, nodes_.keep(big.to_string())));
}

/// As `int(text, 0)`, and as C's strtol where that reads all of it: a zero in front means octal.
void machine::text_integer(std::string_view digits, bool may_be_bool)
{
    const bool two = digits.size() == 2;
    if (!may_be_bool && digits.ends_with('L')) digits.remove_suffix(1);
    std::string_view rest = trim(digits);
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+')) rest.remove_prefix(1);
    unsigned base = 10;
    if (rest.size() > 1 && rest[0] == '0') {
        const char mark = static_cast<char>(rest[1] | 0x20);
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        rest.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
        if (rest.starts_with('_')) rest.remove_prefix(1);
    }
    std::string plain;
    plain.reserve(rest.size() + 1);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        if (rest[i] == '_' && i > 0 && i + 1 < rest.size() && rest[i - 1] != '_') continue;
        if (digit(rest[i]) >= base) fail(errc::bad_argument, "not an integer");
        plain += rest[i];
    }
    if (plain.empty()) fail(errc::bad_argument, "not an integer");
    if (plain.size() > options_.max_digits_) throw limit_error{"max_digits", options_.max_digits_};
    if (negative) plain.insert(0, 1, '-');
    std::int64_t small = 0;
    const auto [end, problem] =
        std::from_chars(plain.data(), plain.data() + plain.size(), small, static_cast<int>(base));
    if (problem == std::errc{}) {
        if (may_be_bool && two && (small == 0 || small == 1)) {
            return push(small != 0 ? true_ : false_);
        }
        return integer(small);
    }
    // Nobody writes a big integer in another base.
    if (base != 10) fail(errc::bad_argument, "an integer in another base is too large");
    const auto big = big_integer::try_parse(plain);
    if (!big) fail(errc::bad_argument, "not an integer");
    push(nodes_.add_text(node_kind::big_integer, nodes_.keep(big->to_string())));
}

std::size_t machine::index_line()
{
    const std::string_view text = trim(line());
    std::uint32_t index = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        fail(errc::bad_argument, "not the number of a memo entry");
    }
    return index;
}

void machine::text_real()
{
    std::string_view text = line();
    if (text.starts_with('+')) text.remove_prefix(1);
    raw_node made;
    made.kind = node_kind::real;
    made.real = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), made.real);
    if (end != text.data() + text.size() || text.empty()) fail(errc::bad_argument, "not a float");
    if (problem != std::errc{}) {
        made.real = std::strtod(std::string{text}.c_str(), nullptr);
        if (std::isinf(made.real)) fail(errc::bad_argument, "a float is too large");
    }
    push(nodes_.add(made));
}

void machine::python2_text(std::string_view raw)
{
    const bool ascii =
        std::ranges::none_of(raw, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    switch (options_.encoding_) {
        case text_encoding::bytes: return binary(node_kind::binary, raw);
        case text_encoding::utf8: return text(raw);
        case text_encoding::ascii:
            if (!ascii) fail(errc::bad_utf8, "a text of Python 2 is not ASCII");
            break;
        case text_encoding::latin1: break;
    }
    if (ascii) return text(raw);
    std::string decoded;
    for (const char c : raw) utf8::append(decoded, static_cast<unsigned char>(c));
    text(nodes_.keep(decoded));
}

void machine::quoted_text()
{
    std::string_view raw = trim(line());
    if (raw.size() < 2 || raw.front() != raw.back() || (raw[0] != '\'' && raw[0] != '"')) {
        fail(errc::bad_argument, "a text has no quotes around it");
    }
    raw = raw.substr(1, raw.size() - 2);
    if (raw.find('\\') == std::string_view::npos) return python2_text(raw);
    std::string plain;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\') {
            plain += raw[i];
            continue;
        }
        if (++i == raw.size()) fail(errc::bad_argument, "a text ends within an escape");
        constexpr std::string_view names = "\\'\"abfnrtv";
        constexpr std::string_view meant = "\\'\"\a\b\f\n\r\t\v";
        const std::size_t known = names.find(raw[i]);
        if (known != std::string_view::npos) {
            plain += meant[known];
        } else if (raw[i] == 'x') {
            if (i + 2 >= raw.size() || digit(raw[i + 1]) > 15 || digit(raw[i + 2]) > 15) {
                fail(errc::bad_argument, "a text has a bad escape");
            }
            plain += static_cast<char>(digit(raw[i + 1]) * 16 + digit(raw[i + 2]));
            i += 2;
        } else if (digit(raw[i]) < 8) {
            unsigned octal = 0;
            std::size_t length = 0;
            while (length < 3 && i + length < raw.size() && digit(raw[i + length]) < 8) {
                octal = octal * 8 + digit(raw[i + length++]);
            }
            plain += static_cast<char>(octal);
            i += length - 1;
        } else {
            plain += '\\';
            plain += raw[i];
        }
    }
    python2_text(nodes_.keep(plain));
}

/// Latin-1 with `\uXXXX` and `\UXXXXXXXX`, where an odd number of backslashes counts.
void machine::escaped_unicode()
{
    const std::string_view raw = line();
    std::string decoded;
    decoded.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size();) {
        if (raw[i] != '\\') {
            put_code_point(decoded, static_cast<unsigned char>(raw[i++]));
            continue;
        }
        const char mark = i + 1 < raw.size() ? raw[i + 1] : ' ';
        const std::size_t count = mark == 'u' ? 4 : mark == 'U' ? 8 : 0;
        if (count == 0) {
            // A backslash hides the next, as Python's decoder has it.
            decoded += '\\';
            ++i;
            if (mark == '\\') {
                decoded += '\\';
                ++i;
            }
            continue;
        }
        std::uint64_t c = 0;
        for (std::size_t k = 0; k < count; ++k) {
            const unsigned d = i + 2 + k < raw.size() ? digit(raw[i + 2 + k]) : 16;
            if (d > 15) fail(errc::bad_argument, "a text has a bad escape");
            c = c * 16 + d;
        }
        if (c > 0x10ffff) fail(errc::bad_argument, "a text has a bad escape");
        put_code_point(decoded, static_cast<std::uint32_t>(c));
        i += 2 + count;
    }
    text(nodes_.keep(decoded));
}

}  // namespace ferry::pickle::detail
