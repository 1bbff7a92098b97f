#pragma once

#include "ferry/core/url.hpp"
#include "ferry/documents/html_edit.hpp"

#include <functional>

/// \file
/// Everything in a page that names another resource. As lxml's iterlinks() and what is built on it,
/// with `srcset` and what else HTML has gained since.
namespace ferry::html {

/// One link.
struct link {
    html::element element;
    /// The name of the attribute it is in, `href` or `xlink:href`; empty if it is in the text of a
    /// `style` element.
    std::string attribute;
    std::string_view url;      ///< as it is written, without the white space around it
    std::size_t position = 0;  ///< of `url` in the attribute's value, or in the text
};

/// The links of an element and those below it, in document order. Those in `style` attributes and
/// elements (`url()`, `@import`), `srcset`, `imagesrcset`, `ping`, `archive` and in a `meta`
/// refresh are among them; so is `base`. As lxml's iterlinks().
std::vector<link> links(const node& from);
inline std::vector<link> links(const document& of)
{
    return links(of.top());
}

/// What relative links of the page are relative to: its first `base`, resolved against the page's
/// own URL. Nothing if neither is an absolute URL.
std::optional<ferry::url> base_url(const document& of, std::string_view document_url = {});

/// The absolute URL of each link; nothing for one that is no URL.
std::optional<ferry::url> resolve(const link& l, const std::optional<ferry::url>& base);

/// What to put in a link's place; nothing takes its attribute away.
using rewriter = std::function<std::optional<std::string>(const link&)>;

/// The page with every link replaced by what the function says. As lxml's rewrite_links().
document rewrite_links(const document& of, const rewriter& rewrite);

/// The page with every link absolute, and its `base` gone. Links that are no URLs stay as they are.
/// As lxml's make_links_absolute(), which calls resolve_base_href().
/// \param invalid  where those are added, if it is given.
document make_links_absolute(const document& of, std::string_view document_url = {},
                             std::vector<std::string>* invalid = nullptr);

}  // namespace ferry::html
