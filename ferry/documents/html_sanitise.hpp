#pragma once

#include "ferry/documents/html.hpp"

#include <map>
#include <set>

/// \file
/// Makes HTML from strangers safe to show: what is not allowed is taken out. As lxml's Cleaner and
/// nh3, by an allow-list alone.
///
///     std::string safe = html::sanitise(comment);
///     std::string plain = html::sanitise(comment, html::policy::nothing().allow("b").allow("i"));
namespace ferry::html {

/// What may stay. The calls can be chained.
class policy {
public:
    using names = std::set<std::string, std::less<>>;

    /// Text, lists, tables, links and images as people write them; URLs of http, https, mailto and
    /// tel, and relative ones. No styles, scripts, forms, frames, SVG or MathML.
    policy();
    /// Text alone.
    static policy nothing();

    /// An HTML element, with these attributes; what would run or load is refused all the same.
    /// \throws error  with errc::denied: `script`, `style`, `iframe` and others are never allowed.
    policy& allow(std::string_view element,
                  std::initializer_list<std::string_view> attributes = {});
    policy& forbid(std::string_view element);
    /// An attribute of every element. \throws error  with errc::denied: `style` and `on...`.
    policy& allow_attribute(std::string_view attribute);
    policy& allow_scheme(std::string_view scheme);
    policy& allow_relative_urls(bool on) noexcept
    {
        relative_ = on;
        return *this;
    }
    /// What `rel` of a link becomes; empty: it is not set. Default: `nofollow noopener noreferrer`.
    policy& link_rel(std::string_view rel)
    {
        rel_ = rel;
        return *this;
    }

    const names* attributes_of(std::string_view element) const noexcept;
    bool allows(std::string_view element, std::string_view attribute) const noexcept;
    /// Whether a URL, as it is written in an attribute, may stay.
    bool allows_url(std::string_view url) const;
    const std::string& rel() const noexcept { return rel_; }

private:
    struct empty_tag {};
    explicit policy(empty_tag) {}

    std::map<std::string, names, std::less<>> elements_;
    names everywhere_;
    names schemes_;
    bool relative_ = true;
    std::string rel_ = "nofollow noopener noreferrer";
};

/// The page without what the policy does not allow: of scripts, styles and the like also what is in
/// them, of other elements only the tags; comments go.
document sanitise(const document& of, const policy& with = policy());

/// A fragment of HTML, the same, as HTML again. What it gives is what it would give of its own
/// result, so that no browser reads it in another way (mutation XSS).
std::string sanitise(std::string_view fragment, const policy& with = policy());

}  // namespace ferry::html
