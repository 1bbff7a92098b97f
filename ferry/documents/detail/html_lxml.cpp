#include "ferry/documents/detail/html_lxml.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/tree_builder.hpp"

#include <libxml/HTMLparser.h>

#include <limits>
#include <memory>
#include <vector>

namespace ferry::documents::detail {

namespace {

std::string_view view(const xmlChar* text) noexcept
{
    return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

struct free_document {
    void operator()(xmlDoc* d) const { xmlFreeDoc(d); }
};
using document_ptr = std::unique_ptr<xmlDoc, free_document>;

document_ptr read(const std::string& text)
{
    constexpr int most = std::numeric_limits<int>::max();
    if (text.size() > static_cast<std::size_t>(most))
        throw limit_error("max_bytes", static_cast<std::uint64_t>(most));
    constexpr int flags = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                          HTML_PARSE_NONET | HTML_PARSE_NODEFDTD | HTML_PARSE_COMPACT;
    return document_ptr(htmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, "UTF-8",
                                       flags | XML_PARSE_HUGE));
}

/// Copies libxml2's nodes in document order, without recursion.
class copier {
public:
    copier(tree_builder& to, std::size_t max_depth) : to_(to), max_depth_(max_depth) {}

    /// What is below `top` goes below the document node.
    void children_of(const xmlNode* top)
    {
        std::vector<node_id> open = {tree::root()};
        const xmlNode* at = top->children;
        while (at != nullptr) {
            const node_id made = copy(*at, open.back());
            if (at->type == XML_ELEMENT_NODE && at->children != nullptr) {
                open.push_back(made);
                if (max_depth_ != 0 && open.size() > max_depth_ + 1)
                    throw limit_error("max_depth", max_depth_);
                at = at->children;
                continue;
            }
            while (at != nullptr && at->next == nullptr) {
                at = at->parent == top ? nullptr : at->parent;
                if (at != nullptr) open.pop_back();
            }
            if (at != nullptr) at = at->next;
        }
    }

private:
    node_id copy(const xmlNode& n, node_id parent)
    {
        switch (n.type) {
            case XML_ELEMENT_NODE: return added(element(n), parent);
            case XML_TEXT_NODE:
            case XML_CDATA_SECTION_NODE: to_.insert_text(view(n.content), parent); return no_node;
            case XML_COMMENT_NODE:
                return added(to_.make(node_kind::comment, view(n.content), 0), parent);
            case XML_PI_NODE:
                return added(to_.make(node_kind::processing_instruction, view(n.content), 0,
                                      to_.intern(view(n.name))),
                             parent);
            case XML_DTD_NODE: {
                const auto& dtd = reinterpret_cast<const xmlDtd&>(n);
                const auto given = [](const xmlChar* id) {
                    return id == nullptr ? std::nullopt : std::optional(view(id));
                };
                return added(
                    to_.make_doctype(view(dtd.name), given(dtd.ExternalID), given(dtd.SystemID)),
                    parent);
            }
            default: return no_node;
        }
    }

    node_id element(const xmlNode& n)
    {
        attributes_.clear();
        for (const xmlAttr* a = n.properties; a != nullptr; a = a->next) {
            const std::unique_ptr<xmlChar, void (*)(void*)> value(
                xmlNodeListGetString(n.doc, a->children, 1), xmlFree);
            attributes_.push_back(to_.make_attribute(to_.intern(view(a->name)), view(value.get())));
        }
        return to_.make_element(to_.intern(view(n.name)), ns::html, attributes_, 0);
    }

    node_id added(node_id made, node_id parent)
    {
        to_.insert(made, parent);
        return made;
    }

    tree_builder& to_;
    std::size_t max_depth_;
    std::vector<attribute> attributes_;
};

const xmlNode* child_named(const xmlNode* of, std::string_view name) noexcept
{
    const xmlNode* at = of == nullptr ? nullptr : of->children;
    while (at != nullptr && (at->type != XML_ELEMENT_NODE || view(at->name) != name)) at = at->next;
    return at;
}

}  // namespace

tree lxml_tree(std::string text, bool fragment, std::size_t max_depth)
{
    const document_ptr from = read(fragment ? "<html><body>" + text + "</body></html>" : text);
    tree_builder to(std::move(text));
    to.set_html(quirks_mode::no_quirks);
    copier copies(to, max_depth);
    const auto* const top = reinterpret_cast<const xmlNode*>(from.get());
    if (top != nullptr && !fragment) copies.children_of(top);
    const xmlNode* const body = child_named(child_named(top, "html"), "body");
    if (fragment && body != nullptr) copies.children_of(body);
    return std::move(to).finish();
}

}  // namespace ferry::documents::detail
