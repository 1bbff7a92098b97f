#include "ferry/documents/detail/xml_chars.hpp"

#include "ferry/core/utf8.hpp"

#include <algorithm>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ferry::xml::detail {

namespace {

struct range {
    char32_t first;
    char32_t last;
};

constexpr range start_ranges[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},
                                  {0x370, 0x37D},   {0x37F, 0x1FFF},  {0x200C, 0x200D},
                                  {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
                                  {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};

utf8::decoded decode(const char* at, const char* end) noexcept
{
    return utf8::decode({at, static_cast<std::size_t>(end - at)});
}

constexpr std::size_t block = 16;

}  // namespace

bool is_name_start(char32_t c) noexcept
{
    if (c < 0x80) return has_class(static_cast<char>(c), starts_name);
    return std::any_of(std::begin(start_ranges), std::end(start_ranges),
                       [c](const range& r) { return c >= r.first && c <= r.last; });
}

bool is_name_char(char32_t c) noexcept
{
    if (c < 0x80) return has_class(static_cast<char>(c), in_name);
    return c == 0xB7 || (c >= 0x300 && c <= 0x36F) || c == 0x203F || c == 0x2040 ||
           is_name_start(c);
}

bool starts_with_name(const char* at, const char* end) noexcept
{
    const auto first = decode(at, end);
    return first.valid && is_name_start(first.code_point);
}

const char* skip_name_chars(const char* at, const char* end) noexcept
{
    while (at != end) {
        if (has_class(*at, in_name)) {
            ++at;
        } else if (has_class(*at, beyond_ascii)) {
            const auto next = decode(at, end);
            if (!next.valid || !is_name_char(next.code_point)) break;
            at += next.size;
        } else {
            break;
        }
    }
    return at;
}

bool is_name(std::string_view text) noexcept
{
    const char* const end = text.data() + text.size();
    return !text.empty() && skip_name(text.data(), end) == end;
}

bool is_ncname(std::string_view text) noexcept
{
    return is_name(text) && text.find(':') == std::string_view::npos;
}

std::size_t find_bad_char(std::string_view text) noexcept
{
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* at = begin;
    while (at != end) {
#if defined(__SSE2__)
        // A block passes if no byte is a control other than TAB, LF and CR, nor beyond ASCII.
        for (; end - at >= static_cast<std::ptrdiff_t>(block); at += block) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
            // Signed: bytes beyond ASCII are negative, so that they are found too.
            const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
            const __m128i fine =
                _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')),
                             _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')),
                                          _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'))));
            if (_mm_movemask_epi8(_mm_andnot_si128(fine, low)) != 0) break;
        }
        if (at == end) break;
#endif
        const char* const stop = std::min(end, at + block);
        while (at < stop) {
            if (!has_class(*at, beyond_ascii)) {
                if (static_cast<unsigned char>(*at) < 0x20 && !has_class(*at, is_space))
                    return static_cast<std::size_t>(at - begin);
                ++at;
                continue;
            }
            const auto next = decode(at, end);
            if (!next.valid || !is_char(next.code_point))
                return static_cast<std::size_t>(at - begin);
            at += next.size;
        }
    }
    return std::string_view::npos;
}

std::size_t replace_bad_chars(std::string& text)
{
    std::size_t bad = find_bad_char(text);
    if (bad == std::string::npos) return bad;
    const std::size_t first = bad;
    std::string made;
    std::string_view left = text;
    while (bad != std::string_view::npos) {
        made += left.substr(0, bad);
        utf8::append(made, utf8::replacement);
        left.remove_prefix(bad + utf8::decode(left, bad).size);
        bad = find_bad_char(left);
    }
    made += left;
    text = std::move(made);
    return first;
}

}  // namespace ferry::xml::detail
