#pragma once

#include "ferry/documents/tree.hpp"

#include <cstddef>
#include <string>

namespace ferry::documents::detail {

/// The tree that lxml makes of a page, by libxml2's parser of HTML.
/// \param text       UTF-8 with LF as line end
/// \param fragment   the children of the body are the top-level nodes
/// \param max_depth  0: any
tree lxml_tree(std::string text, bool fragment, std::size_t max_depth);

}  // namespace ferry::documents::detail
