#pragma once

#include "ferry/core/value.hpp"
#include "ferry/documents/html.hpp"

#include <utility>

namespace ferry::html {

/// What a page says of itself to machines.
struct metadata {
    std::string title;        ///< of `title`; or else OpenGraph's
    std::string description;  ///< of `meta name=description`; or else OpenGraph's
    std::string canonical;    ///< `link rel=canonical`, as it is written
    std::string language;     ///< `lang` of the root
    /// `og:`, `article:` and the like, and `twitter:`, by their whole names, in order; they may
    /// repeat.
    std::vector<std::pair<std::string, std::string>> open_graph;
    /// Every other `meta name=... content=...`, names in lower case.
    std::vector<std::pair<std::string, std::string>> meta;
    /// The `script type=application/ld+json` elements that hold JSON; a broken one is left out.
    std::vector<value> json_ld;
    /// The top-level items of microdata, in the Standard's JSON form: type, id, properties.
    std::vector<value> microdata;
    /// `link rel=alternate` of feeds: type and URL as it is written.
    std::vector<std::pair<std::string, std::string>> feeds;

    /// The first value of an OpenGraph property: `og:image`.
    std::optional<std::string_view> find(std::string_view property) const noexcept;
};

/// Reads the metadata of a page. Items of microdata nest up to 32 levels. HTML Standard section 5.
metadata read_metadata(const document& of);

}  // namespace ferry::html
