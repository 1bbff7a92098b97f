#pragma once

#include "ferry/documents/detail/css_ast.hpp"
#include "ferry/documents/detail/css_scanner.hpp"

// What is between the brackets of `:nth-child()`, `:lang()` and their like: no selectors.
namespace ferry::css::detail {

/// `odd`, `even`, `2`, `-n+3` into a and b. CSS Syntax Level 3 section 6. There a unit is a name,
/// `2n-1` the number 2 with the unit `n-1`, and names may have escapes.
void read_an_plus_b(scanner& in, simple& out);

/// The words of `:lang()`, the text of `:contains()` and `:dir()`, the pattern of
/// `:matches-text()`.
void read_text_argument(scanner& in, simple& out);

}  // namespace ferry::css::detail
