#pragma once

#include "ferry/core/bytes.hpp"
#include "ferry/crypto/hash.hpp"

#include <cstddef>
#include <span>
#include <string_view>

/// Keyed digests (RFC 2104): who does not know the key can neither make nor change one.
/// As Python's `hmac`.
///
///     auto tag = hmac::sha256(key, message);
///     if (!hmac::verify(hash::algorithm::sha256, key, message, received)) deny();
namespace ferry::hmac {

/// As `hmac.digest(key, message, name)`.
hash::digest of(hash::algorithm a, std::span<const std::byte> key,
                std::span<const std::byte> message);

inline hash::digest sha256(std::span<const std::byte> key, std::span<const std::byte> message)
{
    return of(hash::algorithm::sha256, key, message);
}
inline hash::digest sha256(std::string_view key, std::string_view message)
{
    return sha256(as_bytes(key), as_bytes(message));
}

/// Whether `tag` is the message's, in a time that does not tell where it differs.
[[nodiscard]] bool verify(hash::algorithm a, std::span<const std::byte> key,
                          std::span<const std::byte> message, std::span<const std::byte> tag);

}  // namespace ferry::hmac
