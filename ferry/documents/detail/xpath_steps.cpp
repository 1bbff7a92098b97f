#include "ferry/documents/detail/xpath_evaluator.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace ferry::xpath::detail {

// ---- one step from one node

template <class Test, class Visit>
bool evaluator::walk_test(axis along, item from, const Test& test, Visit& visit)
{
    std::uint64_t visited = 1;
    axis_walker<Test> walker(tree_, test, visited);
    bool goes_on = true;
    if (from.attribute == 0) {
        goes_on = walker.walk(along, from.node, visit);
    } else {
        // An attribute has no children and no siblings, and only node() is true for it.
        constexpr bool passes = std::is_same_v<Test, is_any_node>;
        // Of a node of another tree nothing more is known here.
        const bool stays = along == axis::self || along == axis::descendant_or_self ||
                           along == axis::ancestor_or_self;
        if (from.is_foreign()) return !stays || !passes || visit(from);
        switch (along) {
            case axis::self:
            case axis::descendant_or_self: goes_on = !passes || visit(from); break;
            case axis::parent: goes_on = walker.walk(axis::self, from.node, visit); break;
            case axis::ancestor_or_self:
                goes_on = (!passes || visit(from)) &&
                          walker.walk(axis::ancestor_or_self, from.node, visit);
                break;
            case axis::ancestor:
                goes_on = walker.walk(axis::ancestor_or_self, from.node, visit);
                break;
            case axis::following:
                goes_on = walker.walk(axis::descendant, from.node, visit) &&
                          walker.walk(axis::following, from.node, visit);
                break;
            case axis::preceding: goes_on = walker.walk(along, from.node, visit); break;
            default: break;
        }
    }
    charge(visited);
    return goes_on;
}

template <class Visit>
bool evaluator::walk_attributes(const step& s, item from, Visit& visit)
{
    if (from.attribute != 0 || !tree_.is_element(from.node)) return true;
    const auto all = tree_.attributes(from.node);
    charge(1 + all.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        const documents::attribute& a = all[i];
        if (a.space == documents::ns::xmlns) continue;
        const bool passes = s.test == test::node || s.test == test::any ||
                            (s.test == test::name && names_[s.slot](a.name, a.space)) ||
                            (s.test == test::any_in_namespace && a.space == names_[s.slot].space);
        if (passes && !visit(item{from.node, i + 1})) return false;
    }
    return true;
}

template <class Visit>
bool evaluator::walk_namespaces(const step& s, item from, Visit& visit)
{
    const bool is_wanted = s.test == test::node || s.test == test::any || s.test == test::name;
    if (from.attribute != 0 || !is_wanted) return true;
    std::uint32_t number = 0;
    bool goes_on = true;
    charge(for_each_namespace(tree_, from.node, [&](std::string_view prefix, std::string_view) {
        ++number;
        const bool passes = s.test != test::name || program_.names[s.slot].local == prefix;
        if (passes) goes_on = visit(item{from.node, number | namespace_bit});
        return goes_on;
    }));
    return goes_on;
}

template <class Visit>
bool evaluator::walk(const step& s, axis along, item from, Visit& visit)
{
    if (along == axis::attribute) return walk_attributes(s, from, visit);
    if (along == axis::namespaces) return walk_namespaces(s, from, visit);
    switch (s.test) {
        case test::name:
            if (!names_[s.slot].possible) return true;
            return walk_test(along, from, is_named{names_[s.slot]}, visit);
        case test::any: return walk_test(along, from, is_kind<node_kind::element>{}, visit);
        case test::any_in_namespace:
            return walk_test(along, from, is_in_namespace{names_[s.slot].space}, visit);
        case test::node: return walk_test(along, from, is_any_node{}, visit);
        case test::text: return walk_test(along, from, is_kind<node_kind::text>{}, visit);
        case test::comment: return walk_test(along, from, is_kind<node_kind::comment>{}, visit);
        case test::instruction:
            return walk_test(along, from, is_instruction{&tree_, s.target}, visit);
    }
    return true;
}

// ---- predicates

