#include "ferry/documents/detail/xpath_evaluator.hpp"

#include "ferry/documents/detail/xpath_lexer.hpp"
#include "ferry/documents/detail/xpath_number.hpp"

#include <algorithm>
#include <cmath>

namespace ferry::xpath::detail {

namespace {

/// Whether `text` has `word` between divisions or the ends.
bool has_word(std::string_view text, std::string_view word, bool any_space) noexcept
{
    const auto divides = [any_space](char c) { return c == ' ' || (any_space && is_space(c)); };
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; ++at) {
        const std::size_t end = at + word.size();
        if ((at == 0 || divides(text[at - 1])) && (end == text.size() || divides(text[end]))) {
            return true;
        }
    }
    return false;
}

}  // namespace

result evaluator::evaluate()
{
    const expr& e = program_.root;
    const focus f{from_, 1, 1};
    if (e.type != type::any) return any(e, f);
    result r = any(e, f);
    if (!r.is_nodes()) return r;
    node_set set;
    import(r, set);
    put_in_order(set);
    return exported(set);
}

/// The value in its own type.
result evaluator::any(const expr& e, const focus& f)
{
    switch (e.type) {
        case type::nodes: {
            lease set(sets_);
            nodes(e, f, *set);
            return exported(*set);
        }
        case type::string: {
            std::string scratch;
            return string(e, f, scratch);
        }
        case type::number: return number(e, f);
        case type::boolean: return boolean(e, f);
        case type::any: break;
    }
    return e.kind == op::variable ? variable(e) : extension(e, f);
}

const result& evaluator::variable(const expr& e) const
{
    const result* value = context_.find_variable(e.text);
    if (value == nullptr) {
        fail(program_.text, e.offset,
             "the variable $" + e.text + " is not defined: see context::variable()");
    }
    return *value;
}

result evaluator::extension(const expr& e, const focus& f)
{
    charge(1);
    const std::string& uri = namespace_of(e.prefix, e.offset);
    const xpath::extension* call = context_.find_function(uri, e.text);
    if (call == nullptr) {
        fail(program_.text, e.offset,
             "unknown function '" + e.prefix + ":" + e.text + "': see context::function()");
    }
    std::vector<result> arguments;
    arguments.reserve(e.args.size());
    for (const expr& a : e.args) arguments.push_back(any(a, f));
    result made = (*call)(arguments, handle(f.at));
    if (!made.is_nodes() || made.owner() != nullptr) return made;
    // Nodes of other trees that were given to the function may come back from it.
    std::vector<std::shared_ptr<const void>> owners;
    for (const result& a : arguments)
        if (a.owner() != nullptr) owners.push_back(a.owner());
    if (owners.empty()) return made;
    return {std::move(made).nodes(),
            std::make_shared<const std::vector<std::shared_ptr<const void>>>(std::move(owners))};
}

bool evaluator::boolean(const expr& e, const focus& f)
{
    charge(1);
    switch (e.kind) {
        case op::or_:
            return std::any_of(e.args.begin(), e.args.end(),
                               [&](const expr& a) { return boolean(a, f); });
        case op::and_:
            return std::all_of(e.args.begin(), e.args.end(),
                               [&](const expr& a) { return boolean(a, f); });
        case op::equal:
        case op::not_equal:
        case op::less:
        case op::less_equal:
        case op::greater:
        case op::greater_equal: return compare(e, f);
        case op::attribute: return find(f.at, e.slot) != nullptr;
        case op::word: {
            const documents::attribute* a = find(f.at, e.slot);
            return a != nullptr && has_word(tree_.value(*a), e.text, e.any_space);
        }
        default: break;
    }
    switch (e.type) {
        case type::nodes: return !for_each(e, f, [](item) { return false; });
        case type::string: {
            lease scratch(strings_);
            return !string(e, f, *scratch).empty();
        }
        case type::number: {
            const double n = number(e, f);
            return n != 0 && !std::isnan(n);
        }
        case type::boolean: return boolean_call(e, f);
        case type::any: break;
    }
    return e.kind == op::variable ? variable(e).to_boolean() : extension(e, f).to_boolean();
}

double evaluator::number(const expr& e, const focus& f)
{
    charge(1);
    switch (e.kind) {
        case op::number: return e.number;
        case op::add: return number(e.args[0], f) + number(e.args[1], f);
        case op::subtract: return number(e.args[0], f) - number(e.args[1], f);
        case op::multiply: return number(e.args[0], f) * number(e.args[1], f);
        case op::divide: {
            const double left = number(e.args[0], f);
            const double right = number(e.args[1], f);
            if (right != 0) return left / right;
            if (left == 0 || std::isnan(left)) return std::numeric_limits<double>::quiet_NaN();
            const bool negative = std::signbit(left) != std::signbit(right);
            const double infinity = std::numeric_limits<double>::infinity();
            return negative ? -infinity : infinity;
        }
        case op::modulo: return std::fmod(number(e.args[0], f), number(e.args[1], f));
        case op::negate: return -number(e.args[0], f);
        default: break;
    }
    switch (e.type) {
        case type::nodes:
        case type::string: {
            lease scratch(strings_);
            return to_number(string(e, f, *scratch));
        }
        case type::number: return number_call(e, f);
        case type::boolean: return boolean(e, f) ? 1 : 0;
        case type::any: break;
    }
    return e.kind == op::variable ? number_of(variable(e)) : number_of(extension(e, f));
}

std::string_view evaluator::string(const expr& e, const focus& f, std::string& scratch)
{
    charge(1);
    if (e.kind == op::literal) return e.text;
    if (e.kind == op::attribute) {
        const documents::attribute* a = find(f.at, e.slot);
        return a == nullptr ? std::string_view() : tree_.value(*a);
    }
    switch (e.type) {
        case type::nodes: {
            const std::optional<item> first = first_node(e, f);
            return first ? string_value(*first, scratch) : std::string_view();
        }
        case type::string: return string_call(e, f, scratch);
        case type::number: {
            const double n = number(e, f);
            scratch.clear();
            if (context_.libxml2_numbers())
                append_libxml2_number(scratch, n);
            else
                append_number(scratch, n);
            return scratch;
        }
        case type::boolean: return boolean(e, f) ? "true" : "false";
        case type::any: break;
    }
    scratch = e.kind == op::variable ? string_of(variable(e)) : string_of(extension(e, f));
    return scratch;
}

/// The string of a value whose nodes may be in any order.
std::string evaluator::string_of(const result& r)
{
    if (!r.is_nodes()) return r.to_string();
    lease set(sets_);
    import(r, *set);
    if (set->empty()) return {};
    std::string scratch;
    return std::string(string_value(*std::min_element(set->begin(), set->end()), scratch));
}

double evaluator::number_of(const result& r)
{
    return r.is_nodes() ? to_number(string_of(r)) : r.to_number();
}

}  // namespace ferry::xpath::detail
