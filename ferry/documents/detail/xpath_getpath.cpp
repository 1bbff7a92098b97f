#include "ferry/documents/detail/xpath_names.hpp"
#include "ferry/documents/xpath.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace ferry::xpath {

namespace {

using documents::no_node;
using documents::node_id;
using documents::node_kind;
using documents::tree;

/// Elements that need a prefix, which is not known here, go by their place among all elements.
bool is_nameable(const tree& t, node_id n) noexcept
{
    const bool plain = t.is_html() || t[n].space == documents::ns::none;
    return plain && detail::is_ncname(t.local_name(n));
}

/// Whether the step that is written for `n` would find its sibling too.
bool is_alike(const tree& t, node_id n, node_id sibling, bool by_name, documents::name_id lower)
{
    if (t.kind(n) != t.kind(sibling)) return false;
    if (!t.is_element(n) || !by_name) return true;
    const documents::name_id name = t[sibling].name;
    return name == t[n].name || (t.is_html() && name == lower);
}

std::string step_to(const tree& t, node_id n)
{
    const bool by_name = t.is_element(n) && is_nameable(t, n);
    std::string out;
    switch (t.kind(n)) {
        case node_kind::element: out = by_name ? std::string(t.local_name(n)) : "*"; break;
        case node_kind::text: out = "text()"; break;
        case node_kind::comment: out = "comment()"; break;
        case node_kind::processing_instruction: out = "processing-instruction()"; break;
        default: return "node()";
    }
    const documents::name_id lower =
        by_name ? t.find_name(detail::lowered(t.local_name(n))) : documents::no_name;
    std::size_t before = 0;
    bool is_alone = true;
    for (node_id s = t.previous_sibling(n); s != no_node; s = t.previous_sibling(s)) {
        if (is_alike(t, n, s, by_name, lower)) ++before;
    }
    for (node_id s = t.next_sibling(n); s != no_node && is_alone; s = t.next_sibling(s)) {
        is_alone = !is_alike(t, n, s, by_name, lower);
    }
    if (before > 0 || !is_alone) out += '[' + std::to_string(before + 1) + ']';
    return out;
}

/// The attribute by name, or by its place among those that XPath sees; the namespace by prefix.
std::string step_to_attribute(const node& n)
{
    if (n.is_namespace()) return "namespace::" + (n.name().empty() ? "*[name()='']" : n.name());
    const tree& t = n.tree();
    const auto all = t.attributes(n.id());
    const documents::attribute& a = all[n.attribute()];
    if (a.space == documents::ns::none && detail::is_ncname(t.name(a.name))) {
        return "@" + std::string(t.name(a.name));
    }
    const auto visible = std::count_if(
        all.begin(), all.begin() + n.attribute() + 1,
        [](const documents::attribute& one) { return one.space != documents::ns::xmlns; });
    return "@*[" + std::to_string(visible) + ']';
}

}  // namespace

std::string getpath(const node& n)
{
    const tree& t = n.tree();
    std::vector<std::string> steps;
    if (n.is_attribute()) steps.push_back(step_to_attribute(n));
    for (node_id at = n.id(); t.kind(at) != node_kind::fragment && t.parent(at) != no_node;
         at = t.parent(at)) {
        steps.push_back(step_to(t, at));
    }
    std::string out;
    for (auto s = steps.rbegin(); s != steps.rend(); ++s) out += '/' + *s;
    return out.empty() ? "/" : out;
}

}  // namespace ferry::xpath