bool evaluator::holds(const predicate& p, const focus& f)
{
    const foreign_scope made_here(foreign_);
    switch (p.kind) {
        case predicate::form::condition: return boolean(p.condition, f);
        case predicate::form::position: return f.position == p.index;
        case predicate::form::last: return f.position == f.size;
        case predicate::form::numeric:
            return number(p.condition, f) == static_cast<double>(f.position);
        case predicate::form::dynamic: {
            const result r = any(p.condition, f);
            return r.type() == result::kind::number
                       ? r.to_number() == static_cast<double>(f.position)
                       : r.to_boolean();
        }
        case predicate::form::attribute_equal: {
            const documents::attribute* a = find(f.at, p.slot);
            return a != nullptr && tree_.value(*a) == p.text;
        }
        case predicate::form::attribute_exists: return find(f.at, p.slot) != nullptr;
    }
    return false;
}

/// Keeps those of a set for which the predicate holds; their order is the axis's.
void evaluator::keep(const predicate& p, node_set& set)
{
    if (p.kind == predicate::form::position || p.kind == predicate::form::last) {
        const std::uint64_t index = p.kind == predicate::form::last ? set.size() : p.index;
        const bool exists = index >= 1 && index <= set.size();
        if (exists) set.front() = set[static_cast<std::size_t>(index - 1)];
        set.resize(exists ? 1 : 0);
        return;
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
        if (holds(p, {set[i], i + 1, set.size()})) set[kept++] = set[i];
    }
    set.resize(kept);
}

/// Visits what a step finds from one node, in the axis's order.
bool evaluator::select(const step& s, item from, const visitor& visit)
{
    if (s.predicates.empty()) return walk(s, s.axis, from, visit);
    if (s.needs_size) return select_sized(s, from, visit);
    if (s.deep) return select_deep(s, from, visit);
    if (!s.positional) {
        auto pass = [&](item x) {
            for (const predicate& p : s.predicates) {
                if (!holds(p, {x, 1, 1})) return true;
            }
            return visit(x);
        };
        return walk(s, s.axis, from, pass);
    }

    constexpr std::size_t usual = 8;
    std::array<std::uint64_t, usual> few{};
    std::vector<std::uint64_t> many(s.predicates.size() > usual ? s.predicates.size() : 0);
    std::uint64_t* const counts = many.empty() ? few.data() : many.data();
    bool goes_on = true;
    auto pass = [&](item x) {
        bool exhausted = false;
        for (std::size_t i = 0; i < s.predicates.size(); ++i) {
            const predicate& p = s.predicates[i];
            const std::uint64_t position = ++counts[i];
            const bool at_index = p.kind == predicate::form::position;
            exhausted = exhausted || (at_index && position >= p.index);
            if (!holds(p, {x, position, 0})) return !exhausted;
        }
        goes_on = visit(x);
        return goes_on && !exhausted;
    };
    walk(s, s.axis, from, pass);
    return goes_on;
}

/// select() into a set, in the tightest loop.
void evaluator::collect(const step& s, item from, node_set& out)
{
    auto add = [&out](item x) {
        out.push_back(x);
        return true;
    };
    if (s.predicates.empty()) {
        walk(s, s.axis, from, add);
    } else {
        select(s, from, add);
    }
    check_size(out.size());
}

/// The way that knows last(): collects, then filters.
bool evaluator::select_sized(const step& s, item from, const visitor& visit)
{
    lease found(sets_);
    const bool keeps_one = s.predicates[0].kind == predicate::form::last;
    auto add = [&](item x) {
        if (keeps_one) found->clear();
        found->push_back(x);
        return true;
    };
    walk(s, s.axis, from, add);
    check_size(found->size());
    for (const predicate& p : s.predicates) keep(p, *found);
    return std::all_of(found->begin(), found->end(), [&](item x) { return visit(x); });
}

/// `descendant-or-self::node()/child::x[...]` in one scan: it counts positions for every parent at
/// once, so that the result is in document order.
bool evaluator::select_deep(const step& s, item from, const visitor& visit)
{
    if (from.attribute != 0) return true;
    const node_id first = from.node;
    const std::size_t width = tree_.end(first) - first;
    charge(width * s.predicates.size() / 8);
    std::vector<std::uint32_t> counts(width * s.predicates.size());
    auto pass = [&](item x) {
        const std::size_t parent = tree_.parent(x.node) - first;
        for (std::size_t i = 0; i < s.predicates.size(); ++i) {
            const predicate& p = s.predicates[i];
            std::uint64_t position = 1;
            if (p.is_positional()) position = ++counts[i * width + parent];
            if (!holds(p, {x, position, 0})) return true;
        }
        return visit(x);
    };
    return walk(s, axis::descendant, from, pass);
}

