#include "ferry/core/detail/charset_decode.hpp"

#include "ferry/core/detail/charset_index.hpp"

#include <cstdint>

namespace ferry::charset::detail {
namespace {

unsigned byte_at(std::string_view in, std::size_t at)
{
    return static_cast<unsigned char>(in[at]);
}

constexpr bool within(unsigned byte, unsigned low, unsigned high)
{
    return byte >= low && byte <= high;
}

char32_t look_up(index table, std::size_t pointer)
{
    return pointer < table.size() ? table[pointer] : 0;
}

/// After a lead byte at `at` whose pair means nothing: one U+FFFD for the pair, but a trail byte
/// that is ASCII stays in the text. Returns the bytes to step over.
std::size_t bad_pair(std::string_view in, std::size_t at, decode_output& out)
{
    out.malformed(at);
    return at + 1 == in.size() || byte_at(in, at + 1) < 0x80 ? 1 : 2;
}

/// The decoders with one or two bytes a character: ASCII, then `pair(lead, trail)`, which returns 0
/// for a pair without meaning. `single(byte)` returns the character of a lone high byte, 0 if the
/// byte leads a pair, or `bad`.
constexpr char32_t bad = 0xFFFFFFFFU;

template <class Single, class Pair>
void decode_pairs(std::string_view in, decode_output& out, Single single, Pair pair)
{
    for (std::size_t at = 0; at < in.size();) {
        at += out.take_ascii(in, at);
        if (at == in.size()) return;
        const unsigned lead = byte_at(in, at);
        if (const char32_t c = single(lead); c != 0) {
            if (c == bad) {
                out.malformed(at);
            } else {
                out.put(c);
            }
            ++at;
            continue;
        }
        const char32_t c = at + 1 < in.size() ? pair(lead, byte_at(in, at + 1)) : 0;
        if (c == 0) {
            at += bad_pair(in, at, out);
        } else {
            out.put(c);
            at += 2;
        }
    }
}

char32_t single_none(unsigned lead)
{
    return within(lead, 0x81, 0xFE) ? 0 : bad;
}

char32_t four_byte_gb18030(std::string_view in, std::size_t at)
{
    const std::size_t pointer =
        ((byte_at(in, at) - 0x81U) * 10U + byte_at(in, at + 1) - 0x30U) * 1260U +
        (byte_at(in, at + 2) - 0x81U) * 10U + byte_at(in, at + 3) - 0x30U;
    if (pointer < 39420) return look_up(gb18030_four_byte_index(), pointer);
    if (pointer < 189000 || pointer > 1237575) return 0;
    return static_cast<char32_t>(0x10000 + pointer - 189000);
}

}  // namespace

void decode_gb18030(std::string_view in, decode_output& out)
{
    const index table = gb18030_index();
    for (std::size_t at = 0; at < in.size();) {
        at += out.take_ascii(in, at);
        if (at == in.size()) return;
        const unsigned lead = byte_at(in, at);
        if (lead == 0x80) {
            out.put(0x20AC);
            ++at;
            continue;
        }
        const std::size_t left = in.size() - at;
        if (lead == 0xFF || left == 1) {
            out.malformed(at++);
            continue;
        }
        const unsigned second = byte_at(in, at + 1);
        if (within(second, 0x30, 0x39)) {
            // A sequence that ends too early is one error as a whole; one that breaks off in the
            // middle gives back everything but its lead.
            if (left == 2 || (left == 3 && within(byte_at(in, at + 2), 0x81, 0xFE))) {
                return out.malformed(at);
            }
            const bool whole =
                within(byte_at(in, at + 2), 0x81, 0xFE) && within(byte_at(in, at + 3), 0x30, 0x39);
            const char32_t c = whole ? four_byte_gb18030(in, at) : 0;
            if (c == 0) {
                out.malformed(at);
                at += whole ? 4 : 1;
            } else {
                out.put(c);
                at += 4;
            }
            continue;
        }
        char32_t c = 0;
        if (within(second, 0x40, 0x7E) || within(second, 0x80, 0xFE)) {
            c = look_up(table, (lead - 0x81U) * 190U + second - (second < 0x7F ? 0x40U : 0x41U));
        }
        if (c == 0) {
            at += bad_pair(in, at, out);
        } else {
            out.put(c);
            at += 2;
        }
    }
}

void decode_big5(std::string_view in, decode_output& out)
{
    const index table = big5_index();
    decode_pairs(in, out, single_none, [&](unsigned lead, unsigned trail) -> char32_t {
        if (!within(trail, 0x40, 0x7E) && !within(trail, 0xA1, 0xFE)) return 0;
        const unsigned pointer = (lead - 0x81U) * 157U + trail - (trail < 0x7F ? 0x40U : 0x62U);
        // Four pointers are a letter and a combining mark: the mark is left to put.
        switch (pointer) {
            case 1133: out.put(0x00CA); return 0x0304;
            case 1135: out.put(0x00CA); return 0x030C;
            case 1164: out.put(0x00EA); return 0x0304;
            case 1166: out.put(0x00EA); return 0x030C;
            default: return look_up(table, pointer);
        }
    });
}

void decode_euc_kr(std::string_view in, decode_output& out)
{
    const index table = euc_kr_index();
    decode_pairs(in, out, single_none, [&](unsigned lead, unsigned trail) -> char32_t {
        if (!within(trail, 0x41, 0xFE)) return 0;
        return look_up(table, (lead - 0x81U) * 190U + trail - 0x41U);
    });
}

void decode_shift_jis(std::string_view in, decode_output& out)
{
    const index table = jis0208_index();
    const auto single = [](unsigned byte) -> char32_t {
        if (byte == 0x80) return 0x80;
        if (within(byte, 0xA1, 0xDF)) return 0xFF61U - 0xA1U + byte;
        return byte == 0xA0 || byte > 0xFC ? bad : 0;
    };
    decode_pairs(in, out, single, [&](unsigned lead, unsigned trail) -> char32_t {
        if (!within(trail, 0x40, 0x7E) && !within(trail, 0x80, 0xFC)) return 0;
        const unsigned pointer =
            (lead - (lead < 0xA0 ? 0x81U : 0xC1U)) * 188U + trail - (trail < 0x7F ? 0x40U : 0x41U);
        if (within(pointer, 8836, 10715)) return 0xE000U - 8836U + pointer;
        return look_up(table, pointer);
    });
}

void decode_euc_jp(std::string_view in, decode_output& out)
{
    const index jis0208 = jis0208_index();
    for (std::size_t at = 0; at < in.size();) {
        at += out.take_ascii(in, at);
        if (at == in.size()) return;
        const unsigned lead = byte_at(in, at);
        if (lead != 0x8E && lead != 0x8F && !within(lead, 0xA1, 0xFE)) {
            out.malformed(at++);
            continue;
        }
        const unsigned second = at + 1 < in.size() ? byte_at(in, at + 1) : 0;
        if (lead == 0x8E && within(second, 0xA1, 0xDF)) {
            out.put(0xFF61U - 0xA1U + second);
            at += 2;
            continue;
        }
        const bool triple = lead == 0x8F && within(second, 0xA1, 0xFE);
        if (triple && at + 2 == in.size()) return out.malformed(at);
        // The byte in front of the trail counts as its lead from here on.
        const std::size_t last = at + (triple ? 1 : 0);
        const unsigned row = byte_at(in, last);
        const unsigned trail = last + 1 < in.size() ? byte_at(in, last + 1) : 0;
        char32_t c = 0;
        if (within(row, 0xA1, 0xFE) && within(trail, 0xA1, 0xFE)) {
            c = look_up(triple ? jis0212_index() : jis0208, (row - 0xA1U) * 94U + trail - 0xA1U);
        }
        if (c == 0) {
            out.malformed(at);
            at = last + (last + 1 == in.size() || trail < 0x80 ? 1 : 2);
        } else {
            out.put(c);
            at = last + 2;
        }
    }
}

void decode_iso_2022_jp(std::string_view in, decode_output& out)
{
    enum class mode : std::uint8_t { ascii, roman, katakana, kanji };
    const index table = jis0208_index();
    mode now = mode::ascii;
    bool just_switched = false;
    for (std::size_t at = 0; at < in.size();) {
        const unsigned byte = byte_at(in, at);
        if (byte == 0x1B) {
            const std::string_view escape = in.substr(at + 1, 2);
            const bool known = escape == "(B" || escape == "(J" || escape == "(I" ||
                               escape == "$@" || escape == "$B";
            // Two escapes without text between them could hide something from a filter.
            if (!known || just_switched) out.malformed(at);
            if (!known) {
                ++at;
                just_switched = false;
                continue;
            }
            now = escape == "(B"   ? mode::ascii
                  : escape == "(J" ? mode::roman
                  : escape == "(I" ? mode::katakana
                                   : mode::kanji;
            just_switched = true;
            at += 3;
            continue;
        }
        just_switched = false;
        char32_t c = bad;
        std::size_t size = 1;
        if (now == mode::kanji) {
            if (within(byte, 0x21, 0x7E)) {
                const unsigned trail = at + 1 < in.size() ? byte_at(in, at + 1) : 0x1BU;
                if (within(trail, 0x21, 0x7E)) {
                    c = look_up(table, (byte - 0x21U) * 94U + trail - 0x21U);
                    if (c == 0) c = bad;
                }
                // An escape in place of the trail byte takes effect.
                size = trail == 0x1B ? 1 : 2;
            }
        } else if (now == mode::katakana) {
            if (within(byte, 0x21, 0x5F)) c = 0xFF61U - 0x21U + byte;
        } else if (byte < 0x80 && byte != 0x0E && byte != 0x0F) {
            c = byte;
            if (now == mode::roman && byte == 0x5C) c = 0xA5;
            if (now == mode::roman && byte == 0x7E) c = 0x203E;
        }
        if (c == bad) {
            out.malformed(at);
        } else {
            out.put(c);
        }
        at += size;
    }
}

}  // namespace ferry::charset::detail
