#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ferry::compress {

enum class codec : std::uint8_t {
    gzip,     ///< RFC 1952; members one after another are one content
    deflate,  ///< HTTP's: written as zlib (RFC 1950), read as zlib or as raw RFC 1951
    zstd,     ///< RFC 8878; frames one after another are one content
    brotli,   ///< RFC 7932
    bzip2,    ///< streams one after another are one content
    xz,       ///< LZMA 2 in .xz; streams one after another are one content
};

/// By HTTP's content coding, in any case: `gzip`, `x-gzip`, `deflate`, `br`, `zstd`; also `bzip2`,
/// `xz`, which HTTP does not have.
std::optional<codec> find(std::string_view token) noexcept;

/// HTTP's content coding.
std::string_view token(codec c) noexcept;

/// By the first four bytes of the data. Brotli and raw deflate cannot be told.
std::optional<codec> detect(std::span<const std::byte> head) noexcept;

/// By a file name's end: `.gz`, `.zz`, `.zst`, `.br`, `.bz2`, `.xz`.
std::optional<codec> find_by_name(std::string_view file_name) noexcept;

/// `.gz` and so on.
std::string_view suffix(codec c) noexcept;

}  // namespace ferry::compress
