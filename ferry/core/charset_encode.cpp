#include "ferry/core/bytes.hpp"
#include "ferry/core/charset.hpp"
#include "ferry/core/detail/charset_index.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace ferry::charset {
namespace {

using detail::index;

// Pointers by code point: the inverse of an index.
class inverse {
public:
    // Of several pointers for one code point the first counts, or the last where `last` says so.
    template <class Last>
    inverse(index table, std::size_t skip_from, std::size_t skip_to, const Last& last)
    {
        for (std::size_t i = 0; i < table.size(); ++i) {
            if (table[i] != 0 && (i < skip_from || i >= skip_to)) cells_.emplace_back(table[i], i);
        }
        std::ranges::sort(cells_);
        std::vector<cell> chosen;
        for (const cell& c : cells_) {
            if (chosen.empty() || chosen.back().first != c.first) {
                chosen.push_back(c);
            } else if (last(c.first)) {
                chosen.back() = c;
            }
        }
        cells_ = std::move(chosen);
    }
    explicit inverse(index table) : inverse(table, 0, 0, [](char32_t) { return false; }) {}

    std::optional<unsigned> find(char32_t c) const
    {
        const auto at = std::ranges::lower_bound(cells_, c, {}, &cell::first);
        if (at == cells_.end() || at->first != c) return std::nullopt;
        return at->second;
    }

private:
    using cell = std::pair<char32_t, unsigned>;
    std::vector<cell> cells_;
};

const inverse& jis0208_pointers()
{
    static const inverse table{detail::jis0208_index()};
    return table;
}

// Without the cells that NEC's selection of IBM's characters repeats.
const inverse& shift_jis_pointers()
{
    static const inverse table{detail::jis0208_index(), 8272, 8836, [](char32_t) { return false; }};
    return table;
}

const inverse& euc_kr_pointers()
{
    static const inverse table{detail::euc_kr_index()};
    return table;
}

// Without the cells of the Hong Kong supplement in front of Big5 proper.
const inverse& big5_pointers()
{
    static const inverse table{detail::big5_index(), 0, (0xA1 - 0x81) * 157, [](char32_t c) {
                                   return c == 0x2550 || c == 0x255E || c == 0x2561 ||
                                          c == 0x256A || c == 0x5341 || c == 0x5345;
                               }};
    return table;
}

const inverse& gb18030_pointers()
{
    static const inverse table{detail::gb18030_index()};
    return table;
}

const inverse& gb18030_four_byte_pointers()
{
    static const inverse table{detail::gb18030_four_byte_index()};
    return table;
}

// Half-width katakana from U+FF61 on, as ISO-2022-JP sends them: full width.
constexpr std::u16string_view wide_katakana =
    u"\u3002\u300C\u300D\u3001\u30FB\u30F2\u30A1\u30A3\u30A5\u30A7\u30A9\u30E3\u30E5\u30E7\u30C3"
    u"\u30FC\u30A2\u30A4\u30A6\u30A8\u30AA\u30AB\u30AD\u30AF\u30B1\u30B3\u30B5\u30B7\u30B9\u30BB"
    u"\u30BD\u30BF\u30C1\u30C4\u30C6\u30C8\u30CA\u30CB\u30CC\u30CD\u30CE\u30CF\u30D2\u30D5\u30D8"
    u"\u30DB\u30DE\u30DF\u30E0\u30E1\u30E2\u30E4\u30E6\u30E8\u30E9\u30EA\u30EB\u30EC\u30ED\u30EF"
    u"\u30F3\u309B\u309C";

bool is_half_katakana(char32_t c)
{
    return c >= 0xFF61 && c <= 0xFF9F;
}

class output {
public:
    explicit output(std::size_t expected) { data_.reserve(expected); }

