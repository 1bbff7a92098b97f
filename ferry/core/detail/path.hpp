#pragma once

#include "ferry/core/value_storage.hpp"

#include <string>

namespace ferry::detail {

/// Remembers, for this thread, the parsed container that was last read from, so that an error about
/// one of its scalars, which do not know where they lie, can name its path.
void note_access(const cell& container) noexcept;

/// The path of a cell in its parsed document: `$.items[3]`, or `$` if that is not known. Cost:
/// walks the document up to the cell, at most 100,000 cells.
std::string path_of(const cell& c);

/// `path` extended by a key or an index.
std::string child_path(std::string path, std::string_view key);
std::string child_path(std::string path, std::int64_t index);

}  // namespace ferry::detail
