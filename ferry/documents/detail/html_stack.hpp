#pragma once

#include "ferry/documents/detail/html_tags.hpp"
#include "ferry/documents/tree_builder.hpp"

#include <array>
#include <vector>

namespace ferry::documents::detail {

/// The stack of open elements. Every entry knows the nearest boundary of each scope at or below it,
/// and every name its topmost entry, so that "has an element in scope" costs the same however deep
/// the document is.
class open_elements {
public:
    using index = std::uint32_t;  ///< 0 is the html element
    static constexpr index none = 0xffff'ffff;

    struct entry {
        node_id node = no_node;
        name_id name = no_name;  ///< as in the tree
        name_id key = no_name;   ///< as in the token: lower case
        namespace_id space = ns::html;
        bool html_point = false;  ///< HTML integration point
        bool math_text = false;   ///< MathML text integration point
        index below_same = none;  ///< the next entry below in the same place of the table
        // The nearest entry at or below this one that bounds...
        index scope = 0;
        index button_scope = 0;
        index list_scope = 0;
        index table_scope = 0;
        index special = 0;  // ...the search for any other end tag
        index item = 0;     // ...the search for an open list item
        index html = 0;     // ...a run of foreign elements
    };

    open_elements()
    {
        near_.fill(none);
        entries_.reserve(16);
    }

    bool empty() const noexcept { return entries_.empty(); }
    index size() const noexcept { return static_cast<index>(entries_.size()); }
    const entry& operator[](index i) const noexcept { return entries_[i]; }
    const entry& top() const noexcept { return entries_.back(); }
    bool top_is(name_id name) const noexcept
    {
        return top().name == name && top().space == ns::html;
    }

    void push(node_id node, name_id name, name_id key, namespace_id space, bool html_point);
    void pop() noexcept;
    /// Change the middle. \returns the number of entries above, which is the cost.
    index remove(index at);
    index insert(index at, const entry& made);
    void replace(index at, node_id node) noexcept { entries_[at].node = node; }

    /// The topmost open HTML element of that name.
    index find(name_id name) const noexcept { return last(2 * std::size_t{name}); }
    index find_foreign(name_id key) const noexcept { return last(2 * std::size_t{key} + 1); }
    /// Where `node` is in the stack, given its name.
    index find(node_id node, name_id name) const noexcept;

    bool in_scope(name_id name) const noexcept { return is_above(name, top().scope); }
    bool in_button_scope(name_id name) const noexcept { return is_above(name, top().button_scope); }
    bool in_list_scope(name_id name) const noexcept { return is_above(name, top().list_scope); }
    bool in_table_scope(name_id name) const noexcept { return is_above(name, top().table_scope); }
    bool is_above(name_id name, index bound) const noexcept
    {
        const index at = find(name);
        return at != none && at >= bound;
    }

private:
    index last(std::size_t slot) const noexcept
    {
        if (!last_.empty()) return slot < last_.size() ? last_[slot] : none;
        index at = near_[slot % near_.size()];
        while (at != none && open_elements::slot(entries_[at]) != slot)
            at = entries_[at].below_same;
        return at;
    }
    index& head(std::size_t slot) noexcept
    {
        return last_.empty() ? near_[slot % near_.size()] : last_[slot];
    }
    void deepen();
    static std::size_t slot(const entry& e) noexcept
    {
        return e.space == ns::html ? 2 * std::size_t{e.name} : 2 * std::size_t{e.key} + 1;
    }

    static constexpr std::size_t shallow = 64;

    std::vector<entry> entries_;
    // The topmost entry of a name, and of others that fall into the same place; once there are many
    // entries, of each name by itself.
    std::array<index, shallow> near_;
    std::vector<index> last_;
};

}  // namespace ferry::documents::detail
