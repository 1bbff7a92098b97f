#pragma once

#include "ferry/harvest/detail/outcome.hpp"
#include "ferry/harvest/detail/rules.hpp"
#include "ferry/harvest/recipe.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ferry::harvest::detail {

/// A body with status 200 and what is known about it.
struct fetched_page {
    std::string url;  ///< canonical
    std::uint16_t page = 0;
    std::uint32_t depth = 0;
    int status = 200;
    std::string referrer;
    std::string media_type;  ///< essence, lower case; empty: not told
    std::string charset;     ///< as Content-Type has it
    bool no_index = false;   ///< X-Robots-Tag
    bool no_follow = false;
    std::span<const std::byte> body;
};

/// Finds records and links in pages: a recipe's XPaths and patterns, compiled once. Immutable, so
/// one may serve several threads; a page costs one parse.
class extractor {
public:
    /// \throws error  an XPath or pattern that a program put into the recipe does not compile.
    explicit extractor(const recipe& r);
    ~extractor();

    const url_rules& rules() const noexcept { return rules_; }

    /// Whether a page of that kind may have that media type; an empty one may be anything.
    bool takes(std::uint16_t page, std::string_view media_type) const;

    /// Never throws for what the page holds: that is counted with its cause.
    page_outcome extract(const fetched_page& from) const;

private:
    struct compiled_page;
    struct reading;

    url_rules rules_;
    bool obey_robots_;
    bool compare_bodies_;
    std::vector<std::unique_ptr<compiled_page>> pages_;
};

}  // namespace ferry::harvest::detail
