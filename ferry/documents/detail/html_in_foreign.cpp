#include "ferry/documents/detail/html_construction.hpp"
#include "ferry/documents/detail/html_scan.hpp"

#include <algorithm>

// SVG and MathML.
namespace ferry::documents::detail {

namespace {

constexpr std::array<name_id, tag::count> make_svg_elements()
{
    std::array<name_id, tag::count> table{};
    for (name_id n = 0; n < tag::count; ++n) table[n] = n;
#define SVG_ELEMENT(written, meant) table[tag::written] = tag::meant;
#define SVG_ATTRIBUTE(written, meant)
#include "ferry/documents/detail/html_svg.inc"
#undef SVG_ELEMENT
#undef SVG_ATTRIBUTE
    return table;
}

constexpr std::array<name_id, tag::count> make_svg_attributes()
{
    std::array<name_id, tag::count> table{};
    for (name_id n = 0; n < tag::count; ++n) table[n] = n;
#define SVG_ELEMENT(written, meant)
#define SVG_ATTRIBUTE(written, meant) table[tag::written] = tag::meant;
#include "ferry/documents/detail/html_svg.inc"
#undef SVG_ELEMENT
#undef SVG_ATTRIBUTE
    return table;
}

constexpr auto svg_elements = make_svg_elements();
constexpr auto svg_attributes = make_svg_attributes();

struct qualified {
    name_id written;
    name_id local;
    namespace_id space;
    std::uint8_t prefix;  // as the builder numbers them
};
constexpr qualified qualified_attributes[] = {{tag::xlink_actuate, tag::actuate, ns::xlink, 3},
                                              {tag::xlink_arcrole, tag::arcrole, ns::xlink, 3},
                                              {tag::xlink_href, tag::href, ns::xlink, 3},
                                              {tag::xlink_role, tag::role, ns::xlink, 3},
                                              {tag::xlink_show, tag::show, ns::xlink, 3},
                                              {tag::xlink_title, tag::title, ns::xlink, 3},
                                              {tag::xlink_type, tag::type, ns::xlink, 3},
                                              {tag::xml_lang, tag::lang, ns::xml, 1},
                                              {tag::xml_space, tag::space, ns::xml, 1},
                                              {tag::xmlns, tag::xmlns, ns::xmlns, 0},
                                              {tag::xmlns_xlink, tag::xlink, ns::xmlns, 2}};

bool equals(std::string_view text, std::string_view lower_case_word) noexcept
{
    return std::ranges::equal(text, lower_case_word, {}, [](char c) { return lower(c); });
}

}  // namespace

bool html_construction::is_foreign(const html_token& t) const noexcept
{
    if (stack_.empty() || adjusted_space() == ns::html || t.kind == token_kind::end_of_file)
        return false;
    const bool at_context = stack_.size() == 1 && is_fragment_;
    const auto& e = stack_.top();
    const namespace_id space = adjusted_space();
    const name_id name = at_context ? context_.name : e.name;
    const std::uint32_t traits = traits_of(name);
    const bool start = t.kind == token_kind::start_tag;
    const bool characters = t.kind == token_kind::text;
    if (space == ns::mathml && (traits & is_math_text) != 0 &&
        (characters || (start && t.name != tag::mglyph && t.name != tag::malignmark)))
        return false;
    if (space == ns::mathml && name == tag::annotation_xml && start && t.name == tag::svg)
        return false;
    const bool html_point = (space == ns::svg && (traits & is_html_point) != 0) ||
                            (at_context ? context_.html_point : e.html_point);
    return !(html_point && (start || characters));
}

bool html_construction::in_foreign(html_token& t)
{
    switch (t.kind) {
        case token_kind::text:
            if (t.is_nul()) {
                insert_characters("\xef\xbf\xbd");
                return true;
            }
            insert_characters(t.text);
            if (frameset_ok_)
                frameset_ok_ =
                    std::ranges::all_of(t.text, [](char c) { return has_class(c, is_space); });
            return true;
        case token_kind::comment: insert_comment(t); return true;
        case token_kind::doctype: error("unexpected-doctype", t); return true;
        case token_kind::start_tag: return foreign_start_tag(t);
        case token_kind::end_tag: return foreign_end_tag(t);
        case token_kind::end_of_file: break;
    }
    return true;
}

/// Leaves the foreign content; the token is then processed as in HTML.
bool html_construction::break_out(html_token& t)
{
    error("unexpected-html-element-in-foreign-content", t);
    for (;;) {
        const auto& e = stack_.top();
        if (e.space == ns::html || e.math_text || e.html_point ||
            (e.space == ns::svg && (traits_of(e.name) & is_html_point) != 0))
            break;
        pop();
    }
    return process_by_mode(t);
}

bool html_construction::foreign_start_tag(html_token& t)
{
    bool breaks_out = (traits_of(t.name) & breaks_out_of_foreign) != 0;
    if (t.name == tag::font)
        breaks_out = std::ranges::any_of(t.attributes, [](const attribute& a) {
            return a.name == tag::color || a.name == tag::face || a.name == tag::size;
        });
    if (breaks_out) return break_out(t);
    const namespace_id space = adjusted_space();
    name_id name = t.name;
    if (space == ns::svg && name < tag::count) name = svg_elements[name];
    bool html_point = false;
    if (space == ns::mathml && name == tag::annotation_xml)
        for (const attribute& a : t.attributes)
            if (a.name == tag::encoding) {
                const std::string_view value = builder_.view().value(a);
                html_point = equals(value, "text/html") || equals(value, "application/xhtml+xml");
            }
    adjust_foreign_attributes(t, space);
    insert_element(t, name, space, html_point);
    if (t.self_closing) pop();
    t.self_closing = false;
    return true;
}

bool html_construction::foreign_end_tag(html_token& t)
{
    if (t.name == tag::br || t.name == tag::p) return break_out(t);
    if (stack_.top().key != t.name) error("unexpected-end-tag", t);
    // The nearest element of that name, if no HTML element is nearer.
    const auto at = stack_.find_foreign(t.name);
    if (at != open_elements::none && at > stack_.top().html) {
        pop_through(at);
        return true;
    }
    if (stack_.size() == 1) return true;  // the context itself is foreign
    return process_by_mode(t);
}

void html_construction::adjust_foreign_attributes(html_token& t, namespace_id space)
{
    for (attribute& a : t.attributes) {
        if (a.name >= tag::count) continue;
        if (space == ns::svg) a.name = svg_attributes[a.name];
        if (space == ns::mathml && a.name == tag::definitionurl) a.name = tag::definition_u_r_l;
        for (const qualified& q : qualified_attributes)
            if (q.written == a.name) {
                a.name = q.local;
                a.space = q.space;
                a.prefix = q.prefix;
                break;
            }
    }
}

name_id svg_element_name(name_id lower) noexcept
{
    return lower < tag::count ? svg_elements[lower] : lower;
}

name_id svg_attribute_name(name_id lower) noexcept
{
    return lower < tag::count ? svg_attributes[lower] : lower;
}

}  // namespace ferry::documents::detail
