#include "ferry/crypto/hmac.hpp"

#include "ferry/crypto/secrets.hpp"

namespace ferry::hmac {
namespace {

std::size_t block_size(hash::algorithm a) noexcept
{
    switch (a) {
        case hash::algorithm::md5:
        case hash::algorithm::sha1:
        case hash::algorithm::sha224:
        case hash::algorithm::sha256:
        case hash::algorithm::blake2s: return 64;
        case hash::algorithm::sha384:
        case hash::algorithm::sha512:
        case hash::algorithm::sha512_256:
        case hash::algorithm::blake2b: return 128;
        case hash::algorithm::sha3_256: return 136;
        case hash::algorithm::sha3_512: return 72;
    }
    return 64;
}

}  // namespace

hash::digest of(hash::algorithm a, std::span<const std::byte> key,
                std::span<const std::byte> message)
{
    bytes padded = to_bytes(key);
    if (padded.size() > block_size(a)) padded = to_bytes(hash::of(a, key).span());
    padded.resize(block_size(a), std::byte{0});
    const auto masked = [&](std::byte with) {
        bytes block = padded;
        for (std::byte& b : block) b ^= with;
        return block;
    };
    hash::hasher inner(a);
    inner.update(masked(std::byte{0x36})).update(message);
    hash::hasher outer(a);
    outer.update(masked(std::byte{0x5c})).update(inner.digest().span());
    return outer.digest();
}

bool verify(hash::algorithm a, std::span<const std::byte> key, std::span<const std::byte> message,
            std::span<const std::byte> tag)
{
    return secrets::compare_digest(of(a, key, message).span(), tag);
}

}  // namespace ferry::hmac
