#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// The page that lists a directory, as http.server's: names in order, directories with a slash,
/// symbolic links with an @; what is never served, as dot files, is left out.
/// \param descriptor  of the directory; closed in any case.
/// \param shown  the path that the page names.
/// \return nothing if it is no directory.
std::optional<std::string> list_directory(int descriptor, std::string_view shown);

}  // namespace ferry::http::detail