// ---- paths

item evaluator::start(const expr& e, const focus& f) const noexcept
{
    return e.absolute ? root_ : f.at;
}

/// Runs the steps from `index` on as nested loops.
bool evaluator::stream(const expr& path, std::size_t index, item from, const visitor& visit)
{
    if (index == path.steps.size()) return visit(from);
    if (index + 1 == path.steps.size()) return select(path.steps[index], from, visit);
    return select(path.steps[index], from,
                  [&](item x) { return stream(path, index + 1, x, visit); });
}

void evaluator::stream(const expr& path, std::size_t index, item from, node_set& out)
{
    if (index == path.steps.size()) {
        out.push_back(from);
        return;
    }
    if (index + 1 == path.steps.size()) return collect(path.steps[index], from, out);
    select(path.steps[index], from, [&](item x) {
        stream(path, index + 1, x, out);
        return true;
    });
}

void evaluator::path(const expr& e, const focus& f, node_set& out)
{
    lease from(sets_);
    if (e.args.empty()) {
        from->push_back(start(e, f));
    } else {
        nodes(e.args[0], f, *from);
    }
    if (e.streams && from->size() == 1) {
        stream(e, 0, from->front(), out);
        if (!e.streams_ordered) put_in_order(out);
        return;
    }
    lease next(sets_);
    for (const step& s : e.steps) {
        if (from->empty()) break;
        next->clear();
        apply(s, *from, *next);
        std::swap(*from, *next);
    }
    std::swap(out, *from);
}

/// One step from a set in document order; the result is one too.
void evaluator::apply(const step& s, const node_set& from, node_set& out)
{
    if (from.back().is_foreign()) {
        for (const item x : from) collect(s, x, out);
        return put_in_order(out);
    }
    const bool merges = !s.positional || s.deep;
    if (from.size() == 1 || !merges || !apply_merged(s, from, out)) {
        std::size_t threshold = 1024;
        for (const item x : from) {
            collect(s, x, out);
            // Axes that overlap must not pile up copies of the same nodes.
            if (from.size() > 1 && out.size() > threshold) {
                put_in_order(out);
                threshold = std::max<std::size_t>(threshold, 2 * out.size());
            }
        }
    }
    put_in_order(out);
}

/// For axes that overlap, walks only from those nodes of the set that add something.
bool evaluator::apply_merged(const step& s, const node_set& from, node_set& out)
{
    if (s.deep || s.axis == axis::descendant || s.axis == axis::descendant_or_self) {
        node_id covered = 0;
        for (const item x : from) {
            // An attribute is not among the descendants of its element.
            if (x.attribute == 0 && x.node < covered) continue;
            collect(s, x, out);
            if (x.attribute == 0) covered = tree_.end(x.node);
        }
        return true;
    }
    if (s.axis == axis::following) {
        const auto starts_after = [this](item x) {
            return x.attribute != 0 ? x.node + 1 : tree_.end(x.node);
        };
        const item first = *std::min_element(from.begin(), from.end(), [&](item a, item b) {
            return starts_after(a) < starts_after(b);
        });
        collect(s, first, out);
        return true;
    }
    if (s.axis == axis::ancestor || s.axis == axis::ancestor_or_self) {
        collect_ancestors(s, from, out);
        return true;
    }
    if (s.axis == axis::preceding) {
        collect(s, from.back(), out);
        return true;
    }
    if (s.axis == axis::following_sibling || s.axis == axis::preceding_sibling) {
        // The first sibling of the set, or the last one, sees all that the others see.
        const bool forward = s.axis == axis::following_sibling;
        std::vector<node_id> parents;  // those around the current node, outermost first
        const auto one = [&](item x) {
            if (x.attribute != 0) return;
            while (!parents.empty() &&
                   (forward ? tree_.end(parents.back()) <= x.node : parents.back() >= x.node)) {
                parents.pop_back();
            }
            charge(1);
            const node_id parent = tree_.parent(x.node);
            if (parent == no_node || (!parents.empty() && parents.back() == parent)) return;
            parents.push_back(parent);
            collect(s, x, out);
        };
        if (forward) {
            std::for_each(from.begin(), from.end(), one);
        } else {
            std::for_each(from.rbegin(), from.rend(), one);
        }
        return true;
    }
    return false;
}

