#pragma once

#include "ferry/documents/detail/xpath_ast.hpp"

namespace ferry::xpath::detail {

/// Decides how a predicate is tested: by position, as an attribute's value, or as an expression.
void classify(predicate& p);

/// Rewrites the steps of a path into fewer ones that select the same nodes (`//x` becomes one
/// scan), and finds out whether they can run as nested loops.
void analyse_path(expr& path);

/// Recognises the idiom `contains(concat(' ', @class, ' '), ' word ')`, with or without
/// normalize-space() around the attribute, which needs no strings to be made.
void analyse_call(expr& call);

}  // namespace ferry::xpath::detail
