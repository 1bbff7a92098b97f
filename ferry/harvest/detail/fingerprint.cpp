#include "ferry/harvest/detail/fingerprint.hpp"

#include <bit>

namespace ferry::harvest::detail {
namespace {

struct sip_state {
    std::uint64_t v0, v1, v2, v3;

    void round() noexcept
    {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void rounds(int n) noexcept
    {
        while (n-- > 0) round();
    }
    void word(std::uint64_t m) noexcept
    {
        v3 ^= m;
        rounds(2);
        v0 ^= m;
    }
};

std::uint64_t little_endian(const char* at, std::size_t size) noexcept
{
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < size; ++i) {
        word |= std::uint64_t{static_cast<unsigned char>(at[i])} << (8 * i);
    }
    return word;
}

}  // namespace

fingerprint fingerprint_of(std::string_view text, const fingerprint_key& key) noexcept
{
    sip_state s{key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL ^ 0xeeU,
                key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL};
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left >= 8; at += 8, left -= 8) s.word(little_endian(at, 8));
    s.word(little_endian(at, left) | std::uint64_t{text.size()} << 56U);
    s.v2 ^= 0xeeU;
    s.rounds(4);
    fingerprint made;
    made.low = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    s.v1 ^= 0xddU;
    s.rounds(4);
    made.high = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    return made;
}

bool fingerprint_set::insert(const fingerprint& f)
{
    fingerprint wanted = f;
    if (wanted == fingerprint{}) wanted.low = 1;
    if ((count_ + 1) * 4 > slots_.size() * 3) grow();
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = wanted.low & mask;; i = (i + 1) & mask) {
        if (slots_[i] == wanted) return false;
        if (slots_[i] == fingerprint{}) {
            slots_[i] = wanted;
            ++count_;
            return true;
        }
    }
}

void fingerprint_set::grow()
{
    std::vector<fingerprint> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const auto& f : old) {
        if (f == fingerprint{}) continue;
        std::size_t i = f.low & mask;
        while (!(slots_[i] == fingerprint{})) i = (i + 1) & mask;
        slots_[i] = f;
    }
}

}  // namespace ferry::harvest::detail
