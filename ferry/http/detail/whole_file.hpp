#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// \throws error        it cannot be read. \throws limit_error  `max_file_bytes`
std::string read_whole_file(const std::string& path, std::size_t max_bytes);

/// Writes a file that is either the old one or the new one, whatever happens in between: a
/// neighbour is written, pushed to the disk and renamed. Only its owner may read it.
void replace_file(const std::string& path, std::string_view content);

}  // namespace ferry::http::detail
