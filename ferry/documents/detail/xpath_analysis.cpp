#include "ferry/documents/detail/xpath_analysis.hpp"

#include "ferry/documents/detail/xpath_number.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace ferry::xpath::detail {

namespace {

bool is_call(const expr& e, function f) noexcept
{
    return e.kind == op::call && e.function == f;
}

/// The index that a number is equal to as a position, 0 if it is equal to none.
std::uint64_t as_index(double number) noexcept
{
    return number >= 1 && number < 4294967296.0 && number == std::floor(number)
               ? static_cast<std::uint64_t>(number)
               : 0;
}

bool is_every_node_below(const step& s)
{
    return s.axis == axis::descendant_or_self && s.test == test::node && s.predicates.empty();
}

/// Makes `next` select what `descendant-or-self::node()/next` selects; false if it cannot.
bool absorb(step& next)
{
    if (!next.positional) {
        switch (next.axis) {
            case axis::child: next.axis = axis::descendant; return true;
            case axis::self: next.axis = axis::descendant_or_self; return true;
            case axis::descendant:
            case axis::descendant_or_self: return true;
            default: return false;
        }
    }
    // Each predicate costs a counter for every node.
    constexpr std::size_t max_counters = 8;
    if (next.axis == axis::child && !next.needs_size && next.predicates.size() <= max_counters) {
        next.deep = true;
        return true;
    }
    return false;
}

bool goes_down(const step& s)
{
    return s.deep || s.axis == axis::descendant || s.axis == axis::descendant_or_self;
}

/// How the nodes lie that the steps so far have found from one context.
enum class spread {
    single,  ///< one node
    flat,    ///< none is inside another
    nested,
};

void find_streaming(expr& path)
{
    spread now = spread::single;
    path.streams = true;
    path.streams_ordered = true;
    for (const step& s : path.steps) {
        if (is_reverse(s.axis)) path.streams_ordered = false;
        if (s.axis == axis::self || (s.axis == axis::parent && now == spread::single)) continue;
        if (goes_down(s)) {
            if (now == spread::nested) path.streams = false;
            now = spread::nested;
        } else if (s.axis == axis::attribute) {
            if (now == spread::single) now = spread::flat;
        } else if (s.axis == axis::child) {
            if (now == spread::nested) path.streams_ordered = false;
            if (now == spread::single) now = spread::flat;
        } else if (now == spread::single) {
            const bool siblings =
                s.axis == axis::following_sibling || s.axis == axis::preceding_sibling;
            now = siblings ? spread::flat : spread::nested;
        } else {
            path.streams = false;
        }
    }
    // Nested loops recurse once a step.
    constexpr std::size_t max_nested_loops = 16;
    if (path.steps.size() > max_nested_loops) path.streams = false;
    path.streams_ordered = path.streams_ordered && path.streams;
}

}  // namespace

void classify(predicate& p)
{
    const expr& e = p.condition;
    if (e.kind == op::number) {
        p.kind = predicate::form::position;
        p.index = as_index(e.number);
    } else if (is_call(e, function::last)) {
        p.kind = predicate::form::last;
    } else if (e.type == type::number) {
        p.kind = predicate::form::numeric;
    } else if (e.type == type::any) {
        p.kind = predicate::form::dynamic;
    } else if (e.kind == op::attribute) {
        p.kind = predicate::form::attribute_exists;
        p.slot = e.slot;
    } else if (e.kind == op::equal) {
        const bool swapped = e.args[0].kind == op::literal || e.args[0].kind == op::number ||
                             is_call(e.args[0], function::last);
        const expr& left = e.args[swapped ? 1 : 0];
        const expr& right = e.args[swapped ? 0 : 1];
        if (left.kind == op::attribute && right.kind == op::literal) {
            p.kind = predicate::form::attribute_equal;
            p.slot = left.slot;
            p.text = right.text;
        } else if (is_call(left, function::position) && right.kind == op::number) {
            p.kind = predicate::form::position;
            p.index = as_index(right.number);
        } else if (is_call(left, function::position) && is_call(right, function::last)) {
            p.kind = predicate::form::last;
        }
    }
}

void analyse_path(expr& path)
{
    std::vector<step> steps;
    for (step& s : path.steps) {
        if (!steps.empty() && is_every_node_below(steps.back())) {
            if (s.axis == axis::self && s.test == test::node && s.predicates.empty()) continue;
            if (absorb(s)) steps.pop_back();
            // Attributes belong to elements only.
            if (s.axis == axis::attribute) steps.back().test = test::any;
        }
        const bool is_dot = s.axis == axis::self && s.test == test::node && s.predicates.empty();
        if (is_dot && (!steps.empty() || path.steps.size() > 1)) continue;
        steps.push_back(std::move(s));
    }
    path.steps = std::move(steps);
    find_streaming(path);

    const bool is_relative = path.args.empty() && !path.absolute;
    if (is_relative && path.steps.size() == 1 && path.steps[0].axis == axis::attribute &&
        path.steps[0].test == test::name && path.steps[0].predicates.empty()) {
        path.kind = op::attribute;
        path.slot = path.steps[0].slot;
    }
}

void analyse_call(expr& call)
{
    if (!is_call(call, function::contains) || !is_call(call.args[0], function::concat)) return;
    const std::vector<expr>& parts = call.args[0].args;
    const auto is_blank = [](const expr& e) { return e.kind == op::literal && e.text == " "; };
    if (parts.size() != 3 || !is_blank(parts[0]) || !is_blank(parts[2])) return;
    const bool any_space =
        is_call(parts[1], function::normalize_space) && parts[1].args.size() == 1;
    const expr& value = any_space ? parts[1].args[0] : parts[1];
    const expr& part = call.args[1];
    if (value.kind != op::attribute || part.kind != op::literal || part.text.size() < 3) return;
    const std::string word = part.text.substr(1, part.text.size() - 2);
    const bool is_word = part.text.front() == ' ' && part.text.back() == ' ' &&
                         std::none_of(word.begin(), word.end(), is_space);
    if (!is_word) return;
    call.kind = op::word;
    call.slot = value.slot;
    call.text = word;
    call.any_space = any_space;
    call.args.clear();
}

}  // namespace ferry::xpath::detail
