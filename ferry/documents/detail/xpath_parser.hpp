#pragma once

#include "ferry/documents/detail/xpath_ast.hpp"

#include <cstddef>
#include <string>

namespace ferry::xpath::detail {

/// Compiles an expression: grammar, types, and the rewriting of xpath_analysis.hpp.
/// \throws parse_error  it is not XPath 1.0.
/// \throws limit_error  `max_expression_bytes`, `max_depth`.
program parse(std::string text, std::size_t max_depth, std::size_t max_bytes);

}  // namespace ferry::xpath::detail
