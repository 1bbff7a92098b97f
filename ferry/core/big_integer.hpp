#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry {

/// An integer of any size, for moving between decimal text, two's complement bytes and 64 bits.
/// It does not calculate. Copyable, comparable, safe to share between threads when constant.
class big_integer {
public:
    big_integer() = default;
    big_integer(std::int64_t number);
    static big_integer of_unsigned(std::uint64_t number);

    /// Reads `-?[0-9]+`, leading zeros allowed. Cost: quadratic in the length, 30 us for 4300
    /// digits; whoever reads outside text limits its length first.
    static std::optional<big_integer> try_parse(std::string_view decimal);

    /// Reads two's complement, least significant byte first, as Python's
    /// `int.from_bytes(b, "little", signed=True)`; no bytes are 0.
    static big_integer from_bytes(std::span<const std::byte> little_endian);

    /// The shortest two's complement, least significant byte first; 0 gives no bytes.
    std::vector<std::byte> to_bytes() const;

    std::string to_string() const;
    /// The nearest double, ties to even; infinite beyond its range.
    double to_double() const;
    std::optional<std::int64_t> to_int64() const noexcept;
    std::optional<std::uint64_t> to_uint64() const noexcept;
    bool is_negative() const noexcept { return negative_; }

    friend bool operator==(const big_integer&, const big_integer&) = default;
    friend std::strong_ordering operator<=>(const big_integer& a, const big_integer& b) noexcept;

private:
    void trim() noexcept;

    bool negative_ = false;
    std::vector<std::uint32_t> limbs_;  ///< magnitude, least significant first, no zero on top
};

}  // namespace ferry
