#include "ferry/documents/html_sanitise.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/detail/css_scanner.hpp"
#include "ferry/documents/detail/html_tags.hpp"
#include "ferry/documents/html_edit.hpp"

#include <algorithm>
#include <array>

namespace ferry::html {

namespace {

using ferry::css::detail::lowered;
namespace ns = documents::ns;

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& all, std::string_view name) noexcept
{
    return std::find(all.begin(), all.end(), name) != all.end();
}

/// What goes with all that is in it: it is no text, or another parser reads it as another thing.
constexpr auto opaque = std::to_array<std::string_view>(
    {"script",   "style",     "iframe",  "object",   "embed",    "applet", "frame",
     "frameset", "noscript",  "noembed", "noframes", "template", "title",  "textarea",
     "xmp",      "plaintext", "svg",     "math",     "select",   "option", "audio",
     "video",    "canvas",    "base",    "meta",     "link",     "param",  "portal"});
/// Of these, what no policy may allow.
constexpr auto never = std::to_array<std::string_view>(
    {"script",   "style",   "iframe",   "object",   "embed",  "applet",    "frame", "frameset",
     "noscript", "noembed", "noframes", "template", "xmp",    "plaintext", "svg",   "math",
     "base",     "meta",    "link",     "param",    "portal", "listing"});
constexpr auto url_attributes = std::to_array<std::string_view>(
    {"href", "src", "cite", "action", "formaction", "poster", "background", "longdesc", "data",
     "usemap", "ping", "manifest", "profile", "classid", "codebase", "archive", "icon"});
/// Lists of URLs, which are not looked into.
constexpr auto never_attributes =
    std::to_array<std::string_view>({"style", "srcset", "imagesrcset", "srcdoc", "is", "slot"});

bool runs(std::string_view attribute) noexcept
{
    return attribute.starts_with("on") || attribute.find(':') != std::string_view::npos ||
           is_one_of(never_attributes, attribute);
}

void check_element(const element& e, const policy& with, edits& changes)
{
    const std::string_view name = e.name();
    const policy::names* const allowed =
        e.tree()[e.id()].space == ns::html ? with.attributes_of(name) : nullptr;
    if (allowed == nullptr) {
        if (e.tree()[e.id()].space != ns::html || is_one_of(opaque, name))
            changes.drop(e);
        else
            changes.unwrap(e);
        return;
    }
    for (const attribute& a : e.attributes())
        if (!with.allows(name, a.name) || runs(a.name) ||
            (is_one_of(url_attributes, a.name) && !with.allows_url(a.value)))
            changes.remove_attr(e, a.name);
    if (name == "a" && !with.rel().empty() && e.has_attr("href"))
        changes.set_attr(e, "rel", with.rel());
}

}  // namespace

policy::policy()
{
    for (const char* name :
         {"abbr", "address", "article", "aside",   "b",          "bdi",    "bdo",     "big",
          "br",   "caption", "center",  "cite",    "code",       "dd",     "details", "dfn",
          "div",  "dl",      "dt",      "em",      "figcaption", "figure", "footer",  "h1",
          "h2",   "h3",      "h4",      "h5",      "h6",         "header", "hgroup",  "hr",
          "i",    "kbd",     "mark",    "nav",     "p",          "pre",    "rp",      "rt",
          "ruby", "s",       "samp",    "section", "small",      "span",   "strike",  "strong",
          "sub",  "summary", "sup",     "tbody",   "tfoot",      "thead",  "tr",      "tt",
          "u",    "ul",      "var",     "wbr"})
        allow(name);
    allow("a", {"href", "hreflang"}).allow("img", {"src", "alt", "width", "height"});
    allow("blockquote", {"cite"}).allow("q", {"cite"}).allow("time", {"datetime"});
    allow("del", {"cite", "datetime"}).allow("ins", {"cite", "datetime"}).allow("data", {"value"});
    allow("ol", {"start", "reversed", "type"}).allow("li", {"value"}).allow("table", {"align"});
    allow("td", {"colspan", "rowspan", "headers", "align"});
    allow("th", {"colspan", "rowspan", "headers", "scope", "align"});
    allow("col", {"span"}).allow("colgroup", {"span"});
    for (const char* name : {"title", "lang", "dir"}) allow_attribute(name);
    for (const char* scheme : {"http", "https", "mailto", "tel"}) allow_scheme(scheme);
}

