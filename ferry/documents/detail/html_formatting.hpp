#pragma once

#include "ferry/documents/detail/html_stack.hpp"

namespace ferry::documents::detail {

/// The list of active formatting elements. HTML Standard 13.2.4.3.
class active_formatting {
public:
    struct entry {
        node_id node = no_node;  ///< no_node: a marker
        name_id name = no_name;
        open_elements::index at = open_elements::none;  ///< where it is in the stack, if it is
    };

    /// Formatting elements after the last marker: more are not kept, the earliest is forgotten.
    static constexpr std::size_t max_active = 128;

    bool empty() const noexcept { return entries_.empty(); }
    std::size_t size() const noexcept { return entries_.size(); }
    entry& operator[](std::size_t i) noexcept { return entries_[i]; }
    entry& back() noexcept { return entries_.back(); }

    bool is_open(const entry& e, const open_elements& stack) const noexcept
    {
        return e.at < stack.size() && stack[e.at].node == e.node;
    }

    /// \returns false if the limit made it forget an element.
    bool push(const tree_builder& builder, node_id node, name_id name, open_elements::index at);
    void push_marker() { entries_.emplace_back(); }
    void clear_to_marker() noexcept;
    void erase(std::size_t i);
    void insert(std::size_t i, const entry& e);
    std::size_t index_of(node_id node) const noexcept;  ///< size() if absent
    /// The last element of that name after the last marker; size() if there is none.
    std::size_t find(name_id name) const noexcept;
    /// Learns where the elements from `from` on are in the stack now.
    void follow(const open_elements& stack, open_elements::index from) noexcept;

private:
    std::vector<entry> entries_;
};

}  // namespace ferry::documents::detail
