#include "ferry/documents/detail/xml_encoding.hpp"

#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/xml_chars.hpp"
#include "ferry/documents/xml.hpp"

#include <unicode/ucnv.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace ferry::xml::detail {

namespace {

using kind = text_encoding::kind;
using charset::encoding;

[[noreturn]] void fail(std::string message, std::size_t offset = 0)
{
    text_position where;
    where.offset = offset;
    where.column = offset + 1;
    throw parse_error(std::move(message), where, {}, {});
}

std::string_view as_text(std::span<const std::byte> bytes) noexcept
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string lowered(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return out;
}

struct converter_deleter {
    void operator()(UConverter* c) const noexcept { ucnv_close(c); }
};
using converter = std::unique_ptr<UConverter, converter_deleter>;

/// ICU's converter of that IANA name, or null.
converter find_converter(const std::string& name)
{
    const auto may_be_in = [](char c) { return has_class(c, in_name) && c != ':'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), may_be_in)) return nullptr;
    UErrorCode status = U_ZERO_ERROR;
    if (ucnv_getStandardName(name.c_str(), "IANA", &status) == nullptr) return nullptr;
    converter found(ucnv_open(name.c_str(), &status));
    if (U_FAILURE(status)) return nullptr;
    switch (ucnv_getType(found.get())) {
        // Markup can hide in these from whoever looks at the bytes.
        case UCNV_UTF7:
        case UCNV_IMAP_MAILBOX:
        case UCNV_SCSU:
        case UCNV_BOCU1: return nullptr;
        default: return found;
    }
}

std::string decode_by_icu(std::string_view bytes, const std::string& name, bool lenient)
{
    constexpr std::size_t most = std::numeric_limits<std::int32_t>::max() / 4;
    if (bytes.size() > most) throw limit_error("max_bytes", most);
    const converter from = find_converter(name);
    UErrorCode status = U_ZERO_ERROR;
    if (!lenient)
        ucnv_setToUCallBack(from.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr,
                            &status);
    std::string out(bytes.size() * 2 + 16, '\0');
    for (;;) {
        status = U_ZERO_ERROR;
        const std::int32_t size = ucnv_toAlgorithmic(
            UCNV_UTF8, from.get(), out.data(), static_cast<std::int32_t>(out.size()), bytes.data(),
            static_cast<std::int32_t>(bytes.size()), &status);
        const bool fits = size <= static_cast<std::int32_t>(out.size());
        out.resize(static_cast<std::size_t>(std::max(size, 0)));
        if (status != U_BUFFER_OVERFLOW_ERROR && U_FAILURE(status)) fail("malformed " + name);
        if (fits) return out;
    }
}

