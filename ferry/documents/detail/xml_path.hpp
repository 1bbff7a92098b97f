#pragma once

#include "ferry/documents/xml.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ferry::xml::detail {

/// A name in an ElementTree path; `any` for `*`.
struct path_name {
    std::optional<std::string> uri;    ///< nothing: any namespace
    std::optional<std::string> local;  ///< nothing: any name
};

struct path_predicate {
    enum class kind : std::uint8_t {
        has_attribute,
        attribute,  ///< is `text`, or is not
        has_child,
        child,  ///< one of that name has `text` as its whole text
        own_text,
        index,     ///< from 1
        from_end,  ///< 0 is last()
    };
    kind is = kind::index;
    path_name name;
    std::string text;
    bool negated = false;
    std::size_t index = 0;
};

struct path_step {
    enum class kind : std::uint8_t { child, descendant, self, parent };
    kind is = kind::child;
    path_name name;
    std::vector<path_predicate> predicates;
};

/// \throws ferry::parse_error
std::vector<path_step> parse_path(std::string_view path, const ns_map& with);

/// Selects by an ElementTree path. `Tree` says what there is to see of a tree: `node_id`s,
/// first_element(n), next_element(n), parent_element(n), next_in(n, top), matches(n, name),
/// value(n, name), whole_text(n), tag(n), in_order(nodes).
template <class Tree>
class path_selector {
public:
    using id = documents::node_id;

    explicit path_selector(const Tree& of) : of_(of) {}

    std::vector<id> select(const std::vector<path_step>& steps, id from)
    {
        std::vector<id> now{from};
        for (const path_step& s : steps) {
            std::vector<id> next;
            std::unordered_set<id> seen;
            const bool may_repeat = now.size() > 1 && s.is != path_step::kind::child;
            const auto add = [&](id n) {
                if (!may_repeat || seen.insert(n).second) next.push_back(n);
            };
            for (const id n : now) step(s, n, add);
            for (const path_predicate& p : s.predicates) filter(p, next);
            if (now.size() > 1) of_.in_order(next);
            now = std::move(next);
        }
        return now;
    }

private:
    template <class Add>
    void step(const path_step& s, id n, const Add& add)
    {
        switch (s.is) {
            case path_step::kind::self: add(n); break;
            case path_step::kind::parent:
                if (const id up = of_.parent_element(n); up != documents::no_node) add(up);
                break;
            case path_step::kind::child:
                for (id c = of_.first_element(n); c != documents::no_node; c = of_.next_element(c))
                    if (of_.matches(c, s.name)) add(c);
                break;
            case path_step::kind::descendant:
                for (id d = of_.next_in(n, n); d != documents::no_node; d = of_.next_in(d, n))
                    if (of_.matches(d, s.name)) add(d);
                break;
        }
    }

    void filter(const path_predicate& p, std::vector<id>& nodes)
    {
        if (p.is == path_predicate::kind::index || p.is == path_predicate::kind::from_end) {
            filter_by_place(p, nodes);
            return;
        }
        std::erase_if(nodes, [&](id n) { return !holds(p, n); });
    }

    bool holds(const path_predicate& p, id n)
    {
        switch (p.is) {
            case path_predicate::kind::has_attribute: return of_.value(n, p.name).has_value();
            case path_predicate::kind::attribute: {
                const auto found = of_.value(n, p.name);
                return found.has_value() && (*found == p.text) != p.negated;
            }
            case path_predicate::kind::own_text: return (of_.whole_text(n) == p.text) != p.negated;
            default: break;
        }
        for (id c = of_.first_element(n); c != documents::no_node; c = of_.next_element(c)) {
            if (!of_.matches(c, p.name)) continue;
            if (p.is == path_predicate::kind::has_child ||
                (of_.whole_text(c) == p.text) != p.negated)
                return true;
        }
        return false;
    }

    /// ElementTree counts among the siblings of the same tag.
    void filter_by_place(const path_predicate& p, std::vector<id>& nodes)
    {
        struct place {
            std::size_t index = 0;
            std::size_t* count = nullptr;
        };
        std::unordered_map<id, place> places;
        std::unordered_map<id, std::unordered_map<std::uint64_t, std::size_t>> counts;
        for (const id n : nodes) {
            const id up = of_.parent_element(n);
            if (up == documents::no_node || counts.contains(up)) continue;
            auto& here = counts[up];
            for (id c = of_.first_element(up); c != documents::no_node; c = of_.next_element(c)) {
                std::size_t& count = here[of_.tag(c)];
                places[c] = {++count, &count};
            }
        }
        std::erase_if(nodes, [&](id n) {
            const auto found = places.find(n);
            if (found == places.end()) return true;
            const place& at = found->second;
            return p.is == path_predicate::kind::index ? at.index != p.index
                                                       : at.index + p.index != *at.count;
        });
    }

    const Tree& of_;
};

}  // namespace ferry::xml::detail
