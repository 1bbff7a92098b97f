#pragma once

#include "ferry/core/value.hpp"
#include "ferry/harvest/recipe.hpp"

#include <optional>
#include <string_view>

namespace ferry::harvest::detail {

/// Turns a field's text into a value of the field's type, of one element for a list. Dates and
/// times become ISO 8601 text, durations seconds, decimals keep their digits.
/// \param base  what a relative URL is resolved against; empty: URLs must be absolute.
/// \returns nothing if the text is no such value.
std::optional<value> convert(const field& f, std::string_view text, std::string_view base);

/// Outer white space removed, inner runs of it made one space; HTML's white space and U+00A0.
std::string collapse_space(std::string_view text);

}  // namespace ferry::harvest::detail
