#pragma once

#include "ferry/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The character encodings of the web, by the WHATWG Encoding Standard: its labels, its tables, its
/// treatment of malformed input. Text inside ferry is UTF-8.
///
///     auto encoding = charset::find("iso-8859-1");          // windows-1252, as in every browser
///     std::string text = charset::decode(page, *encoding);
namespace ferry::charset {

enum class encoding : std::uint8_t {
    utf_8,
    utf_16le,
    utf_16be,
    ibm866,
    iso_8859_2,
    iso_8859_3,
    iso_8859_4,
    iso_8859_5,
    iso_8859_6,
    iso_8859_7,
    iso_8859_8,
    iso_8859_8_i,
    iso_8859_10,
    iso_8859_13,
    iso_8859_14,
    iso_8859_15,
    iso_8859_16,
    koi8_r,
    koi8_u,
    macintosh,
    windows_874,
    windows_1250,
    windows_1251,
    windows_1252,
    windows_1253,
    windows_1254,
    windows_1255,
    windows_1256,
    windows_1257,
    windows_1258,
    x_mac_cyrillic,
    gbk,
    gb18030,
    big5,
    euc_jp,
    iso_2022_jp,
    shift_jis,
    euc_kr,
    replacement,     ///< stands for encodings that are too dangerous to decode, such as HZ
    x_user_defined,  ///< ASCII, and the high bytes as U+F780 to U+F7FF
};

/// The encoding that a label names, in any case and with spaces around it; nullopt if none.
/// The Standard's section 4.2. As Python's `webencodings.lookup`.
std::optional<encoding> find(std::string_view label) noexcept;

/// The Standard's name in lower case, `utf-8`, `windows-1252`; also a label of the encoding.
std::string_view name(encoding e) noexcept;

struct byte_order_mark {
    charset::encoding encoding;
    std::size_t size;
};

/// The byte order mark of UTF-8, UTF-16BE or UTF-16LE that the data begin with.
std::optional<byte_order_mark> sniff_bom(std::span<const std::byte> data) noexcept;

/// Decodes to UTF-8; malformed input becomes U+FFFD. A byte order mark gets no special treatment:
/// take it off with `sniff_bom`, or call `decode_text`. Never throws on bytes.
/// Thread-safety: any thread. Cost: linear; the first use of a legacy encoding makes its table.
std::string decode(std::span<const std::byte> data, encoding from);

/// The same, but malformed input is an error.
/// \throws parse_error  `where().offset` is the first byte of the malformed sequence.
std::string decode_strict(std::span<const std::byte> data, encoding from);

/// Decodes by the byte order mark if there is one, else from `fallback`; the mark is taken off.
/// The Standard's "decode" algorithm.
std::string decode_text(std::span<const std::byte> data, encoding fallback = encoding::utf_8);

/// The text in another encoding, without a byte order mark; `replacement` encodes as UTF-8. Where
/// the Standard only decodes, UTF-16, this encodes too. As Python's `text.encode(to)`.
/// \throws parse_error  `where().offset` is a character that the encoding lacks (errc::unsupported)
///                      or malformed UTF-8.
/// Thread-safety: any thread. Cost: linear; the first use of a legacy encoding makes its table.
bytes encode(std::string_view text, encoding to);

/// The same, but a character that the encoding lacks becomes a reference, `&#8364;`, as HTML forms
/// and XML documents need it, and malformed UTF-8 counts as U+FFFD. Never throws on text. As
/// Python's `text.encode(to, "xmlcharrefreplace")`.
bytes encode_with_references(std::string_view text, encoding to);

}  // namespace ferry::charset
