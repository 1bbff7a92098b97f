#pragma once

#include "ferry/documents/detail/css_ast.hpp"

namespace ferry::css::detail {

/// \throws parse_error, limit_error  as selector::compile().
program parse(std::string text, std::size_t max_depth);

}  // namespace ferry::css::detail
