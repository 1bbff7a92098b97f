#include "ferry/documents/detail/html_tags.hpp"
#include "ferry/documents/html.hpp"

// HTML Standard section 13.3.
namespace ferry::html {

namespace {

using documents::no_node;
using documents::node_id;
namespace ns = documents::ns;
namespace tag = documents::detail::tag;

/// Adds `text` with the characters that mean something replaced; U+00A0 is one of them.
void escape(std::string& out, std::string_view text, bool in_attribute)
{
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string_view with;
        std::size_t size = 1;
        switch (text[i]) {
            case '&': with = "&amp;"; break;
            case '<': with = "&lt;"; break;
            case '>': with = "&gt;"; break;
            case '"':
                if (in_attribute) with = "&quot;";
                break;
            case '\xc2':
                if (i + 1 < text.size() && text[i + 1] == '\xa0') {
                    with = "&nbsp;";
                    size = 2;
                }
                break;
            default: break;
        }
        if (with.empty()) continue;
        out.append(text, from, i - from).append(with);
        from = i + size;
        i += size - 1;
    }
    out.append(text, from);
}

std::string element_name(const documents::tree& t, node_id n)
{
    const auto space = t[n].space;
    if (space == ns::html || space == ns::svg || space == ns::mathml)
        return std::string(t.local_name(n));
    return t.qualified_name(n);
}

void open(std::string& out, const documents::tree& t, node_id n)
{
    out += '<';
    out += element_name(t, n);
    for (const auto& a : t.attributes(n)) {
        out += ' ';
        out += a.space == ns::xmlns && a.name != tag::xmlns && a.prefix == 0
                   ? "xmlns:" + t.qualified_name(a)
                   : t.qualified_name(a);
        out += "=\"";
        escape(out, t.value(a), true);
        out += '"';
    }
    out += '>';
}

bool is_html(const documents::tree& t, node_id n, std::uint32_t trait) noexcept
{
    return t[n].space == ns::html && (documents::detail::traits_of(t[n].name) & trait) != 0;
}

void text(std::string& out, const documents::tree& t, node_id n)
{
    const node_id parent = t.parent(n);
    const bool raw =
        parent != no_node && t.is_element(parent) &&
        (is_html(t, parent, documents::detail::has_raw_text) ||
         (t.scripting() && t[parent].name == tag::noscript && t[parent].space == ns::html));
    if (raw)
        out += t.text(n);
    else
        escape(out, t.text(n), false);
}

void close(std::string& out, const documents::tree& t, node_id n)
{
    if (!t.is_element(n) || is_html(t, n, documents::detail::is_void)) return;
    out += "</";
    out += element_name(t, n);
    out += '>';
}

void begin(std::string& out, const documents::tree& t, node_id n)
{
    switch (t.kind(n)) {
        case node_kind::document:
        case node_kind::fragment: break;
        case node_kind::element: open(out, t, n); break;
        case node_kind::text: text(out, t, n); break;
        case node_kind::comment: out.append("<!--").append(t.text(n)).append("-->"); break;
        case node_kind::processing_instruction:
            out.append("<?").append(t.local_name(n)).append(" ").append(t.text(n)).append(">");
            break;
        case node_kind::doctype: out.append("<!DOCTYPE ").append(t.text(n)).append(">"); break;
    }
}

std::string serialise(const documents::tree& t, node_id top, bool outer)
{
    std::string out;
    const node_id end = t.end(top);
    node_id open_at = top;  // the innermost node whose end tag is owed
    if (outer) begin(out, t, top);
    for (node_id n = top + 1; n < end; ++n) {
        for (; t.end(open_at) <= n; open_at = t.parent(open_at)) close(out, t, open_at);
        begin(out, t, n);
        open_at = n;
    }
    for (; open_at != top; open_at = t.parent(open_at)) close(out, t, open_at);
    if (outer) close(out, t, top);
    return out;
}

}  // namespace

std::string node::outer_html() const
{
    return serialise(*tree_, id_, true);
}

std::string node::inner_html() const
{
    return serialise(*tree_, id_, false);
}

}  // namespace ferry::html
