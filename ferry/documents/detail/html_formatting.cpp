#include "ferry/documents/detail/html_formatting.hpp"

#include <algorithm>

namespace ferry::documents::detail {

namespace {

bool same_attributes(const tree& t, node_id a, node_id b) noexcept
{
    if (t[a].count != t[b].count) return false;
    if (t[a].first == t[b].first) return true;
    const std::span all(t.attributes(b));
    return std::ranges::all_of(t.attributes(a), [&](const attribute& one) {
        const auto same = [&](const attribute& other) {
            return other.name == one.name && other.space == one.space &&
                   t.value(other) == t.value(one);
        };
        return std::ranges::any_of(all, same);
    });
}

}  // namespace

bool active_formatting::push(const tree_builder& builder, node_id node, name_id name,
                             open_elements::index at)
{
    // At most three of the same kind after the last marker: the Noah's Ark clause.
    std::size_t first = entries_.size();
    std::size_t earliest = 0;
    std::size_t same = 0;
    while (first > 0 && entries_[first - 1].node != no_node) {
        const entry& e = entries_[--first];
        if (e.name == name && same_attributes(builder.view(), e.node, node)) {
            ++same;
            earliest = first;
        }
    }
    bool kept = true;
    if (same >= 3) {
        erase(earliest);
    } else if (entries_.size() - first >= max_active) {
        erase(first);
        kept = false;
    }
    entries_.push_back({node, name, at});
    return kept;
}

void active_formatting::clear_to_marker() noexcept
{
    while (!entries_.empty()) {
        const bool marker = entries_.back().node == no_node;
        entries_.pop_back();
        if (marker) break;
    }
}

void active_formatting::erase(std::size_t i)
{
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
}

void active_formatting::insert(std::size_t i, const entry& e)
{
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(i), e);
}

std::size_t active_formatting::index_of(node_id node) const noexcept
{
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [node](const entry& e) { return e.node == node; });
    return static_cast<std::size_t>(found - entries_.begin());
}

std::size_t active_formatting::find(name_id name) const noexcept
{
    for (std::size_t i = entries_.size(); i > 0 && entries_[i - 1].node != no_node; --i)
        if (entries_[i - 1].name == name) return i - 1;
    return entries_.size();
}

void active_formatting::follow(const open_elements& stack, open_elements::index from) noexcept
{
    for (entry& e : entries_) {
        if (e.node == no_node || (e.at < from && stack[e.at].node == e.node)) continue;
        e.at = stack.find(e.node, e.name);
    }
}

}  // namespace ferry::documents::detail
