#pragma once

#include "ferry/documents/xml_draft.hpp"

#include <deque>
#include <unordered_map>

namespace ferry::xml {

using documents::no_node;
using documents::node_id;

/// The nodes, by number. What is taken out stays here until the draft ends.
class draft::impl {
public:
    struct attribute {
        std::uint32_t name;
        std::string value;
    };

    struct part {
        node_kind kind = node_kind::element;
        std::uint32_t name = 0;
        node_id parent = no_node;
        node_id first = no_node;
        node_id last = no_node;
        node_id previous = no_node;
        node_id next = no_node;
        std::string text;  // of a doctype: its internal subset
        std::string tail;
        std::vector<attribute> attributes;
        std::vector<std::pair<std::string, std::string>> declared;
    };

    struct full_name {
        std::string uri;
        std::string local;
        std::string prefix;  // a wish
    };

    impl() { parts_.emplace_back().kind = node_kind::document; }

    part& operator[](node_id n) { return parts_[n]; }
    const part& operator[](node_id n) const { return parts_[n]; }
    const full_name& name(std::uint32_t n) const { return names_[n]; }

    std::uint32_t intern(std::string_view uri, std::string_view local, std::string_view prefix = {})
    {
        const std::string key = '{' + std::string(uri) + '}' + std::string(local);
        const auto [found, fresh] =
            name_index_.try_emplace(key, static_cast<std::uint32_t>(names_.size()));
        if (fresh)
            names_.push_back({std::string(uri), std::string(local), std::string(prefix)});
        else if (names_[found->second].prefix.empty())
            names_[found->second].prefix = prefix;
        return found->second;
    }

    /// \throws error  it is no `local` or `{uri}local`.
    std::uint32_t parse_name(std::string_view tag);

    /// The attribute of that name, or null.
    attribute* find(node_id n, std::string_view tag)
    {
        for (attribute& a : parts_[n].attributes)
            if (clark(a.name) == tag) return &a;
        return nullptr;
    }

    std::string clark(std::uint32_t name) const
    {
        const full_name& n = names_[name];
        return n.uri.empty() ? n.local : '{' + n.uri + '}' + n.local;
    }

    node_id make(node_kind kind)
    {
        parts_.emplace_back().kind = kind;
        return static_cast<node_id>(parts_.size() - 1);
    }

    void link(node_id n, node_id parent, node_id before = no_node)
    {
        part& made = parts_[n];
        part& up = parts_[parent];
        made.parent = parent;
        made.next = before;
        made.previous = before == no_node ? up.last : parts_[before].previous;
        (made.previous == no_node ? up.first : parts_[made.previous].next) = n;
        (before == no_node ? up.last : parts_[before].previous) = n;
    }

    void unlink(node_id n)
    {
        part& out = parts_[n];
        if (out.parent == no_node) return;
        part& up = parts_[out.parent];
        (out.previous == no_node ? up.first : parts_[out.previous].next) = out.next;
        (out.next == no_node ? up.last : parts_[out.next].previous) = out.previous;
        out.parent = out.previous = out.next = no_node;
    }

    bool is_inside(node_id n, node_id of) const
    {
        for (; n != no_node; n = parts_[n].parent)
            if (n == of) return true;
        return false;
    }

    node_id child_at(node_id parent, std::size_t index) const
    {
        node_id n = parts_[parent].first;
        for (; n != no_node && index > 0; --index) n = parts_[n].next;
        return n;
    }

    node_id next_in(node_id n, node_id top) const
    {
        if (parts_[n].first != no_node) return parts_[n].first;
        while (n != top && parts_[n].next == no_node) n = parts_[n].parent;
        return n == top ? no_node : parts_[n].next;
    }

    void copy(const documents::tree& from, node_id top, node_id to);
    document finish() const;

    std::map<std::string, std::string> preferred;  // prefix by namespace

private:
    node_id copy_one(const documents::tree& from, node_id n);

    std::deque<part> parts_;
    std::vector<full_name> names_;
    std::unordered_map<std::string, std::uint32_t> name_index_;
};

}  // namespace ferry::xml
