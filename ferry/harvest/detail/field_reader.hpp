#pragma once

#include "ferry/core/value.hpp"
#include "ferry/documents/xpath.hpp"
#include "ferry/harvest/detail/rules.hpp"
#include "ferry/harvest/recipe.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::harvest::detail {

/// What a field may need besides the node it is read at.
struct page_facts {
    std::string_view url;
    std::string_view base;  ///< what relative URLs are resolved against
    std::string_view referrer;
    std::uint32_t depth = 0;
    int status = 0;
};

/// One field, compiled: selector, attribute, regex, replace, strip, type.
class field_reader {
public:
    explicit field_reader(const field& f);

    const field& what() const noexcept { return field_; }

    /// The field's value at a node; null if no selector gives one. A list is never null.
    /// \throws error  the XPath passes a limit.
    value read(const xpath::node& at, const page_facts& facts) const;

private:
    struct source {
        selector::source from;
        std::string text;
        std::optional<xpath::expression> path;
    };
    /// The text of one match through all steps; null if one of them rejects it.
    value convert_one(std::string text, const page_facts& facts) const;
    void collect(const source& from, const xpath::node& at, const page_facts& facts,
                 std::vector<std::string>& texts) const;

    field field_;
    std::vector<source> sources_;
    pattern regex_;
    pattern replace_;
    value fallback_;
};

}  // namespace ferry::harvest::detail
