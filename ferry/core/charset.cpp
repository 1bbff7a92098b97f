#include "ferry/core/charset.hpp"

#include "ferry/core/bytes.hpp"
#include "ferry/core/detail/charset_decode.hpp"
#include "ferry/core/detail/charset_index.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"

#include <array>

namespace ferry::charset {
namespace detail {
namespace {

void decode_utf8(std::string_view in, decode_output& out)
{
    std::size_t done = 0;
    for (;;) {
        const std::size_t bad = utf8::find_invalid(in.substr(done));
        out.text().append(in, done, bad);
        if (bad == std::string_view::npos) return;
        out.malformed(done + bad);
        done += bad + utf8::decode(in, done + bad).size;
    }
}

void decode_utf16(std::string_view in, bool big_endian, decode_output& out)
{
    const auto unit = [&](std::size_t at) -> char32_t {
        const auto a = static_cast<unsigned char>(in[at]);
        const auto b = static_cast<unsigned char>(in[at + 1]);
        return big_endian ? a << 8U | b : b << 8U | a;
    };
    std::size_t at = 0;
    for (; at + 1 < in.size(); at += 2) {
        const char32_t u = unit(at);
        if ((u & 0xF800U) != 0xD800U) {
            out.put(u);
            continue;
        }
        const bool paired = u < 0xDC00 && at + 3 < in.size() && (unit(at + 2) & 0xFC00U) == 0xDC00U;
        if (!paired) {
            // A high surrogate at the very end swallows the odd byte behind it.
            out.malformed(at);
            if (u < 0xDC00 && at + 3 == in.size()) return;
            continue;
        }
        out.put(0x10000U + ((u - 0xD800U) << 10U) + (unit(at + 2) - 0xDC00U));
        at += 2;
    }
    if (at < in.size()) out.malformed(at);
}

void decode_single_byte(std::string_view in, index table, decode_output& out)
{
    // Each high byte's UTF-8 once, then copies.
    struct entry {
        std::array<char, 4> text;
        unsigned char size;
    };
    std::array<entry, 128> entries{};
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (table[i] == 0) continue;
        std::string one;
        utf8::append(one, table[i]);
        one.copy(entries.at(i).text.data(), one.size());
        entries.at(i).size = static_cast<unsigned char>(one.size());
    }
    for (std::size_t at = 0; at < in.size();) {
        at += out.take_ascii(in, at);
        if (at == in.size()) return;
        const entry& e = entries.at(static_cast<unsigned char>(in[at]) - 0x80U);
        if (e.size == 0) {
            out.malformed(at);
        } else {
            out.text().append(e.text.data(), e.size);
        }
        ++at;
    }
}

void decode_user_defined(std::string_view in, decode_output& out)
{
    for (const char c : in) {
        const auto byte = static_cast<unsigned char>(c);
        out.put(byte < 0x80 ? byte : 0xF780U + byte - 0x80U);
    }
}

void decode_any(std::string_view in, encoding from, decode_output& out)
{
    out.text().reserve(in.size() + in.size() / 8);
    switch (from) {
        case encoding::utf_8: return decode_utf8(in, out);
        case encoding::utf_16le: return decode_utf16(in, false, out);
        case encoding::utf_16be: return decode_utf16(in, true, out);
        case encoding::gbk:
        case encoding::gb18030: return decode_gb18030(in, out);
        case encoding::big5: return decode_big5(in, out);
        case encoding::euc_jp: return decode_euc_jp(in, out);
        case encoding::iso_2022_jp: return decode_iso_2022_jp(in, out);
        case encoding::shift_jis: return decode_shift_jis(in, out);
        case encoding::euc_kr: return decode_euc_kr(in, out);
        case encoding::replacement:
            if (!in.empty()) out.malformed(0);
            return;
        case encoding::x_user_defined: return decode_user_defined(in, out);
        default: return decode_single_byte(in, single_byte_index(from), out);
    }
}

}  // namespace

void decode_output::malformed(std::size_t offset)
{
    if (strict_) {
        throw parse_error{errc::malformed,
                          "malformed " + std::string{name(from_)} + " text",
                          {.offset = offset, .line = 1, .column = 1}};
    }
    utf8::append(text_, utf8::replacement);
}

}  // namespace detail

std::optional<byte_order_mark> sniff_bom(std::span<const std::byte> data) noexcept
{
    const std::string_view text = as_text(data);
    if (text.starts_with("\xEF\xBB\xBF")) return byte_order_mark{encoding::utf_8, 3};
    if (text.starts_with("\xFE\xFF")) return byte_order_mark{encoding::utf_16be, 2};
    if (text.starts_with("\xFF\xFE")) return byte_order_mark{encoding::utf_16le, 2};
    return std::nullopt;
}

std::string decode(std::span<const std::byte> data, encoding from)
{
    detail::decode_output out{from, false};
    detail::decode_any(as_text(data), from, out);
    return std::move(out).text();
}

std::string decode_strict(std::span<const std::byte> data, encoding from)
{
    detail::decode_output out{from, true};
    detail::decode_any(as_text(data), from, out);
    return std::move(out).text();
}

std::string decode_text(std::span<const std::byte> data, encoding fallback)
{
    if (const auto mark = sniff_bom(data)) return decode(data.subspan(mark->size), mark->encoding);
    return decode(data, fallback);
}

}  // namespace ferry::charset
