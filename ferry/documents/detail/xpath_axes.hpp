#pragma once

#include "ferry/documents/detail/xpath_ast.hpp"
#include "ferry/documents/detail/xpath_namespaces.hpp"
#include "ferry/documents/tree.hpp"

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ferry::xpath::detail {

using documents::no_node;
using documents::node_id;
using documents::node_kind;
using documents::tree;

/// A node, attribute or namespace of the tree that is evaluated; ordered as in the document, an
/// element's namespaces and then its attributes between itself and its children. Behind them all:
/// nodes of other trees, which functions have given.
struct item {
    node_id node = no_node;       ///< no_node: of another tree
    std::uint32_t attribute = 0;  ///< index + 1, or 0 for the node itself; see namespace_bit

    bool is_foreign() const noexcept { return node == no_node; }
    bool is_namespace() const noexcept { return (attribute & namespace_bit) != 0; }
    std::uint64_t key() const noexcept
    {
        const std::uint32_t place = attribute == 0 ? 0 : attribute ^ namespace_bit;
        return (std::uint64_t{node} << 32U) | place;
    }
    friend bool operator==(const item&, const item&) = default;
    friend auto operator<=>(const item& a, const item& b) noexcept { return a.key() <=> b.key(); }
};

using node_set = std::vector<item>;

/// A name, resolved against the names of one tree. HTML names have two spellings that match.
struct bound_name {
    documents::name_id name = documents::no_name;
    documents::name_id other = documents::no_name;
    documents::namespace_id space = documents::ns::none;
    bool any_space = false;
    bool possible = false;  ///< whether the tree has such a name at all

    bool operator()(documents::name_id id, documents::namespace_id in) const noexcept
    {
        return (id == name || id == other) && (any_space || in == space);
    }
};

// ---- node tests

struct is_named {
    bound_name name;
    bool operator()(const documents::node& n) const noexcept
    {
        return name(n.name, n.space) && n.kind == node_kind::element;
    }
};
struct is_in_namespace {
    documents::namespace_id space;
    bool operator()(const documents::node& n) const noexcept
    {
        return n.kind == node_kind::element && n.space == space;
    }
};
template <node_kind Kind>
struct is_kind {
    bool operator()(const documents::node& n) const noexcept { return n.kind == Kind; }
};
struct is_instruction {
    const tree* of;
    std::string_view target;  ///< empty: any
    bool operator()(const documents::node& n) const noexcept
    {
        return n.kind == node_kind::processing_instruction &&
               (target.empty() || of->name(n.name) == target);
    }
};
struct is_any_node {
    bool operator()(const documents::node& n) const noexcept
    {
        return n.kind != node_kind::doctype && n.kind != node_kind::fragment;
    }
};

/// Visits the nodes of an axis that pass a test, in the axis's order. One loop is compiled for each
/// kind of axis, test and visitor: nothing is called through a pointer for a node that fails.
///
/// Each function returns false if the visitor did, which ends the walk. `visited` counts the nodes
/// that were looked at.
template <class Test>
class axis_walker {
public:
    axis_walker(const tree& t, const Test& test, std::uint64_t& visited)
        : tree_(t), test_(test), visited_(visited)
    {
    }

    template <class Visit>
    bool walk(axis a, node_id n, Visit&& visit)
    {
        switch (a) {
            case axis::child: return siblings(tree_.first_child(n), visit);
            case axis::descendant: return range(n + 1, tree_.end(n), visit);
            case axis::descendant_or_self:
                return one(n, visit) && range(n + 1, tree_.end(n), visit);
            case axis::self: return one(n, visit);
            case axis::parent: {
                const node_id up = parent(n);
                return up == no_node || one(up, visit);
            }
            case axis::ancestor: return ancestors(parent(n), visit);
            case axis::ancestor_or_self: return ancestors(n, visit);
            case axis::following_sibling: return siblings(tree_.next_sibling(n), visit);
            case axis::preceding_sibling: return siblings_before(tree_.previous_sibling(n), visit);
            case axis::following: return range(tree_.end(n), end_of_root(n), visit);
            case axis::preceding: return preceding(n, visit);
            case axis::attribute:
            case axis::namespaces: return true;
        }
        return true;
    }

    /// All nodes in [first, end) but for the contents of templates.
    template <class Visit>
    bool range(node_id first, node_id end, Visit& visit)
    {
        node_id at = first;
        bool goes_on = true;
        if (!tree_.has_fragments()) {
            for (; at < end && goes_on; ++at) {
                if (test_(tree_[at])) goes_on = visit(item{at, 0});
            }
        } else {
            while (at < end && goes_on) {
                if (tree_.kind(at) == node_kind::fragment) {
                    at = tree_.end(at);
                    continue;
                }
                if (test_(tree_[at])) goes_on = visit(item{at, 0});
                ++at;
            }
        }
        visited_ += at - first;
        return goes_on;
    }

    /// XPath's parent: what a template's contents are in is not seen from inside.
    node_id parent(node_id n) const noexcept
    {
        return tree_.kind(n) == node_kind::fragment ? no_node : tree_.parent(n);
    }

private:
    template <class Visit>
    bool one(node_id n, Visit& visit)
    {
        ++visited_;
        // A fragment is the root of what it contains, as the document node is.
        const bool is_root = tree_.kind(n) == node_kind::fragment;
        const bool passes = is_root ? std::is_same_v<Test, is_any_node> : test_(tree_[n]);
        return !passes || visit(item{n, 0});
    }

    template <class Visit>
    bool siblings(node_id first, Visit& visit)
    {
        for (node_id n = first; n != no_node; n = tree_.next_sibling(n)) {
            ++visited_;
            if (test_(tree_[n]) && !visit(item{n, 0})) return false;
        }
        return true;
    }

    template <class Visit>
    bool siblings_before(node_id first, Visit& visit)
    {
        for (node_id n = first; n != no_node; n = tree_.previous_sibling(n)) {
            ++visited_;
            if (test_(tree_[n]) && !visit(item{n, 0})) return false;
        }
        return true;
    }

    template <class Visit>
    bool ancestors(node_id first, Visit& visit)
    {
        for (node_id n = first; n != no_node; n = parent(n)) {
            if (!one(n, visit)) return false;
        }
        return true;
    }

    node_id end_of_root(node_id n) const noexcept
    {
        if (!tree_.has_fragments()) return tree_.size();
        for (node_id up = parent(n); up != no_node; up = parent(n)) n = up;
        return tree_.end(n);
    }

    /// Back to the root: the subtrees of the siblings before each ancestor-or-self.
    template <class Visit>
    bool preceding(node_id n, Visit& visit)
    {
        for (; n != no_node; n = parent(n)) {
            if (tree_.kind(n) == node_kind::fragment) return true;
            for (node_id s = tree_.previous_sibling(n); s != no_node;
                 s = tree_.previous_sibling(s)) {
                if (!range_backwards(s, tree_.end(s), visit)) return false;
            }
        }
        return true;
    }

    template <class Visit>
    bool range_backwards(node_id first, node_id end, Visit& visit)
    {
        if (tree_.has_fragments()) {
            node_set found;
            auto keep = [&found](item x) {
                found.push_back(x);
                return true;
            };
            range(first, end, keep);
            for (auto x = found.rbegin(); x != found.rend(); ++x) {
                if (!visit(*x)) return false;
            }
            return true;
        }
        for (node_id at = end; at-- > first;) {
            ++visited_;
            if (test_(tree_[at]) && !visit(item{at, 0})) return false;
        }
        return true;
    }

    const tree& tree_;
    Test test_;
    std::uint64_t& visited_;
};

}  // namespace ferry::xpath::detail
