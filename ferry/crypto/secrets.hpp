#pragma once

#include "ferry/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Unpredictable values for keys, tokens and passwords. As Python's `secrets`.
namespace ferry::secrets {

/// Enough against guessing: 256 bits.
inline constexpr std::size_t default_bytes = 32;

bytes token_bytes(std::size_t count = default_bytes);

/// Two hexadecimal digits for each of `count` random bytes.
std::string token_hex(std::size_t count = default_bytes);

/// URL-safe Base64 without padding of `count` random bytes: 43 characters for 32.
std::string token_urlsafe(std::size_t count = default_bytes);

/// A number from 0 to `limit` - 1, all equally likely. `limit` must not be 0.
std::uint64_t below(std::uint64_t limit);

/// Compares in a time that depends on the lengths only. As `hmac.compare_digest`.
[[nodiscard]] bool compare_digest(std::span<const std::byte> a,
                                  std::span<const std::byte> b) noexcept;
[[nodiscard]] inline bool compare_digest(std::string_view a, std::string_view b) noexcept
{
    return compare_digest(as_bytes(a), as_bytes(b));
}

}  // namespace ferry::secrets