/// What is above the nodes of a set, each once, tested as the step says.
void evaluator::collect_ancestors(const step& s, const node_set& from, node_set& out)
{
    const axis_walker<is_any_node> up(tree_, {}, visited_);
    lease above(sets_);
    std::optional<node_id> before;
    for (const item x : from) {
        const bool starts_here = x.attribute != 0 || s.axis == axis::ancestor_or_self;
        for (node_id n = starts_here ? x.node : up.parent(x.node); n != no_node; n = up.parent(n)) {
            // What is above the node before this one has been seen.
            if (before && n < *before && *before < tree_.end(n)) break;
            above->push_back({n, 0});
        }
        before = x.node;
    }
    charge(from.size() + above->size());
    put_in_order(*above);
    auto pass = [&](item x) {
        for (const predicate& p : s.predicates) {
            if (!holds(p, {x, 1, 1})) return true;
        }
        out.push_back(x);
        return true;
    };
    for (const item x : *above) walk(s, axis::self, x, pass);
    if (s.axis == axis::ancestor_or_self) {
        for (const item x : from) {
            if (x.attribute != 0) walk(s, axis::self, x, pass);
        }
    }
}

void evaluator::filter(const expr& e, const focus& f, node_set& out)
{
    nodes(e.args[0], f, out);
    for (const predicate& p : e.steps[0].predicates) keep(p, out);
}

void evaluator::put_in_order(node_set& set)
{
    bool rises = true;
    bool falls = true;
    for (std::size_t i = 1; i < set.size() && (rises || falls); ++i) {
        rises = rises && set[i - 1] < set[i];
        falls = falls && set[i] < set[i - 1];
    }
    if (rises) return;
    if (falls) {
        std::reverse(set.begin(), set.end());
        return;
    }
    charge(set.size() * static_cast<unsigned>(std::bit_width(set.size())) / 4);
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
}

// ---- node-sets

void evaluator::nodes(const expr& e, const focus& f, node_set& out)
{
    switch (e.kind) {
        case op::path: return path(e, f, out);
        case op::filter: return filter(e, f, out);
        case op::attribute: {
            const documents::attribute* a = find(f.at, e.slot);
            if (a == nullptr) return;
            const auto index = a - tree_.attributes(f.at.node).data();
            out.push_back({f.at.node, static_cast<std::uint32_t>(index) + 1});
            return;
        }
        case op::unite: {
            lease one(sets_);
            for (const expr& part : e.args) {
                one->clear();
                nodes(part, f, *one);
                out.insert(out.end(), one->begin(), one->end());
                check_size(out.size());
            }
            return put_in_order(out);
        }
        case op::variable: import(variable(e), out); return put_in_order(out);
        case op::extension: import(extension(e, f), out); return put_in_order(out);
        case op::call:
            if (e.function == function::current) return out.push_back(from_);
            return by_id(e, f, out);
        default: return;  // the parser lets no other kind be a node-set
    }
}

bool evaluator::for_each(const expr& e, const focus& f, visitor visit)
{
    if (e.kind == op::path && streams(e)) return stream(e, 0, start(e, f), visit);
    if (e.kind == op::unite) {
        return std::all_of(e.args.begin(), e.args.end(),
                           [&](const expr& part) { return for_each(part, f, visit); });
    }
    lease set(sets_);
    nodes(e, f, *set);
    return std::all_of(set->begin(), set->end(), visit);
}

std::optional<item> evaluator::first_node(const expr& e, const focus& f)
{
    std::optional<item> found;
    if (e.kind == op::path && streams(e) && e.streams_ordered) {
        stream(e, 0, start(e, f), [&](item x) {
            found = x;
            return false;
        });
        return found;
    }
    lease set(sets_);
    nodes(e, f, *set);
    if (!set->empty()) found = set->front();
    return found;
}

std::uint64_t evaluator::count(const expr& e, const focus& f)
{
    if (e.kind == op::path && streams(e)) {
        std::uint64_t total = 0;
        stream(e, 0, start(e, f), [&](item) {
            ++total;
            return true;
        });
        return total;
    }
    lease set(sets_);
    nodes(e, f, *set);
    return set->size();
}

}  // namespace ferry::xpath::detail
