#pragma once

#include "ferry/documents/html.hpp"

#include <string>
#include <variant>
#include <vector>

namespace ferry::command {

/// What `--xpath` or `--css` asks for.
class selection {
public:
    /// Either may be empty, not both.
    /// \param namespaces  `prefix=uri`, for `--css`.
    /// \throws usage_error  it is no XPath or selector; the text shows the place.
    explicit selection(const std::string& xpath, const std::string& css = {},
                       const std::vector<std::string>& namespaces = {});

    /// What it finds, in document order: elements as HTML, all else as text.
    std::vector<std::string> strings(const html::document& page) const;

private:
    std::variant<xpath::expression, css::selector> compiled_;
    css::context with_;
};

}  // namespace ferry::command