text_encoding named(std::string_view label)
{
    const std::string name = lowered(label);
    const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    // The web reads these as windows-1252, which differs in 27 characters.
    if (is_one_of({"iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "l1", "cp819"}))
        return {kind::latin_1};
    if (is_one_of({"us-ascii", "ascii", "iso646-us", "ansi_x3.4-1968"})) return {kind::ascii};
    if (is_one_of({"utf-32", "utf-32be", "iso-10646-ucs-4", "ucs-4"})) return {kind::utf_32be};
    if (name == "utf-32le") return {kind::utf_32le};
    if (is_one_of({"utf-16be"})) return {kind::web, encoding::utf_16be};
    if (is_one_of({"iso-10646-ucs-2", "ucs-2"})) return {kind::web, encoding::utf_16le};
    const auto found = charset::find(name);
    if (found && *found != encoding::replacement) return {kind::web, *found};
    if (!find_converter(name)) fail("unknown encoding '" + std::string(label.substr(0, 64)) + "'");
    return {kind::icu, encoding::utf_8, 0, name};
}

/// The encoding that an XML declaration in ASCII names; empty if it names none.
std::string_view declared(std::string_view text) noexcept
{
    if (!text.starts_with("<?xml") || text.size() < 6 || !has_class(text[5], is_space)) return {};
    text = text.substr(0, text.find("?>"));
    const std::size_t at = text.find("encoding");
    if (at == std::string_view::npos || !has_class(text[at - 1], is_space)) return {};
    text.remove_prefix(at + 8);
    const auto skip = [&text] {
        while (!text.empty() && has_class(text[0], is_space)) text.remove_prefix(1);
    };
    skip();
    if (!text.starts_with('=')) return {};
    text.remove_prefix(1);
    skip();
    if (text.empty() || (text[0] != '"' && text[0] != '\'')) return {};
    const std::size_t end = text.find(text[0], 1);
    return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
}

bool is_utf_16(const text_encoding& e) noexcept
{
    return e.is == kind::web && (e.web == encoding::utf_16le || e.web == encoding::utf_16be);
}

bool is_utf_32(const text_encoding& e) noexcept
{
    return e.is == kind::utf_32le || e.is == kind::utf_32be;
}

/// What the first bytes say. XML 1.0 appendix F.1.
struct sniffed {
    text_encoding is;
    bool is_sure = false;
};

sniffed sniff(std::span<const std::byte> start)
{
    const std::string_view text = as_text(start);
    using namespace std::string_view_literals;
    if (text.starts_with("\xff\xfe\0\0"sv)) return {{kind::utf_32le, encoding::utf_8, 4}, true};
    if (text.starts_with("\0\0\xfe\xff"sv)) return {{kind::utf_32be, encoding::utf_8, 4}, true};
    if (const auto mark = charset::sniff_bom(start))
        return {{kind::web, mark->encoding, mark->size}, true};
    if (text.starts_with("<\0\0\0"sv)) return {{kind::utf_32le}, true};
    if (text.starts_with("\0\0\0<"sv)) return {{kind::utf_32be}, true};
    if (text.starts_with("<\0?\0"sv)) return {{kind::web, encoding::utf_16le}, true};
    if (text.starts_with("\0<\0?"sv)) return {{kind::web, encoding::utf_16be}, true};
    return {};
}

void decode_utf_32(std::string_view bytes, bool big_endian, bool lenient, std::string& out)
{
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
        char32_t c = 0x110000;
        if (at + 4 <= bytes.size()) {
            c = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                const auto b = static_cast<unsigned char>(bytes[at + (big_endian ? i : 3 - i)]);
                c = (c << 8U) | b;
            }
        }
        const bool is_scalar = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
        if (!is_scalar && !lenient) fail("malformed UTF-32", at);
        utf8::append(out, is_scalar ? c : utf8::replacement);
    }
}

/// `<?xm` in every EBCDIC.
constexpr std::string_view ebcdic_start = "\x4C\x6F\xA7\x94";

/// What the declaration is made of is the same in every EBCDIC, so that any of them tells which.
text_encoding find_ebcdic(std::string_view start)
{
    const std::string text = decode_by_icu(start, "ibm037", true);
    const std::string_view label = declared(text);
    if (label.empty()) fail("EBCDIC without a declaration of which");
    const text_encoding says = named(label);
    if (says.is != kind::icu || !decode_by_icu(ebcdic_start, says.icu, true).starts_with("<?xm"))
        fail("the encoding is declared as '" + std::string(says.name()) +
             "' but the bytes are EBCDIC");
    return says;
}

}  // namespace

std::string_view text_encoding::name() const noexcept
{
    switch (is) {
        case kind::latin_1: return "iso-8859-1";
        case kind::ascii: return "us-ascii";
        case kind::utf_32le: return "utf-32le";
        case kind::utf_32be: return "utf-32be";
        case kind::icu: return icu;
        case kind::web: break;
    }
    return charset::name(web);
}

