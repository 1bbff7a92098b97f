#pragma once

#include "ferry/core/big_integer.hpp"
#include "ferry/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// What plain scalars mean in YAML 1.1, as PyYAML has it.
namespace ferry::yaml::detail {

enum class scalar_kind : std::uint8_t {
    string,
    null,
    boolean,
    integer,
    real,
    timestamp,
    merge,  ///< `<<`
    value,  ///< `=`
};

/// What a plain scalar without a tag is.
scalar_kind resolve(std::string_view text) noexcept;

// What a scalar of that kind stands for; nullopt if it is none.
std::optional<bool> to_boolean(std::string_view text) noexcept;
std::optional<big_integer> to_integer(std::string_view text);
std::optional<double> to_real(std::string_view text);
std::optional<iso8601::zoned_time> to_time(std::string_view text) noexcept;

}  // namespace ferry::yaml::detail
