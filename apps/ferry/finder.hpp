#pragma once

#include "ferry/core/value.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::command {

/// How a document is to be read.
enum class document_kind { html, xml, json };

/// What `ferry select` and `ferry get` look for: one for each language.
class finder {
public:
    virtual ~finder() = default;

    /// What there is in a document, in its order: texts, attributes and namespaces as text, all
    /// other nodes of markup as their source, values of JSON as they are.
    /// \param charset  what the document's transport says of its encoding; empty: nothing.
    /// \throws parse_error  the document cannot be read.
    virtual std::vector<value> find(std::string_view document, document_kind kind,
                                    std::string_view charset = {}) const = 0;
};

// \throws usage_error  the expression is wrong; the text shows the place.
// \param namespaces  `prefix=uri`.

std::unique_ptr<const finder> find_by_xpath(const std::string& expression,
                                            const std::vector<std::string>& namespaces);
std::unique_ptr<const finder> find_by_css(const std::string& selector,
                                          const std::vector<std::string>& namespaces);
/// \param relaxed  documents may be JSON5. \param option  what the user calls it.
std::unique_ptr<const finder> find_by_jsonpath(const std::string& query, bool relaxed,
                                               const char* option = "--jsonpath");

/// Strings as they are, other values as JSON, with the line's end.
std::string line_of(const value& found);

/// By the ending of the file's name, else by the first characters.
document_kind guess_kind(std::string_view file, std::string_view text) noexcept;

}  // namespace ferry::command