    template <class... Bytes>
    void put(Bytes... values)
    {
        (data_.push_back(static_cast<std::byte>(values)), ...);
    }
    void put_text(std::string_view text)
    {
        const auto raw = as_bytes(text);
        data_.insert(data_.end(), raw.begin(), raw.end());
    }
    bytes take() && { return std::move(data_); }

private:
    bytes data_;
};

// One encoder of the Standard: puts one character, or says that there is none.
class encoder {
public:
    encoder(encoding to, output& out) : to_{to}, out_{out}
    {
        if (detail::has_single_byte_index(to)) single_ = detail::single_byte_index(to);
    }

    bool put(char32_t c)
    {
        switch (to_) {
            case encoding::utf_16le:
            case encoding::utf_16be: return put_utf16(c);
            case encoding::iso_2022_jp: return put_iso_2022_jp(c);
            default: break;
        }
        if (c < 0x80) return out_.put(c), true;
        switch (to_) {
            case encoding::gbk:
            case encoding::gb18030: return put_gb18030(c);
            case encoding::big5: return put_pair(big5_pointers().find(c), 157, 0x3F, 0x40, 0x62);
            case encoding::euc_kr: return put_pair(euc_kr_pointers().find(c), 190, 190, 0x41, 0x41);
            case encoding::euc_jp: return put_euc_jp(c);
            case encoding::shift_jis: return put_shift_jis(c);
            case encoding::x_user_defined:
                if (c < 0xF780 || c > 0xF7FF) return false;
                return out_.put(c - 0xF780U + 0x80U), true;
            default: break;
        }
        const auto at = std::ranges::find(single_, c);
        if (at == single_.end()) return false;
        return out_.put(0x80 + (at - single_.begin())), true;
    }

    // Before text that is put as it is, and at the end: ISO-2022-JP goes back to ASCII.
    void finish()
    {
        if (to_ == encoding::iso_2022_jp) shift(mode::ascii);
    }

private:
    enum class mode : std::uint8_t { ascii, roman, kanji };

    bool put_utf16(char32_t c)
    {
        const auto unit = [&](char32_t u) {
            if (to_ == encoding::utf_16be) {
                out_.put(u >> 8U, u & 0xFFU);
            } else {
                out_.put(u & 0xFFU, u >> 8U);
            }
        };
        if (c < 0x10000) return unit(c), true;
        unit(0xD800U + ((c - 0x10000U) >> 10U));
        unit(0xDC00U + ((c - 0x10000U) & 0x3FFU));
        return true;
    }

    bool put_pair(std::optional<unsigned> pointer, unsigned row, unsigned gap_at, unsigned low,
                  unsigned high)
    {
        if (!pointer) return false;
        const unsigned cell = *pointer % row;
        out_.put(0x81U + *pointer / row, cell + (cell < gap_at ? low : high));
        return true;
    }

    bool put_gb18030(char32_t c)
    {
        const bool gbk = to_ == encoding::gbk;
        if (c == 0xE5E5) return false;
        if (gbk && c == 0x20AC) return out_.put(0x80U), true;
        if (put_pair(gb18030_pointers().find(c), 190, 0x3F, 0x40, 0x41)) return true;
        if (gbk) return false;
        std::optional<unsigned> pointer;
        if (c >= 0x10000) {
            pointer = static_cast<unsigned>(c - 0x10000U + 189000U);
        } else {
            pointer = gb18030_four_byte_pointers().find(c);
        }
        if (!pointer) return false;
        const unsigned p = *pointer;
        out_.put(0x81U + p / 12600U, 0x30U + p / 1260U % 10U, 0x81U + p / 10U % 126U,
                 0x30U + p % 10U);
        return true;
    }

    bool put_euc_jp(char32_t c)
    {
        if (c == 0xA5) return out_.put(0x5CU), true;
        if (c == 0x203E) return out_.put(0x7EU), true;
        if (is_half_katakana(c)) return out_.put(0x8EU, c - 0xFF61U + 0xA1U), true;
        const auto pointer = jis0208_pointers().find(c == 0x2212 ? U'\uFF0D' : c);
        if (!pointer) return false;
        return out_.put(0xA1U + *pointer / 94U, 0xA1U + *pointer % 94U), true;
    }

