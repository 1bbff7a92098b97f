#pragma once

#include "ferry/documents/tree.hpp"

#include <map>
#include <string_view>
#include <utility>

namespace ferry::css::detail {

class step_count;
enum class test : std::uint8_t;

/// The states that the HTML Standard gives to elements of forms and others, section 4.16.3, as they
/// are before anybody touches the page.
class form_states {
public:
    explicit form_states(const documents::tree& t) noexcept : tree_(t) {}

    /// \param e  an HTML element.
    bool holds(test what, documents::node_id e, step_count& steps);

private:
    using node_id = documents::node_id;
    struct radio_group {
        node_id checked = documents::no_node;
    };

    bool is_checked(node_id e, step_count& steps);
    bool is_selected(node_id option, step_count& steps);
    bool is_off(node_id option, step_count& steps) const;
    bool is_disabled(node_id e, step_count& steps) const;
    node_id select_of(node_id e, step_count& steps) const;
    bool is_default(node_id e, step_count& steps);
    bool is_indeterminate(node_id e, step_count& steps);
    bool is_read_write(node_id e, step_count& steps) const;
    bool shows_placeholder(node_id e) const;
    bool can_be_disabled(node_id e) const noexcept;
    node_id form_of(node_id e, step_count& steps);
    void find_groups(step_count& steps);
    bool in_group(node_id e) const noexcept;
    bool has_is(node_id e) const noexcept;

    const documents::tree& tree_;
    bool found_groups_ = false;
    std::map<std::pair<node_id, std::string_view>, radio_group> groups_;
    std::map<node_id, node_id> default_buttons_;       // by form
    std::map<std::string_view, node_id> forms_by_id_;  // for the attribute `form`
    node_id last_select_ = documents::no_node;
    node_id last_selected_ = documents::no_node;
};

}  // namespace ferry::css::detail
