#include "ferry/core/big_integer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace ferry {
namespace {

constexpr std::uint32_t digits_per_step = 9;
constexpr std::uint32_t step = 1'000'000'000;

void multiply_add(std::vector<std::uint32_t>& limbs, std::uint32_t factor, std::uint32_t add)
{
    std::uint64_t carry = add;
    for (auto& limb : limbs) {
        carry += std::uint64_t{limb} * factor;
        limb = static_cast<std::uint32_t>(carry);
        carry >>= 32U;
    }
    if (carry != 0) limbs.push_back(static_cast<std::uint32_t>(carry));
}

/// Divides in place and returns the remainder.
std::uint32_t divide(std::vector<std::uint32_t>& limbs, std::uint32_t divisor)
{
    std::uint64_t rest = 0;
    for (auto limb = limbs.rbegin(); limb != limbs.rend(); ++limb) {
        rest = (rest << 32U) | *limb;
        *limb = static_cast<std::uint32_t>(rest / divisor);
        rest %= divisor;
    }
    while (!limbs.empty() && limbs.back() == 0) limbs.pop_back();
    return static_cast<std::uint32_t>(rest);
}

}  // namespace

big_integer::big_integer(std::int64_t number)
{
    const auto bits = static_cast<std::uint64_t>(number);
    *this = of_unsigned(number < 0 ? 0 - bits : bits);
    negative_ = number < 0;
}

big_integer big_integer::of_unsigned(std::uint64_t number)
{
    big_integer result;
    result.limbs_ = {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32U)};
    result.trim();
    return result;
}

void big_integer::trim() noexcept
{
    while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
    if (limbs_.empty()) negative_ = false;
}

std::optional<big_integer> big_integer::try_parse(std::string_view decimal)
{
    big_integer result;
    const bool negative = decimal.starts_with('-');
    if (negative) decimal.remove_prefix(1);
    if (decimal.empty() || decimal.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    for (std::size_t at = 0; at < decimal.size();) {
        // The first step takes what makes the others full.
        const std::size_t count = (decimal.size() - at) % digits_per_step == 0
                                      ? digits_per_step
                                      : (decimal.size() - at) % digits_per_step;
        std::uint32_t part = 0;
        std::uint32_t factor = 1;
        for (std::size_t i = 0; i < count; ++i) {
            part = part * 10 + static_cast<std::uint32_t>(decimal[at + i] - '0');
            factor *= 10;
        }
        multiply_add(result.limbs_, factor, part);
        at += count;
    }
    result.negative_ = negative;
    result.trim();
    return result;
}

big_integer big_integer::from_bytes(std::span<const std::byte> little_endian)
{
    big_integer result;
    if (little_endian.empty()) return result;
    const bool negative = (little_endian.back() & std::byte{0x80}) != std::byte{0};
    result.limbs_.resize((little_endian.size() + 3) / 4);
    for (std::size_t i = 0; i < result.limbs_.size() * 4; ++i) {
        const auto byte = i < little_endian.size()
                              ? std::to_integer<std::uint32_t>(little_endian[i])
                              : (negative ? 0xFFU : 0U);
        result.limbs_[i / 4] |= byte << (i % 4 * 8);
    }
    if (negative) {
        std::uint64_t carry = 1;
        for (auto& limb : result.limbs_) {
            carry += static_cast<std::uint32_t>(~limb);
            limb = static_cast<std::uint32_t>(carry);
            carry >>= 32U;
        }
        if (carry != 0) result.limbs_.push_back(1);
    }
    result.negative_ = negative;
    result.trim();
    return result;
}

std::vector<std::byte> big_integer::to_bytes() const
{
    std::vector<std::byte> out;
    if (limbs_.empty()) return out;
    std::uint64_t carry = negative_ ? 1 : 0;
    for (const auto limb : limbs_) {
        carry += negative_ ? static_cast<std::uint32_t>(~limb) : limb;
        for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::byte>(carry >> (i * 8)));
        carry = negative_ ? carry >> 32U : 0;
    }
    const std::byte fill{negative_ ? std::uint8_t{0xFF} : std::uint8_t{0}};
    out.push_back(fill);
    const auto sign = [](std::byte b) { return b & std::byte{0x80}; };
    while (out.size() > 1 && out.back() == fill && sign(out[out.size() - 2]) == sign(fill)) {
        out.pop_back();
    }
    return out;
}

std::string big_integer::to_string() const
{
    if (limbs_.empty()) return "0";
    std::string reversed;
    for (auto rest = limbs_; !rest.empty();) {
        std::uint32_t part = divide(rest, step);
        for (std::uint32_t i = 0; i < digits_per_step && (part != 0 || !rest.empty()); ++i) {
            reversed += static_cast<char>('0' + part % 10);
            part /= 10;
        }
    }
    if (negative_) reversed += '-';
    std::reverse(reversed.begin(), reversed.end());
    return reversed;
}

double big_integer::to_double() const
{
    // The decimal text goes through the one correctly rounding conversion there is.
    const std::string text = to_string();
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem == std::errc::result_out_of_range) {
        return negative_ ? -std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::infinity();
    }
    return number;
}

std::optional<std::int64_t> big_integer::to_int64() const noexcept
{
    if (limbs_.size() > 2) return std::nullopt;
    std::uint64_t magnitude = 0;
    for (std::size_t i = limbs_.size(); i-- > 0;) magnitude = (magnitude << 32U) | limbs_[i];
    constexpr std::uint64_t top = std::uint64_t{1} << 63U;
    if (magnitude > (negative_ ? top : top - 1)) return std::nullopt;
    return static_cast<std::int64_t>(negative_ ? 0 - magnitude : magnitude);
}

std::optional<std::uint64_t> big_integer::to_uint64() const noexcept
{
    if (negative_ || limbs_.size() > 2) return std::nullopt;
    std::uint64_t magnitude = 0;
    for (std::size_t i = limbs_.size(); i-- > 0;) magnitude = (magnitude << 32U) | limbs_[i];
    return magnitude;
}

std::strong_ordering operator<=>(const big_integer& a, const big_integer& b) noexcept
{
    if (a.negative_ != b.negative_) {
        return a.negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    auto order = a.limbs_.size() <=> b.limbs_.size();
    for (std::size_t i = a.limbs_.size(); order == 0 && i-- > 0;)
        order = a.limbs_[i] <=> b.limbs_[i];
    return a.negative_ ? 0 <=> order : order;
}

}  // namespace ferry