text_encoding find_encoding(std::span<const std::byte> start, std::string_view charset)
{
    start = start.first(std::min(start.size(), declaration_bytes));
    const sniffed bytes = sniff(start);
    if (!charset.empty()) {
        if (bytes.is.mark != 0) return bytes.is;
        const text_encoding given = named(charset);
        // `UTF-16` alone does not say in which order the bytes are.
        return bytes.is_sure && is_utf_16(given) && is_utf_16(bytes.is) ? bytes.is : given;
    }
    if (as_text(start).starts_with(ebcdic_start)) return find_ebcdic(as_text(start));
    std::string text;
    if (bytes.is_sure) {
        text = decode(start.first(complete_prefix(as_text(start), bytes.is)), bytes.is, true);
    } else {
        text = as_text(start);
    }
    const std::string_view label = declared(text);
    if (label.empty()) return bytes.is;
    const text_encoding says = named(label);
    const bool agrees = bytes.is_sure ? (is_utf_16(says) && is_utf_16(bytes.is)) ||
                                            (is_utf_32(says) && is_utf_32(bytes.is)) ||
                                            (says.is_utf_8() && bytes.is.is_utf_8())
                                      : !is_utf_16(says) && !is_utf_32(says);
    if (!agrees)
        fail("the encoding is declared as '" + std::string(label) + "' but the bytes are " +
             std::string(bytes.is.name()));
    return bytes.is_sure ? bytes.is : says;
}

std::string decode(std::span<const std::byte> bytes, const text_encoding& from, bool lenient)
{
    bytes = bytes.subspan(std::min(from.mark, bytes.size()));
    const std::string_view text = as_text(bytes);
    std::string out;
    switch (from.is) {
        case kind::latin_1:
        case kind::ascii:
            out.reserve(text.size() + text.size() / 8);
            for (std::size_t i = 0; i < text.size(); ++i) {
                const auto b = static_cast<unsigned char>(text[i]);
                if (from.is == kind::ascii && b >= 0x80 && !lenient) fail("a byte beyond ASCII", i);
                utf8::append(out, b);
            }
            return out;
        case kind::utf_32le:
        case kind::utf_32be:
            decode_utf_32(text, from.is == kind::utf_32be, lenient, out);
            return out;
        case kind::icu: return decode_by_icu(text, from.icu, lenient);
        case kind::web: break;
    }
    if (lenient) return charset::decode(bytes, from.web);
    if (from.is_utf_8()) return std::string(text);
    try {
        return charset::decode_strict(bytes, from.web);
    } catch (const ferry::parse_error& e) {
        fail("malformed " + std::string(from.name()), e.where().offset + from.mark);
    }
}

std::size_t complete_prefix(std::string_view bytes, const text_encoding& from) noexcept
{
    switch (from.is) {
        case kind::latin_1:
        case kind::ascii: return bytes.size();
        case kind::utf_32le:
        case kind::utf_32be: return bytes.size() / 4 * 4;
        case kind::icu: {
            const converter of = find_converter(from.icu);
            // The state of others may go on: all at once.
            return of && ucnv_getMaxCharSize(of.get()) == 1 ? bytes.size() : 0;
        }
        case kind::web: break;
    }
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    std::size_t end = bytes.size();
    switch (from.web) {
        case encoding::utf_8: {
            // A sequence is at most 4 bytes; a lead that lacks trail bytes waits.
            std::size_t lead = end;
            for (std::size_t back = 1; back <= std::min<std::size_t>(3, end); ++back) {
                if ((byte(end - back) & 0xC0U) == 0x80U) continue;
                lead = end - back;
                break;
            }
            if (lead == end) return end;
            const unsigned first = byte(lead);
            const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
            return lead + size > end ? lead : end;
        }
        case encoding::utf_16le:
        case encoding::utf_16be: {
            end = end / 2 * 2;
            if (end < 2) return end;
            const unsigned high = byte(end - (from.web == encoding::utf_16le ? 1 : 2));
            return (high & 0xFCU) == 0xD8U ? end - 2 : end;
        }
        case encoding::gbk:
        case encoding::gb18030:
        case encoding::big5:
        case encoding::euc_jp:
        case encoding::shift_jis:
        case encoding::euc_kr:
            // No byte below 0x30 is a trail byte in any of them.
            while (end > 0 && byte(end - 1) >= 0x30) --end;
            return end;
        case encoding::iso_2022_jp: return 0;  // its state goes on: all at once
        default: return end;
    }
}

}  // namespace ferry::xml::detail
