#include "ferry/core/detail/url_host.hpp"

#include "ferry/core/idna.hpp"
#include "ferry/core/percent.hpp"
#include "ferry/core/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace ferry::detail {
namespace {

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int hex_digit(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

constexpr std::string_view forbidden_host{"\0\t\n\r #/:<>?@[\\]^|", 17};

struct byte_table {
    std::array<bool, 256> set{};
    bool operator[](char c) const noexcept { return set[static_cast<unsigned char>(c)]; }
};
constexpr byte_table forbidden_domain = [] {
    byte_table t;
    for (std::size_t i = 0; i <= 0x1F; ++i) t.set.at(i) = true;
    for (const char c : forbidden_host) t.set.at(static_cast<unsigned char>(c)) = true;
    t.set['%'] = true;
    t.set[0x7F] = true;
    return t;
}();

/// A number of an IPv4 address: decimal, octal with 0, hexadecimal with 0x in front. Saturates.
std::optional<std::uint64_t> ipv4_number(std::string_view text)
{
    if (text.empty()) return std::nullopt;
    unsigned base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
        base = 8;
        text.remove_prefix(1);
    }
    std::uint64_t n = 0;
    for (const char c : text) {
        const int d = hex_digit(c);
        if (d < 0 || d >= static_cast<int>(base)) return std::nullopt;
        n = std::min<std::uint64_t>(n * base + static_cast<unsigned>(d), std::uint64_t{1} << 40U);
    }
    return n;
}

bool ends_in_number(std::string_view domain)
{
    if (domain.ends_with('.')) domain.remove_suffix(1);
    const std::size_t dot = domain.rfind('.');
    const std::string_view last = dot == domain.npos ? domain : domain.substr(dot + 1);
    if (last.empty() || !is_digit(last[0])) return false;
    return std::ranges::all_of(last, is_digit) || ipv4_number(last).has_value();
}

std::optional<std::uint32_t> ipv4_address(std::string_view text)
{
    if (text.ends_with('.')) text.remove_suffix(1);
    std::array<std::uint64_t, 4> numbers{};
    std::size_t count = 0;
    for (bool more = true; more; ++count) {
        if (count == numbers.size()) return std::nullopt;
        const std::size_t dot = text.find('.');
        const auto n = ipv4_number(text.substr(0, dot));
        if (!n) return std::nullopt;
        numbers.at(count) = *n;
        more = dot != text.npos;
        if (more) text.remove_prefix(dot + 1);
    }
    const std::uint64_t last = numbers.at(count - 1);
    if (last >= std::uint64_t{1} << (8 * (5 - count))) return std::nullopt;
    std::uint64_t address = last;
    for (std::size_t i = 0; i + 1 < count; ++i) {
        if (numbers.at(i) > 255) return std::nullopt;
        address |= numbers.at(i) << (8 * (3 - i));
    }
    return static_cast<std::uint32_t>(address);
}

void append_ipv4(std::string& to, std::uint32_t address)
{
    for (unsigned shift = 24;; shift -= 8) {
        to += std::to_string(address >> shift & 255U);
        if (shift == 0) return;
        to += '.';
    }
}

using ipv6_pieces = std::array<std::uint16_t, 8>;

/// The dotted decimal end of an IPv6 address, into two pieces.
bool ipv6_ipv4_part(std::string_view text, ipv6_pieces& pieces, std::size_t& index)
{
    if (index > 6) return false;
    std::size_t at = 0;
    for (int seen = 0; seen < 4; ++seen) {
        if (seen > 0 && (at >= text.size() || text[at++] != '.')) return false;
        if (at >= text.size() || !is_digit(text[at])) return false;
        unsigned value = 0;
        for (std::size_t digits = 0; at < text.size() && is_digit(text[at]); ++at, ++digits) {
            if (digits > 0 && value == 0) return false;
            value = value * 10 + static_cast<unsigned>(text[at] - '0');
            if (value > 255) return false;
        }
        auto& piece = pieces.at(index);
        piece = static_cast<std::uint16_t>(piece * 256U + value);
        if (seen == 1 || seen == 3) ++index;
    }
    return at == text.size();
}

std::optional<ipv6_pieces> ipv6_address(std::string_view text)
{
    ipv6_pieces pieces{};
    std::size_t index = 0;
    std::optional<std::size_t> gap;
    std::size_t at = 0;
    if (text.starts_with(':')) {
        if (!text.starts_with("::")) return std::nullopt;
        at = 2;
        gap = 0;
    }
    while (at < text.size()) {
        if (index == 8) return std::nullopt;
        if (text[at] == ':') {
            if (gap) return std::nullopt;
            ++at;
            gap = index;
            continue;
        }
        const std::size_t begin = at;
        unsigned value = 0;
        while (at < text.size() && at - begin < 4 && hex_digit(text[at]) >= 0) {
            value = value * 16 + static_cast<unsigned>(hex_digit(text[at++]));
        }
        if (at < text.size() && text[at] == '.') {
            if (at == begin || !ipv6_ipv4_part(text.substr(begin), pieces, index)) {
                return std::nullopt;
            }
            break;
        }
        if (at < text.size()) {
            if (text[at++] != ':' || at == text.size()) return std::nullopt;
        }
        pieces.at(index++) = static_cast<std::uint16_t>(value);
    }
    if (gap) {
        std::ranges::rotate(pieces.begin() + static_cast<std::ptrdiff_t>(*gap),
                            pieces.begin() + static_cast<std::ptrdiff_t>(index), pieces.end());
    } else if (index != 8) {
        return std::nullopt;
    }
    return pieces;
}

void append_ipv6(std::string& to, const ipv6_pieces& pieces)
{
    // The first of the longest runs of at least two zeros becomes "::".
    std::size_t gap = 8;
    std::size_t gap_size = 1;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t end = i;
        while (end < 8 && pieces.at(end) == 0) ++end;
        if (end - i > gap_size) {
            gap = i;
            gap_size = end - i;
        }
    }
    to += '[';
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == gap) {
            to += i == 0 ? "::" : ":";
            i += gap_size - 1;
            continue;
        }
        std::array<char, 4> digits{};
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), pieces.at(i), 16).ptr;
        to.append(digits.data(), end);
        if (i != 7) to += ':';
    }
    to += ']';
}

