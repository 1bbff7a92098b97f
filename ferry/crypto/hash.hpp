#pragma once

#include "ferry/core/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// Message digests. As Python's `hashlib`.
///
///     hash::sha256("abc").hex();
///     hash::hasher all(hash::algorithm::sha1);
///     all.update(chunk);
///     auto sum = all.digest();
namespace ferry::hash {

enum class algorithm : std::uint8_t {
    md5,   ///< broken: for checksums and old protocols only
    sha1,  ///< broken: for checksums and old protocols only
    sha224,
    sha256,
    sha384,
    sha512,
    sha3_256,
    sha3_512,
    blake2b,  ///< 64 bytes
    blake2s,  ///< 32 bytes
    sha512_256,
};

/// By hashlib's name: `sha256`, `sha3_256`.
/// \throws error  errc::unsupported: `unsupported hash type nope`.
algorithm find(std::string_view name);
std::string_view name(algorithm a) noexcept;

/// Bytes of a digest.
std::size_t digest_size(algorithm a) noexcept;

/// A digest, 16 to 64 bytes, kept in place.
class digest {
public:
    explicit digest(std::span<const std::byte> value);

    std::span<const std::byte> span() const noexcept { return {data_.data(), size_}; }
    operator std::span<const std::byte>() const noexcept { return span(); }
    std::size_t size() const noexcept { return size_; }

    /// Two lower-case digits a byte.
    std::string hex() const;

    /// For secrets use `secrets::compare_digest`: this takes less time the sooner they differ.
    friend bool operator==(const digest& a, const digest& b) noexcept
    {
        return as_text(a.span()) == as_text(b.span());
    }

private:
    std::array<std::byte, 64> data_{};
    std::size_t size_;
};

/// Hashes what comes in pieces. Movable and copyable: a copy goes on from the same state.
class hasher {
public:
    explicit hasher(algorithm a);
    explicit hasher(std::string_view name) : hasher{find(name)} {}
    hasher(const hasher& other);
    hasher& operator=(const hasher& other);
    hasher(hasher&&) noexcept;
    hasher& operator=(hasher&&) noexcept;
    ~hasher();

    hasher& update(std::span<const std::byte> data);
    hasher& update(std::string_view text) { return update(as_bytes(text)); }

    /// The digest of all so far; updates may follow.
    hash::digest digest() const;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

digest of(algorithm a, std::span<const std::byte> data);

/// The digest of a file's content, read in pieces. Blocks. As `hashlib.file_digest`.
/// \throws error  the file cannot be read.
digest file(const std::filesystem::path& path, algorithm a = algorithm::sha256);

inline digest md5(std::span<const std::byte> data)
{
    return of(algorithm::md5, data);
}
inline digest sha1(std::span<const std::byte> data)
{
    return of(algorithm::sha1, data);
}
inline digest sha256(std::span<const std::byte> data)
{
    return of(algorithm::sha256, data);
}
inline digest sha384(std::span<const std::byte> data)
{
    return of(algorithm::sha384, data);
}
inline digest sha512(std::span<const std::byte> data)
{
    return of(algorithm::sha512, data);
}
inline digest md5(std::string_view text)
{
    return md5(as_bytes(text));
}
inline digest sha1(std::string_view text)
{
    return sha1(as_bytes(text));
}
inline digest sha256(std::string_view text)
{
    return sha256(as_bytes(text));
}
inline digest sha384(std::string_view text)
{
    return sha384(as_bytes(text));
}
inline digest sha512(std::string_view text)
{
    return sha512(as_bytes(text));
}

}  // namespace ferry::hash
