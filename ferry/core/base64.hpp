#pragma once

#include "ferry/core/bytes.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Base64 by RFC 4648.
namespace ferry::base64 {

enum class alphabet : unsigned char {
    standard,  ///< `+` and `/`
    urlsafe,   ///< `-` and `_`
};

enum class padding : bool { without, with };

/// As `base64.b64encode` and `urlsafe_b64encode`.
std::string encode(std::span<const std::byte> data, alphabet with = alphabet::standard,
                   padding pad = padding::with);
inline std::string encode(std::string_view text, alphabet with = alphabet::standard,
                          padding pad = padding::with)
{
    return encode(as_bytes(text), with, pad);
}

/// Strictly: only the alphabet, no stray bits, and padding that is whole or, with the urlsafe
/// alphabet, absent.
/// \throws parse_error  `where().offset` is the first character that does not belong.
bytes decode(std::string_view text, alphabet with = alphabet::standard);
std::optional<bytes> try_decode(std::string_view text, alphabet with = alphabet::standard);

/// As Python's `base64.b64decode`: characters outside the alphabet are skipped, what follows the
/// padding is ignored.
/// \throws parse_error  the padding is missing, or one character is left over.
bytes decode_lenient(std::string_view text, alphabet with = alphabet::standard);

}  // namespace ferry::base64
