#include "ferry/documents/detail/xpath_evaluator.hpp"
#include "ferry/documents/detail/xpath_number.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace ferry::xpath::detail {

/// One side of a comparison: an expression, or the value that one of type `any` has given.
struct evaluator::operand {
    const expr* expression = nullptr;
    const result* value = nullptr;
    detail::type type = type::nodes;
};

namespace {

bool is_equality(op how) noexcept
{
    return how == op::equal || how == op::not_equal;
}

bool test_numbers(op how, double left, double right) noexcept
{
    switch (how) {
        case op::equal: return left == right;
        case op::not_equal: return left != right;
        case op::less: return left < right;
        case op::less_equal: return left <= right;
        case op::greater: return left > right;
        default: return left >= right;
    }
}

/// `a how b` is `b mirrored(how) a`.
op mirrored(op how) noexcept
{
    switch (how) {
        case op::less: return op::greater;
        case op::less_equal: return op::greater_equal;
        case op::greater: return op::less;
        case op::greater_equal: return op::less_equal;
        default: return how;
    }
}

type type_of(const result& r) noexcept
{
    switch (r.type()) {
        case result::kind::nodes: return type::nodes;
        case result::kind::string: return type::string;
        case result::kind::number: return type::number;
        case result::kind::boolean: return type::boolean;
    }
    return type::nodes;
}

}  // namespace

bool evaluator::compare(const expr& e, const focus& f)
{
    result values[2];
    operand sides[2];
    for (std::size_t i = 0; i < 2; ++i) {
        const expr& side = e.args[i];
        sides[i].expression = &side;
        sides[i].type = side.type;
        if (side.type != type::any) continue;
        if (side.kind == op::variable) {
            sides[i].value = &variable(side);
        } else {
            values[i] = extension(side, f);
            sides[i].value = &values[i];
        }
        sides[i].type = type_of(*sides[i].value);
    }
    return compare(e.kind, sides[0], sides[1], f);
}

bool evaluator::for_each(const operand& o, const focus& f, visitor visit)
{
    if (o.value == nullptr) return for_each(*o.expression, f, visit);
    lease set(sets_);
    import(*o.value, *set);
    return std::all_of(set->begin(), set->end(), visit);
}

/// XPath 1.0 section 3.4.
bool evaluator::compare(op how, const operand& left, const operand& right, const focus& f)
{
    const auto truth = [&](const operand& o) {
        return o.value != nullptr ? o.value->to_boolean() : boolean(*o.expression, f);
    };
    const auto amount = [&](const operand& o) {
        return o.value != nullptr ? number_of(*o.value) : number(*o.expression, f);
    };
    const auto text = [&](const operand& o, std::string& scratch) {
        if (o.value == nullptr) return string(*o.expression, f, scratch);
        scratch = o.value->to_string();
        return std::string_view(scratch);
    };
    const bool left_nodes = left.type == type::nodes;
    const bool right_nodes = right.type == type::nodes;
    if (left_nodes && right_nodes) return compare_sets(how, left, right, f);
    if (right_nodes) return compare(mirrored(how), right, left, f);

    const bool one_boolean = left.type == type::boolean || right.type == type::boolean;
    if (one_boolean && (left_nodes || is_equality(how))) {
        return test_numbers(how, truth(left) ? 1 : 0, truth(right) ? 1 : 0);
    }
    if (left_nodes) {
        if (right.type == type::string && is_equality(how)) {
            lease scratch(strings_);
            const std::string_view wanted = text(right, *scratch);
            const bool same = how == op::equal;
            return !for_each(left, f, [&](item x) { return equals(x, wanted) != same; });
        }
        const double wanted = amount(right);
        return !for_each(left, f,
                         [&](item x) { return !test_numbers(how, number_value(x), wanted); });
    }
    if (is_equality(how) && left.type == type::string && right.type == type::string) {
        lease one(strings_);
        lease other(strings_);
        return (text(left, *one) == text(right, *other)) == (how == op::equal);
    }
    return test_numbers(how, amount(left), amount(right));
}

bool evaluator::compare_sets(op how, const operand& left, const operand& right, const focus& f)
{
    std::string scratch;
    if (how == op::equal) {
        std::unordered_set<std::string> seen;
        std::size_t bytes = 0;
        for_each(left, f, [&](item x) {
            const std::string_view text = string_value(x, scratch);
            check_string(bytes += text.size());
            charge(1 + text.size() / 64);
            seen.emplace(text);
            return true;
        });
        if (seen.empty()) return false;
        return !for_each(right, f, [&](item x) {
            return !seen.contains(std::string(string_value(x, scratch)));
        });
    }
    if (how == op::not_equal) {
        // Two nodes differ unless all of both sides are the same text.
        std::optional<std::string> first;
        bool differ = false;
        for_each(right, f, [&](item x) {
            if (!first) {
                first.emplace(string_value(x, scratch));
            } else {
                differ = !equals(x, *first);
            }
            return !differ;
        });
        if (!first) return false;
        return !for_each(left, f, [&](item x) { return !differ && equals(x, *first); });
    }
    // The extremes decide: a < b for some pair if the least a is less than the greatest b.
    const bool wants_least_left = how == op::less || how == op::less_equal;
    const auto extreme = [&](const operand& o, bool least) {
        double found = std::numeric_limits<double>::quiet_NaN();
        for_each(o, f, [&](item x) {
            const double n = number_value(x);
            if (std::isnan(found) || (least ? n < found : n > found)) found = n;
            return true;
        });
        return found;
    };
    const double a = extreme(left, wants_least_left);
    return !std::isnan(a) && test_numbers(how, a, extreme(right, !wants_least_left));
}

}  // namespace ferry::xpath::detail
