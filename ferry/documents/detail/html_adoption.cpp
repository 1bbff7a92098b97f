#include "ferry/documents/detail/html_construction.hpp"

#include <algorithm>

// Formatting elements: reconstruction, the adoption agency, and customizable select's mirror.
namespace ferry::documents::detail {

void html_construction::reconstruct()
{
    if (formatting_.empty() || formatting_.back().node == no_node ||
        formatting_.is_open(formatting_.back(), stack_))
        return;
    std::size_t first = formatting_.size() - 1;
    while (first > 0 && formatting_[first - 1].node != no_node &&
           !formatting_.is_open(formatting_[first - 1], stack_))
        --first;
    const std::size_t wanted = formatting_.size() - first;
    if (wanted > clones_left_) {
        builder_.set_limited();
        return;
    }
    clones_left_ -= wanted;
    for (std::size_t i = first; i < formatting_.size(); ++i) {
        auto& e = formatting_[i];
        const location at = place();
        const node_id made = builder_.clone_element(e.node);
        builder_.insert(made, at.parent, at.before);
        open(made, e.name, e.name, ns::html, false);
        e.node = made;
        e.at = stack_.size() - 1;
    }
}

void html_construction::start_formatting(html_token& t)
{
    if (t.name == tag::a) {
        if (const std::size_t i = formatting_.find(tag::a); i != formatting_.size()) {
            error("unexpected-start-tag", t);
            const auto old = formatting_[i];
            adopt(t);
            if (const std::size_t left = formatting_.index_of(old.node); left != formatting_.size())
                formatting_.erase(left);
            if (const auto at = stack_.find(old.node, tag::a); at != open_elements::none)
                remove_from_stack(at);
        }
    }
    reconstruct();
    if (t.name == tag::nobr && stack_.in_scope(tag::nobr)) {
        error("unexpected-start-tag", t);
        adopt(t);
        reconstruct();
    }
    const node_id made = insert_html(t);
    if (!formatting_.push(builder_, made, t.name, stack_.size() - 1)) builder_.set_limited();
}

/// The adoption agency algorithm.
bool html_construction::adopt(html_token& t)
{
    if (stack_.top_is(t.name) && formatting_.index_of(stack_.top().node) == formatting_.size()) {
        pop();
        return true;
    }
    for (int round = 0; round < 8; ++round) {
        const std::size_t i = formatting_.find(t.name);
        if (i == formatting_.size()) {
            end_other(t);
            return true;
        }
        const auto at = formatting_[i].at;
        if (!formatting_.is_open(formatting_[i], stack_)) {
            error("adoption-agency-1.2", t);
            formatting_.erase(i);
            return true;
        }
        if (at < stack_.top().scope) {
            error("adoption-agency-4.4", t);
            return true;
        }
        if (at + 1 != stack_.size()) error("adoption-agency-1.3", t);
        if (stack_.top().special <= at) {
            pop_through(at);
            formatting_.erase(i);
            return true;
        }
        if (!spend(stack_.size() - at + formatting_.size())) {
            end_other(t);
            return true;
        }
        auto furthest = at + 1;
        while (stack_[furthest].special != furthest) ++furthest;
        adopt_once(i, furthest);
    }
    return true;
}

/// One round of the outer loop: moves what the formatting element may not contain out of it.
void html_construction::adopt_once(std::size_t formatting, open_elements::index furthest)
{
    const auto at = formatting_[formatting].at;
    const node_id formatting_node = formatting_[formatting].node;
    const node_id block = stack_[furthest].node;
    const location target = place_for(at - 1);
    std::size_t bookmark = formatting;
    node_id last = block;
    std::vector<open_elements::entry> kept;  // topmost first
    int counter = 0;
    for (auto i = furthest - 1; i > at; --i) {
        auto e = stack_[i];
        std::size_t listed = formatting_.index_of(e.node);
        if (++counter > 3 && listed != formatting_.size()) {
            formatting_.erase(listed);
            if (listed < formatting) --formatting;
            if (listed < bookmark) --bookmark;
            listed = formatting_.size();
        }
        if (listed == formatting_.size()) continue;
        e.node = builder_.clone_element(e.node);
        formatting_[listed].node = e.node;
        if (last == block) bookmark = listed + 1;
        builder_.detach(last);
        builder_.insert(last, e.node);
        last = e.node;
        kept.push_back(e);
    }
    builder_.detach(last);
    builder_.insert(last, target.parent, target.before);

    const node_id clone = builder_.clone_element(formatting_node);
    const bool block_is_template =
        stack_[furthest].space == ns::html && stack_[furthest].name == tag::template_;
    const node_id content = block_is_template ? block + 1 : block;
    builder_.move_children(content, clone);
    builder_.insert(clone, content);

    auto entry = formatting_[formatting];
    entry.node = clone;
    formatting_.erase(formatting);
    formatting_.insert(bookmark > formatting ? bookmark - 1 : bookmark, entry);

    auto made = stack_[at];
    made.node = clone;
    std::vector<open_elements::entry> rest(kept.rbegin(), kept.rend());
    rest.push_back(stack_[furthest]);
    rest.push_back(made);
    for (auto i = furthest + 1; i < stack_.size(); ++i) rest.push_back(stack_[i]);
    pop_through(at);
    for (const auto& e : rest) open(e.node, e.name, e.key, e.space, e.html_point);
    formatting_.follow(stack_, at);
}

/// `selectedcontent` shows what the selected option of its select contains: the last option that
/// says `selected`, or else the first that is not disabled.
void html_construction::fill_selected_content()
{
    const tree& t = builder_.view();
    std::vector<node_id> done;
    for (const node_id mirror : selected_contents_) {
        node_id select = t.parent(mirror);
        bool in_option = false;
        while (select != no_node &&
               !(t[select].name == tag::select && t[select].space == ns::html)) {
            in_option = in_option || t[select].name == tag::option;
            select = t.parent(select);
        }
        if (select == no_node || in_option || t.find_attribute(select, tag::multiple) != nullptr ||
            std::ranges::find(done, select) != done.end())
            continue;
        done.push_back(select);
        node_id chosen = no_node;
        for (node_id n = builder_.next_in(select, select); n != no_node;
             n = builder_.next_in(n, select)) {
            if (t[n].kind != node_kind::element || t[n].name != tag::option) continue;
            const bool selected = t.find_attribute(n, tag::selected) != nullptr;
            const bool usable = chosen == no_node && t.find_attribute(n, tag::disabled) == nullptr;
            if (selected || usable) chosen = n;
        }
        // An option inside of the mirror would be replaced by what it contains.
        node_id above = chosen;
        while (above != no_node && above != select && above != mirror) above = t.parent(above);
        if (chosen == no_node || above == mirror) continue;
        if (!builder_.replace_children(mirror, chosen, clones_left_)) builder_.set_limited();
    }
}

}  // namespace ferry::documents::detail