    bool put_shift_jis(char32_t c)
    {
        if (c == 0x80) return out_.put(c), true;
        if (c == 0xA5) return out_.put(0x5CU), true;
        if (c == 0x203E) return out_.put(0x7EU), true;
        if (is_half_katakana(c)) return out_.put(c - 0xFF61U + 0xA1U), true;
        const auto pointer = shift_jis_pointers().find(c == 0x2212 ? U'\uFF0D' : c);
        if (!pointer) return false;
        const unsigned lead = *pointer / 188U;
        const unsigned trail = *pointer % 188U;
        out_.put(lead + (lead < 0x1F ? 0x81U : 0xC1U), trail + (trail < 0x3F ? 0x40U : 0x41U));
        return true;
    }

    bool put_iso_2022_jp(char32_t c)
    {
        if (c == 0x0E || c == 0x0F || c == 0x1B) return false;
        if (c < 0x80) {
            const bool same = mode_ == mode::roman && c != 0x5C && c != 0x7E;
            if (!same) shift(mode::ascii);
            return out_.put(c), true;
        }
        if (c == 0xA5 || c == 0x203E) {
            shift(mode::roman);
            return out_.put(c == 0xA5 ? 0x5CU : 0x7EU), true;
        }
        if (c == 0x2212) c = 0xFF0D;
        if (is_half_katakana(c)) c = wide_katakana[c - 0xFF61U];
        const auto pointer = jis0208_pointers().find(c);
        if (!pointer) return false;
        shift(mode::kanji);
        return out_.put(0x21U + *pointer / 94U, 0x21U + *pointer % 94U), true;
    }

    void shift(mode to)
    {
        if (to == mode_) return;
        constexpr std::array<std::string_view, 3> escapes{"\x1B(B", "\x1B(J", "\x1B$B"};
        out_.put_text(escapes.at(static_cast<std::size_t>(to)));
        mode_ = to;
    }

    encoding to_;
    output& out_;
    index single_;
    mode mode_ = mode::ascii;
};

bytes encode_any(std::string_view text, encoding to, bool strict)
{
    if (to == encoding::replacement) to = encoding::utf_8;
    if (to == encoding::utf_8) {
        if (const std::size_t bad = utf8::find_invalid(text); bad != std::string_view::npos) {
            if (strict) {
                throw parse_error{ferry::errc::malformed,
                                  "malformed utf-8 text",
                                  {.offset = bad, .line = 1, .column = 1}};
            }
            const std::string good = utf8::repair(text);
            const auto raw = as_bytes(good);
            return {raw.begin(), raw.end()};
        }
        const auto raw = as_bytes(text);
        return {raw.begin(), raw.end()};
    }
    output out{text.size() + text.size() / 8};
    encoder encode{to, out};
    for (std::size_t at = 0; at < text.size();) {
        const utf8::decoded c = utf8::decode(text, at);
        if (!c.valid && strict) {
            throw parse_error{ferry::errc::malformed,
                              "malformed utf-8 text",
                              {.offset = at, .line = 1, .column = 1}};
        }
        if (!encode.put(c.code_point)) {
            if (strict) {
                throw parse_error{ferry::errc::unsupported,
                                  std::string{name(to)} + " has no such character",
                                  {.offset = at, .line = 1, .column = 1}};
            }
            encode.finish();
            out.put_text("&#" + std::to_string(static_cast<std::uint32_t>(c.code_point)) + ";");
        }
        at += c.size;
    }
    encode.finish();
    return std::move(out).take();
}

}  // namespace

bytes encode(std::string_view text, encoding to)
{
    return encode_any(text, to, true);
}

bytes encode_with_references(std::string_view text, encoding to)
{
    return encode_any(text, to, false);
}

}  // namespace ferry::charset
