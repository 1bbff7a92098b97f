#pragma once

#include "ferry/documents/detail/jsonpath_ast.hpp"

#include <string_view>

namespace ferry::jsonpath::detail {

/// \throws parse_error, limit_error  as jsonpath::compile.
query parse_query(std::string_view text);

}  // namespace ferry::jsonpath::detail
