#include "ferry/core/percent.hpp"

#include <algorithm>
#include <cstddef>

namespace ferry::percent {
namespace {

constexpr set quoted = [] {
    set s;
    for (char c = 0x20; c < 0x7F; ++c) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                           (c >= 'a' && c <= 'z') || c == '_' || c == '.' || c == '-' || c == '~';
        if (!plain) s = s.with({&c, 1});
    }
    return s;
}();

int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

std::string decode_with(std::string_view text, bool plus)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%' && i + 2 < text.size()) {
            const int high = digit(text[i + 1]);
            const int low = digit(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high * 16 + low);
                i += 2;
                continue;
            }
        }
        out += plus && c == '+' ? ' ' : c;
    }
    return out;
}

}  // namespace

void append_encoded(std::string& to, std::string_view text, const set& which)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (;;) {
        const auto end = std::ranges::find_if(text, [&](char c) { return which.contains(c); });
        const auto plain = static_cast<std::size_t>(end - text.begin());
        to.append(text, 0, plain);
        if (plain == text.size()) return;
        const auto byte = static_cast<unsigned char>(text[plain]);
        const char code[] = {'%', digits[byte >> 4U], digits[byte & 15U]};
        to.append(code, sizeof code);
        text.remove_prefix(plain + 1);
    }
}

std::string encode(std::string_view text, std::string_view safe)
{
    std::string out;
    append_encoded(out, text, quoted.without(safe));
    return out;
}

std::string encode_plus(std::string_view text, std::string_view safe)
{
    std::string out;
    append_encoded(out, text, quoted.without(safe).without(" "));
    std::ranges::replace(out, ' ', '+');
    return out;
}

std::string decode(std::string_view text)
{
    return decode_with(text, false);
}

std::string decode_plus(std::string_view text)
{
    return decode_with(text, true);
}

}  // namespace ferry::percent
