#pragma once

#include "ferry/core/charset.hpp"
#include "ferry/documents/tree.hpp"

#include <vector>

namespace ferry::documents::detail {

struct decoded_html {
    std::string text;
    charset::encoding from;
    bool is_guess = false;  ///< nothing named it: a `meta` further down may
};

/// Decodes a page: byte order mark, then the transport's label, then `meta`, then what fits; if
/// `detect`, what the text is most likely in.
decoded_html decode_html(std::span<const std::byte> bytes, std::string_view charset,
                         bool detect = false);

/// What a page that is not UTF-8 is most likely in, by the frequencies of its bytes; the first
/// 64 KiB are looked at.
std::optional<charset::encoding> likely_encoding(std::string_view bytes);

/// The encoding that a `meta` element in the first 1024 bytes names. HTML Standard 13.2.3.2.
std::optional<charset::encoding> prescan(std::string_view bytes);

/// The encoding that the first `meta` of a page that names one names. HTML Standard 13.2.3.5.
std::optional<charset::encoding> named_by_meta(const tree& page);

/// Makes every CR LF and CR a LF, in place.
void normalise_line_ends(std::string& text);

}  // namespace ferry::documents::detail
