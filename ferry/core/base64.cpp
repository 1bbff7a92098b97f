#include "ferry/core/base64.hpp"

#include "ferry/core/error.hpp"

#include <array>
#include <cstdint>

namespace ferry::base64 {
namespace {

constexpr std::array<std::string_view, 2> letters{
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};

constexpr std::uint8_t no_digit = 0xFF;
using digit_table = std::array<std::uint8_t, 256>;

constexpr digit_table make_digits(std::string_view of)
{
    digit_table table{};
    table.fill(no_digit);
    for (std::size_t i = 0; i < of.size(); ++i) {
        table.at(static_cast<unsigned char>(of[i])) = static_cast<std::uint8_t>(i);
    }
    return table;
}
constexpr std::array<digit_table, 2> digit_tables{make_digits(letters[0]), make_digits(letters[1])};

const digit_table& digits_of(alphabet a)
{
    return digit_tables.at(static_cast<std::size_t>(a));
}

std::uint32_t digit(const digit_table& table, char c)
{
    return table[static_cast<unsigned char>(c)];
}

constexpr std::byte byte(std::uint32_t value)
{
    return static_cast<std::byte>(value & 0xFFU);
}

parse_error wrong(std::string_view message, std::size_t offset)
{
    return {errc::malformed, message, {.offset = offset, .line = 1, .column = offset + 1}};
}

/// The two or three characters that are left when groups of four are done.
void decode_rest(std::string_view text, const digit_table& table, std::size_t offset, bytes& out)
{
    if (text.empty()) return;
    if (text.size() == 1) throw wrong("base64: one character is left over", offset);
    std::uint32_t bits = 0;
    for (const char c : text) bits = bits << 6U | digit(table, c);
    // 12 bits hold one byte, 18 hold two.
    const unsigned spare = text.size() == 2 ? 4 : 2;
    if ((bits & ((1U << spare) - 1U)) != 0) {
        throw wrong("base64: stray bits in the last character", offset + text.size() - 1);
    }
    bits >>= spare;
    if (text.size() == 3) out.push_back(byte(bits >> 8U));
    out.push_back(byte(bits));
}

}  // namespace

std::string encode(std::span<const std::byte> data, alphabet with, padding pad)
{
    const std::string_view letter = letters.at(static_cast<std::size_t>(with));
    std::string out((data.size() + 2) / 3 * 4, '=');
    char* to = out.data();
    std::size_t i = 0;
    const auto at = [&](std::size_t n) { return std::to_integer<std::uint32_t>(data[n]); };
    for (; i + 3 <= data.size(); i += 3) {
        const std::uint32_t bits = at(i) << 16U | at(i + 1) << 8U | at(i + 2);
        *to++ = letter[bits >> 18U];
        *to++ = letter[bits >> 12U & 63U];
        *to++ = letter[bits >> 6U & 63U];
        *to++ = letter[bits & 63U];
    }
    if (const std::size_t left = data.size() - i; left != 0) {
        const std::uint32_t bits = at(i) << 16U | (left == 2 ? at(i + 1) << 8U : 0U);
        *to++ = letter[bits >> 18U];
        *to++ = letter[bits >> 12U & 63U];
        if (left == 2) *to++ = letter[bits >> 6U & 63U];
    }
    if (pad == padding::without) out.resize(static_cast<std::size_t>(to - out.data()));
    return out;
}

bytes decode(std::string_view text, alphabet with)
{
    const digit_table& table = digits_of(with);
    std::string_view digits = text;
    for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
    const bool unpadded = with == alphabet::urlsafe && digits.size() == text.size();
    bytes out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::size_t i = 0;
    for (; i + 4 <= digits.size(); i += 4) {
        const std::uint32_t a = digit(table, digits[i]);
        const std::uint32_t b = digit(table, digits[i + 1]);
        const std::uint32_t c = digit(table, digits[i + 2]);
        const std::uint32_t d = digit(table, digits[i + 3]);
        if ((a | b | c | d) > 63) break;
        const std::uint32_t bits = a << 18U | b << 12U | c << 6U | d;
        const std::byte group[]{byte(bits >> 16U), byte(bits >> 8U), byte(bits)};
        out.insert(out.end(), group, group + 3);
    }
    for (std::size_t at = i; at < digits.size(); ++at) {
        if (digit(table, digits[at]) == no_digit) {
            throw wrong("base64: not a character of the alphabet", at);
        }
    }
    if (!unpadded && text.size() % 4 != 0) throw wrong("base64: wrong padding", text.size());
    decode_rest(digits.substr(i), table, i, out);
    return out;
}

std::optional<bytes> try_decode(std::string_view text, alphabet with)
{
    try {
        return decode(text, with);
    } catch (const parse_error&) {
        return std::nullopt;
    }
}

bytes decode_lenient(std::string_view text, alphabet with)
{
    const digit_table& table = digits_of(with);
    bytes out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int position = 0;
    int pads = 0;
    for (const char c : text) {
        if (c == '=') {
            ++pads;
            if (position >= 2 && position + pads >= 4) return out;
            continue;
        }
        const std::uint32_t value = digit(table, c);
        if (value == no_digit) continue;
        pads = 0;
        bits = bits << 6U | value;
        if (position > 0) out.push_back(byte(bits >> (6U - 2U * static_cast<unsigned>(position))));
        position = (position + 1) % 4;
    }
    if (position == 1) throw wrong("base64: one character is left over", text.size());
    if (position != 0) throw wrong("base64: wrong padding", text.size());
    return out;
}

}  // namespace ferry::base64
