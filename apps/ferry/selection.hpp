#pragma once

#include "ferry/documents/html.hpp"
#include "ferry/documents/xpath.hpp"

#include <string>
#include <vector>

namespace ferry::command {

/// What `--xpath` asks for.
class selection {
public:
    /// \throws usage_error  the expression is not XPath; the text shows the place.
    explicit selection(const std::string& expression);

    /// What it finds, in document order: elements as HTML, all else as text.
    std::vector<std::string> strings(const html::document& page) const;

private:
    xpath::expression compiled_;
};

}  // namespace ferry::command
