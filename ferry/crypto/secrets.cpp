#include "ferry/crypto/secrets.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/random.hpp"

#include <openssl/crypto.h>

#include <array>

namespace ferry::secrets {

bytes token_bytes(std::size_t count)
{
    bytes token(count);
    fill_random(token);
    return token;
}

std::string token_hex(std::size_t count)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(count * 2);
    for (const std::byte b : token_bytes(count)) {
        text += digits[std::to_integer<unsigned>(b) >> 4U];
        text += digits[std::to_integer<unsigned>(b) & 15U];
    }
    return text;
}

std::string token_urlsafe(std::size_t count)
{
    return base64::encode(token_bytes(count), base64::alphabet::urlsafe, base64::padding::without);
}

std::uint64_t below(std::uint64_t limit)
{
    if (limit == 0) throw error{errc::out_of_range, "secrets::below: the limit is 0"};
    // The numbers at the top that would make some results likelier are drawn again.
    const std::uint64_t first_unfair = UINT64_MAX - (UINT64_MAX % limit + 1) % limit;
    for (;;) {
        std::array<std::uint64_t, 1> number{};
        fill_random(std::as_writable_bytes(std::span{number}));
        if (number[0] <= first_unfair) return number[0] % limit;
    }
}

bool compare_digest(std::span<const std::byte> a, std::span<const std::byte> b) noexcept
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ferry::secrets
