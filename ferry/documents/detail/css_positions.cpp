#include "ferry/documents/detail/css_matcher.hpp"

#include <algorithm>

// Where an element is among its siblings, and `:has()`.
namespace ferry::css::detail {

namespace {

bool counts_from_end(test t) noexcept
{
    return t == test::nth_last_child || t == test::nth_last_of_type;
}

bool counts_types(test t) noexcept
{
    return t == test::nth_of_type || t == test::nth_last_of_type;
}

bool same_type(const documents::node& a, const documents::node& b) noexcept
{
    return a.name == b.name && a.space == b.space;
}

bool is_in_sequence(std::int64_t place, std::int64_t a, std::int64_t b) noexcept
{
    const std::int64_t past = place - b;
    return a == 0 ? past == 0 : past % a == 0 && past / a >= 0;
}

}  // namespace

bool matcher::test_nth(const simple& s, node_id e)
{
    if (!s.list.empty() && !matches(s.list, e)) return false;
    return is_in_sequence(place(s, e), s.a, s.b);
}

/// The element's number among those of its siblings that count, from 1.
std::uint32_t matcher::place(const simple& s, node_id e)
{
    if (s.slot < max_tables && remembers()) {
        auto& places = places_[s.slot];
        if (places.empty()) {
            steps_.charge(tree_.size() / 4);
            places.resize(tree_.size());
        }
        if (places[e] == 0) number_children(s, e, places);
        return places[e];
    }
    std::uint32_t n = 1;
    const bool back = counts_from_end(s.what);
    for (node_id at = back ? next(e) : previous(e); at != no_node;
         at = back ? next(at) : previous(at)) {
        steps_.charge(1);
        const bool counts = counts_types(s.what) ? same_type(tree_[at], tree_[e])
                                                 : s.list.empty() || matches(s.list, at);
        if (counts) ++n;
    }
    return n;
}

/// Numbers all siblings of an element at once.
void matcher::number_children(const simple& s, node_id e, std::vector<std::uint32_t>& places)
{
    const node_id above = tree_.parent(e);
    std::vector<node_id> all;
    for (node_id at = tree_.first_child(above); at != no_node; at = tree_.next_sibling(at))
        if (tree_.is_element(at)) all.push_back(at);
    if (all.empty()) all.push_back(e);  // a fragment's own root
    if (counts_from_end(s.what)) std::reverse(all.begin(), all.end());
    steps_.charge(all.size());
    if (counts_types(s.what)) {
        std::unordered_map<std::uint64_t, std::uint32_t> counts;
        for (const node_id at : all)
            places[at] = ++counts[(std::uint64_t{tree_[at].space} << 32U) | tree_[at].name];
        return;
    }
    std::uint32_t n = 0;
    for (const node_id at : all)
        if (s.list.empty() || matches(s.list, at)) places[at] = ++n;
    // What does not match the list is not asked for its place.
}

// ---- :has()

/// Whether compound `i` of a relative selector, and all after it, can be found from `e`.
bool matcher::has(const complex& c, std::size_t i, node_id e)
{
    steps_.charge(1);
    switch (c.compounds[i].before) {
        case combinator::descendant: return has_below(c, i, e);
        case combinator::later_sibling: return has_later(c, i, e);
        case combinator::next_sibling: {
            const node_id after = next(e);
            return after != no_node && goes_on(c, i, after);
        }
        case combinator::child:
            for (node_id at = tree_.first_child(e); at != no_node; at = tree_.next_sibling(at)) {
                steps_.charge(1);
                if (tree_.is_element(at) && goes_on(c, i, at)) return true;
            }
            return false;
        case combinator::none: break;
    }
    return false;
}

bool matcher::goes_on(const complex& c, std::size_t i, node_id f)
{
    return matches(c.compounds[i], f) && (i + 1 == c.compounds.size() || has(c, i + 1, f));
}

/// Appends what matches in [from, end). \returns where it stopped.
node_id matcher::scan(const complex& c, std::size_t i, node_id from, node_id end,
                      std::vector<node_id>& into, bool first_only)
{
    node_id at = from;
    while (at < end) {
        const node_kind kind = tree_.kind(at);
        if (kind == node_kind::fragment) {
            at = tree_.end(at);
            continue;
        }
        steps_.charge(1);
        const bool hit = kind == node_kind::element && goes_on(c, i, at);
        if (hit) into.push_back(at);
        ++at;
        if (hit && first_only) break;
    }
    return std::min(at, std::max(from, end));
}

/// What matches is the same for whoever asks: it is found once, in document order, as far as
/// somebody has asked.
bool matcher::has_below(const complex& c, std::size_t i, node_id e)
{
    const std::uint32_t slot = c.compounds[i].slot;
    const node_id first = e + 1;
    const node_id end = tree_.end(e);
    if (first < end && tree_.kind(first) == node_kind::fragment) return false;
    if (found_[slot].from == no_node) found_[slot].from = found_[slot].to = first;
    if (first < found_[slot].from) {
        std::vector<node_id> before;
        const node_id to = found_[slot].from;
        scan(c, i, first, to, before, false);
        found_list& now = found_[slot];
        now.all.insert(now.all.begin(), before.begin(), before.end());
        now.from = first;
    }
    for (;;) {
        const found_list& l = found_[slot];
        const auto hit = std::lower_bound(l.all.begin(), l.all.end(), first);
        if (hit != l.all.end()) return *hit < end;
        if (l.to >= end) return false;
        std::vector<node_id> more;
        const node_id to = scan(c, i, l.to, end, more, true);
        found_list& now = found_[slot];
        now.all.insert(now.all.end(), more.begin(), more.end());
        now.to = to;
    }
}

bool matcher::has_later(const complex& c, std::size_t i, node_id e)
{
    const std::uint32_t slot = c.compounds[i].slot;
    std::vector<entry> passed;
    known result = known::no;
    for (node_id at = e;;) {
        if (remembers()) {
            if (const known k = recall(slot, at); k != known::nothing) {
                result = k;
                break;
            }
            passed.push_back({slot, at});
        }
        steps_.charge(1);
        at = next(at);
        if (at == no_node) break;
        if (goes_on(c, i, at)) {
            result = known::yes;
            break;
        }
    }
    record(passed, result);
    return result == known::yes;
}

}  // namespace ferry::css::detail