void append_lower(std::string& to, std::string_view text)
{
    const std::size_t begin = to.size();
    to.append(text);
    for (std::size_t i = begin; i < to.size(); ++i) {
        if (to[i] >= 'A' && to[i] <= 'Z') to[i] = static_cast<char>(to[i] + 32);
    }
}

bool is_ascii(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

const char* append_domain(std::string& to, std::string_view text)
{
    const std::size_t begin = to.size();
    std::string decoded;
    if (text.find('%') != text.npos) {
        decoded = utf8::repair(percent::decode(text));
        text = decoded;
    }
    // What is ASCII is never looked into, even if a label claims to be Punycode.
    if (is_ascii(text)) {
        append_lower(to, text);
    } else {
        const auto ascii = idna::to_ascii(text);
        if (!ascii) return "host is not a valid international domain name";
        to += *ascii;
    }
    const std::string_view domain = std::string_view{to}.substr(begin);
    if (domain.empty()) return "host is empty";
    if (std::ranges::any_of(domain, [](char c) { return forbidden_domain[c]; })) {
        return "host has a forbidden character";
    }
    if (!ends_in_number(domain)) return nullptr;
    const auto address = ipv4_address(domain);
    if (!address) return "host ends in a number but is not an IPv4 address";
    to.resize(begin);
    append_ipv4(to, *address);
    return nullptr;
}

}  // namespace

const char* append_host(std::string& to, std::string_view text, bool special)
{
    if (text.starts_with('[')) {
        if (!text.ends_with(']')) return "host: IPv6 address without its closing bracket";
        const auto address = ipv6_address(text.substr(1, text.size() - 2));
        if (!address) return "host is not an IPv6 address";
        append_ipv6(to, *address);
        return nullptr;
    }
    if (special) return append_domain(to, text);
    if (text.find_first_of(forbidden_host) != text.npos) return "host has a forbidden character";
    percent::append_encoded(to, text, percent::c0_control);
    return nullptr;
}

}  // namespace ferry::detail