policy policy::nothing()
{
    return policy(empty_tag{});
}

policy& policy::allow(std::string_view element, std::initializer_list<std::string_view> attributes)
{
    const std::string name = lowered(element);
    if (is_one_of(never, name))
        throw error(errc::denied, "sanitise: '" + name + "' can never be allowed");
    names& all = elements_[name];
    for (const std::string_view a : attributes) {
        if (runs(lowered(a)))
            throw error(errc::denied,
                        "sanitise: attribute '" + lowered(a) + "' can never be allowed");
        all.insert(lowered(a));
    }
    return *this;
}

policy& policy::forbid(std::string_view element)
{
    elements_.erase(lowered(element));
    return *this;
}

policy& policy::allow_attribute(std::string_view attribute)
{
    const std::string name = lowered(attribute);
    if (runs(name))
        throw error(errc::denied, "sanitise: attribute '" + name + "' can never be allowed");
    everywhere_.insert(name);
    return *this;
}

policy& policy::allow_scheme(std::string_view scheme)
{
    const std::string name = lowered(scheme);
    if (name == "javascript" || name == "vbscript")
        throw error(errc::denied, "sanitise: scheme '" + name + "' can never be allowed");
    schemes_.insert(name);
    return *this;
}

const policy::names* policy::attributes_of(std::string_view element) const noexcept
{
    const auto found = elements_.find(element);
    return found == elements_.end() ? nullptr : &found->second;
}

bool policy::allows(std::string_view element, std::string_view attribute) const noexcept
{
    const names* const own = attributes_of(element);
    return own != nullptr && (own->contains(attribute) || everywhere_.contains(attribute));
}

bool policy::allows_url(std::string_view url) const
{
    // As the URL Standard reads it: controls and spaces in front, tabs and line ends anywhere are
    // not part of it.
    std::string scheme;
    for (const char c : url) {
        if (c == '\t' || c == '\n' || c == '\r') continue;
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 && scheme.empty()) continue;
        if (c == ':') return schemes_.contains(lowered(scheme));
        const bool goes_on = (byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z';
        const bool later = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!goes_on && (scheme.empty() || !later)) break;
        scheme += c;
    }
    return relative_;
}

document sanitise(const document& of, const policy& with)
{
    edits changes(of);
    const documents::tree& t = of.tree();
    for (documents::node_id n = 1; n < t.size(); ++n) {
        switch (t.kind(n)) {
            case node_kind::comment:
            case node_kind::processing_instruction: changes.drop(node(t, n)); break;
            case node_kind::element: {
                const element e(t, n);
                const bool is_frame =
                    t[n].space == ns::html &&
                    (e.name() == "html" || e.name() == "head" || e.name() == "body");
                if (!is_frame) {
                    check_element(e, with, changes);
                    break;
                }
                for (const attribute& a : e.attributes()) changes.remove_attr(e, a.name);
                break;
            }
            default: break;
        }
    }
    return changes.apply();
}

std::string sanitise(std::string_view fragment, const policy& with)
{
    constexpr int most_rounds = 4;
    std::string html(fragment);
    for (int round = 0; round < most_rounds; ++round) {
        std::string next = sanitise(parse_fragment(html), with).to_html();
        if (next == html) return html;
        html = std::move(next);
    }
    // It reads as something else every time: nothing but its text is safe.
    const document page = parse_fragment("<p>");
    return edits(page)
        .set_text(page.root(), parse_fragment(html).text())
        .apply()
        .root()
        .inner_html();
}

}  // namespace ferry::html
