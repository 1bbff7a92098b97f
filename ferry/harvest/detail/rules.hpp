#pragma once

#include "ferry/harvest/detail/canonical.hpp"
#include "ferry/harvest/recipe.hpp"

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace ferry::harvest::detail {

using pattern = std::unique_ptr<const re2::RE2>;

/// \throws error  RE2 does not accept the text.
pattern compile_pattern(const std::string& text);
bool found_in(const pattern& p, std::string_view text);

/// What a recipe says about URLs, compiled: which may be fetched, and as which page. Immutable.
class url_rules {
public:
    explicit url_rules(const recipe& r);

    /// The canonical form of a link, if the scope has room for it.
    std::optional<target> accept(std::string_view link, const url& base, url& scratch) const;
    bool in_scope(const target& t) const;

    /// The first page whose `match.url` fits, as an index into recipe::pages.
    std::optional<std::uint16_t> page_of(const target& t) const;
    std::optional<std::uint16_t> page_named(std::string_view name) const;

    bool strips_fragments() const noexcept { return dedupe_.strip_fragment; }

    /// Hosts of the start URLs, canonical.
    bool is_start_host(std::string_view host) const;

private:
    deduplication dedupe_;
    std::vector<std::string> page_names_;
    std::vector<pattern> page_patterns_;  ///< null: any
    std::vector<pattern> allow_;
    std::vector<pattern> deny_;
    std::vector<std::string> schemes_;
    std::unordered_set<std::string> hosts_;
    std::unordered_set<std::string> start_hosts_;
};

/// Whether one path segment comes again and again, as in `/a/b/a/b/a/b`: a trap, not a site.
bool repeats_itself(std::string_view path);

}  // namespace ferry::harvest::detail
