#pragma once

#include "ferry/core/charset.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::xml::detail {

/// An encoding of XML: one of the web's, or one of those that the web does not have. What is in no
/// other list is ICU's, by its IANA name: EBCDIC and the code pages of other machines.
struct text_encoding {
    enum class kind : std::uint8_t { web, latin_1, ascii, utf_32le, utf_32be, icu };
    kind is = kind::web;
    charset::encoding web = charset::encoding::utf_8;
    std::size_t mark = 0;  ///< bytes of the byte order mark in front
    std::string icu = {};  ///< the name of ICU's converter

    bool is_utf_8() const noexcept { return is == kind::web && web == charset::encoding::utf_8; }
    std::string_view name() const noexcept;
};

/// Finds the encoding of a document: byte order mark, `charset`, declaration, UTF-8. RFC 7303.
/// \param start  the document, or at least its first `declaration_bytes`.
/// \throws xml::parse_error  an unknown name, or a declaration that contradicts the bytes.
text_encoding find_encoding(std::span<const std::byte> start, std::string_view charset);

/// How far the XML declaration is looked for.
inline constexpr std::size_t declaration_bytes = 1024;

/// Decodes to UTF-8. UTF-8 is copied as it is: the reader checks it.
/// \param lenient  malformed input becomes U+FFFD. \throws xml::parse_error  otherwise.
std::string decode(std::span<const std::byte> bytes, const text_encoding& from, bool lenient);

/// How many of the bytes can be decoded without those that are still to come.
std::size_t complete_prefix(std::string_view bytes, const text_encoding& from) noexcept;

}  // namespace ferry::xml::detail
