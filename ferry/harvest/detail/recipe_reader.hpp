#pragma once

#include "ferry/harvest/recipe.hpp"

namespace ferry::harvest::detail {

/// Reads and checks a whole recipe. \throws recipe_error
recipe read_recipe(std::string_view toml, const std::string& file_name,
                   std::span<const std::string> overrides);

}  // namespace ferry::harvest::detail
