#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ferry::harvest::detail {

/// Records in JSON Lines as a table: the first record's names as the head, a line a record, cells
/// cut with `…` so that no line is longer than `width` code points, unless there are too many
/// columns.
std::string table(std::string_view lines, std::size_t width);

}  // namespace ferry::harvest::detail
