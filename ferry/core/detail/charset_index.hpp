#pragma once

#include "ferry/core/charset.hpp"

#include <span>

namespace ferry::charset::detail {

/// Code points by the pointers of the Encoding Standard; 0 where there is none. Made on first use.
using index = std::span<const char32_t>;

/// True for the encodings with one byte a character that have a table.
bool has_single_byte_index(encoding e) noexcept;

/// 128 entries for the bytes 0x80 to 0xFF.
index single_byte_index(encoding e);

index jis0208_index();
index jis0212_index();
index euc_kr_index();
index big5_index();
index gb18030_index();

/// By pointer 0 to 39419 of the four-byte sequences below the supplementary planes.
index gb18030_four_byte_index();

}  // namespace ferry::charset::detail
