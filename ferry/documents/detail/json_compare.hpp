#pragma once

#include "ferry/core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ferry::json::detail {

/// Product of the lengths of two arrays up to which their longest common subsequence is sought.
inline constexpr std::size_t max_alignment = 4'000'000;

/// What becomes of an element between two arrays.
struct alignment {
    enum class kind : std::uint8_t { same, changed, removed, added };
    kind is;
    std::size_t before;  ///< index in the first array, if it is there
    std::size_t after;   ///< index in the second array, if it is there
};

/// A script from the first array to the second, in their order.
std::vector<alignment> align(const value& from, const value& to);

/// Two values, and the difference between them as far as it can be told without going deeper:
/// whether both are objects, both arrays, or one has to replace the other.
enum class relation : std::uint8_t { equal, replaced, objects, arrays };
relation relate(const value& from, const value& to);

}  // namespace ferry::json::detail
