#pragma once

#include <cstdint>

namespace ferry::json {

__extension__ using wide = unsigned __int128;

/// The upper 128 bits, rounded up, of a power of ten.
struct power_of_ten {
    std::uint64_t high;
    std::uint64_t low;
};

inline constexpr std::int64_t least_power = -342;
inline constexpr std::int64_t greatest_power = 324;

inline constexpr power_of_ten powers[] = {
#include "ferry/documents/detail/json_powers.inc"
};
static_assert(sizeof powers / sizeof powers[0] == greatest_power - least_power + 1);

/// floor(log2(10^k)): `powers` has 10^k divided by 2^(log2_of_power(k) - 127). Exact from 10^0 to
/// 10^55.
constexpr std::int64_t log2_of_power(std::int64_t k) noexcept
{
    return (k * 1741647) >> 19U;
}

inline const power_of_ten& power(std::int64_t k) noexcept
{
    return powers[k - least_power];
}

}  // namespace ferry::json
