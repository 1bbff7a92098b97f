#include "ferry/documents/detail/html_stack.hpp"

#include <utility>

namespace ferry::documents::detail {

void open_elements::deepen()
{
    last_.assign(2 * std::size_t{tag::count}, none);
    for (index i = 0; i < size(); ++i) {
        const std::size_t at = slot(entries_[i]);
        if (at >= last_.size()) last_.resize(2 * at, none);
        entries_[i].below_same = std::exchange(last_[at], i);
    }
}

void open_elements::push(node_id node, name_id name, name_id key, namespace_id space,
                         bool html_point)
{
    const index here = size();
    entry e = entries_.empty() ? entry() : entries_.back();
    e.node = node;
    e.name = name;
    e.key = key;
    e.space = space;
    e.html_point = html_point;
    e.math_text = false;
    if (space == ns::html) {
        const std::uint32_t traits = traits_of(name);
        e.html = here;
        if ((traits & is_special) != 0) {
            e.special = here;
            if ((traits & is_transparent_to_items) == 0) e.item = here;
            constexpr std::uint32_t bounds =
                bounds_scope | bounds_button_scope | bounds_list_scope | bounds_table_scope;
            if ((traits & bounds) != 0) {
                if ((traits & bounds_scope) != 0) e.scope = e.button_scope = e.list_scope = here;
                if ((traits & bounds_button_scope) != 0) e.button_scope = here;
                if ((traits & bounds_list_scope) != 0) e.list_scope = here;
                if ((traits & bounds_table_scope) != 0) e.table_scope = here;
            }
        }
    } else {
        const std::uint32_t traits = traits_of(name);
        e.math_text = space == ns::mathml && (traits & is_math_text) != 0;
        const bool bounds = e.math_text || (space == ns::svg && (traits & is_html_point) != 0) ||
                            (space == ns::mathml && name == tag::annotation_xml);
        if (bounds) e.scope = e.button_scope = e.list_scope = e.special = e.item = here;
    }
    const std::size_t at = slot(e);
    if (last_.empty() && entries_.size() == shallow) deepen();
    if (!last_.empty() && at >= last_.size()) last_.resize(2 * at, none);
    e.below_same = std::exchange(head(at), here);
    entries_.push_back(e);
}

void open_elements::pop() noexcept
{
    const entry& e = entries_.back();
    head(slot(e)) = e.below_same;
    entries_.pop_back();
}

open_elements::index open_elements::find(node_id node, name_id name) const noexcept
{
    index at = find(name);
    while (at != none && entries_[at].node != node) at = entries_[at].below_same;
    return at;
}

open_elements::index open_elements::remove(index at)
{
    const std::vector<entry> above(entries_.begin() + at + 1, entries_.end());
    while (size() > at) pop();
    for (const entry& e : above) push(e.node, e.name, e.key, e.space, e.html_point);
    return static_cast<index>(above.size());
}

open_elements::index open_elements::insert(index at, const entry& made)
{
    const std::vector<entry> above(entries_.begin() + at, entries_.end());
    while (size() > at) pop();
    push(made.node, made.name, made.key, made.space, made.html_point);
    for (const entry& e : above) push(e.node, e.name, e.key, e.space, e.html_point);
    return static_cast<index>(above.size());
}

}  // namespace ferry::documents::detail
