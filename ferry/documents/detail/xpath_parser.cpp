#include "ferry/documents/detail/xpath_parser.hpp"

#include "ferry/documents/detail/xpath_analysis.hpp"
#include "ferry/documents/detail/xpath_functions.hpp"
#include "ferry/documents/detail/xpath_lexer.hpp"
#include "ferry/documents/detail/xpath_number.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace ferry::xpath::detail {

namespace {

struct axis_row {
    std::string_view name;
    detail::axis axis;
};

constexpr std::array<axis_row, 13> axes{{
    {"ancestor", axis::ancestor},
    {"ancestor-or-self", axis::ancestor_or_self},
    {"attribute", axis::attribute},
    {"child", axis::child},
    {"descendant", axis::descendant},
    {"descendant-or-self", axis::descendant_or_self},
    {"following", axis::following},
    {"following-sibling", axis::following_sibling},
    {"namespace", axis::namespaces},
    {"parent", axis::parent},
    {"preceding", axis::preceding},
    {"preceding-sibling", axis::preceding_sibling},
    {"self", axis::self},
}};

struct binary_row {
    token_kind token;
    op kind;
    int precedence;
    type result;
};

constexpr std::array<binary_row, 13> binaries{{
    {token_kind::or_, op::or_, 1, type::boolean},
    {token_kind::and_, op::and_, 2, type::boolean},
    {token_kind::equal, op::equal, 3, type::boolean},
    {token_kind::not_equal, op::not_equal, 3, type::boolean},
    {token_kind::less, op::less, 4, type::boolean},
    {token_kind::less_equal, op::less_equal, 4, type::boolean},
    {token_kind::greater, op::greater, 4, type::boolean},
    {token_kind::greater_equal, op::greater_equal, 4, type::boolean},
    {token_kind::plus, op::add, 5, type::number},
    {token_kind::minus, op::subtract, 5, type::number},
    {token_kind::multiply, op::multiply, 6, type::number},
    {token_kind::divide, op::divide, 6, type::number},
    {token_kind::modulo, op::modulo, 6, type::number},
}};

class parser {
public:
    parser(program& out, std::size_t max_depth)
        : out_(out), text_(out.text), tokens_(tokenize(text_)), max_depth_(max_depth)
    {
    }

    expr all()
    {
        if (now().kind == token_kind::end) fail_here("the expression is empty");
        expr e = binary(1);
        if (now().kind != token_kind::end) {
            fail_here("expected an operator or the end, found " + shown(now()));
        }
        return e;
    }

private:
    // ---- tokens

    const token& now() const noexcept { return tokens_[at_]; }
    bool is(token_kind kind) const noexcept { return now().kind == kind; }
    bool take(token_kind kind) noexcept
    {
        if (!is(kind)) return false;
        ++at_;
        return true;
    }
    const token& pop() noexcept { return tokens_[at_++]; }

    [[noreturn]] void fail_here(std::string_view message) const
    {
        fail(text_, now().offset, message);
    }
    [[noreturn]] void fail_at(std::size_t offset, std::string_view message) const
    {
        fail(text_, offset, message);
    }

    /// The token as the user wrote it.
    std::string shown(const token& t) const
    {
        if (t.kind == token_kind::end) return "the end";
        const std::size_t next = tokens_[static_cast<std::size_t>(&t - tokens_.data()) + 1].offset;
        std::string_view written = std::string_view(text_).substr(t.offset, next - t.offset);
        while (!written.empty() && is_space(written.back())) written.remove_suffix(1);
        constexpr std::size_t shown_bytes = 40;
        if (t.kind == token_kind::literal && written.size() < shown_bytes) {
            return std::string(written);
        }
        return "'" + std::string(written.substr(0, shown_bytes)) + "'";
    }

    void expect(token_kind kind, std::string_view what)
    {
        if (!take(kind)) fail_here("expected " + std::string(what) + ", found " + shown(now()));
    }

    // ---- expressions

    /// Sets what follows from the arguments, and checks the depth that recursion will have.
    expr made(expr e)
    {
        std::size_t depth = 0;
        for (const expr& a : e.args) {
            depth = std::max<std::size_t>(depth, a.depth);
            e.uses_position = e.uses_position || a.uses_position;
            e.uses_last = e.uses_last || a.uses_last;
        }
        for (const step& s : e.steps) {
            for (const predicate& p : s.predicates) {
                depth = std::max<std::size_t>(depth, p.condition.depth);
            }
        }
        if (depth + 1 > max_depth_) throw limit_error("max_depth", max_depth_);
        e.depth = static_cast<std::uint16_t>(depth + 1);
        return e;
    }

    expr leaf(op kind, type t, const token& from)
    {
        expr e;
        e.kind = kind;
        e.type = t;
        e.offset = from.offset;
        return e;
    }

    expr binary(int precedence)
    {
        // Only what is inside brackets or parentheses nests without bound.
        const bool nests = precedence == 1;
        if (nests && ++nesting_ > max_depth_) throw limit_error("max_depth", max_depth_);
        expr left = unary();
        for (;;) {
            const auto row =
                std::find_if(binaries.begin(), binaries.end(),
                             [&](const binary_row& r) { return r.token == now().kind; });
            if (row == binaries.end() || row->precedence < precedence) break;
            const token& sign = pop();
            expr right = binary(row->precedence + 1);
            const bool joins =
                (row->kind == op::or_ || row->kind == op::and_) && left.kind == row->kind;
            if (joins) {
                left.args.push_back(std::move(right));
                left = made(std::move(left));
                continue;
            }
            expr e = leaf(row->kind, row->result, sign);
            e.args.push_back(std::move(left));
            e.args.push_back(std::move(right));
            left = made(std::move(e));
        }
        if (nests) --nesting_;
        return left;
    }

    expr unary()
    {
        const token& sign = now();
        std::size_t count = 0;
        while (take(token_kind::minus)) ++count;
        expr operand = unite();
        if (count == 0) return operand;
        // A number of minus signs is one or two: the operand becomes a number either way.
        for (std::size_t i = 0; i < 2 - count % 2; ++i) {
            expr e = leaf(op::negate, type::number, sign);
            e.args.push_back(std::move(operand));
            operand = made(std::move(e));
        }
        return operand;
    }

    expr unite()
    {
        expr first = path();
        if (!is(token_kind::pipe)) return first;
        expr e = leaf(op::unite, type::nodes, now());
        require_nodes(first, "'|'");
        e.args.push_back(std::move(first));
        while (take(token_kind::pipe)) {
            e.args.push_back(path());
            require_nodes(e.args.back(), "'|'");
        }
        return made(std::move(e));
    }

    void require_nodes(const expr& e, std::string_view who) const
    {
        if (e.type == type::nodes || e.type == type::any) return;
        const std::string_view found = e.type == type::string   ? "a string"
                                       : e.type == type::number ? "a number"
                                                                : "a boolean";
        fail_at(e.offset, std::string(who) + " needs a node-set, not " + std::string(found));
    }

    // ---- paths

    bool starts_step() const noexcept
    {
        return is(token_kind::dot) || is(token_kind::dot_dot) || is(token_kind::at) ||
               is(token_kind::axis_name) || is(token_kind::node_type) || is(token_kind::name) ||
               is(token_kind::wildcard);
    }

    expr path()
    {
        expr e = leaf(op::path, type::nodes, now());
        if (take(token_kind::slash)) {
            e.absolute = true;
            if (starts_step() || is(token_kind::function_name)) relative(e);
        } else if (take(token_kind::slash_slash)) {
            e.absolute = true;
            e.steps.push_back(every_node_below());
            relative(e);
        } else if (starts_step()) {
            relative(e);
        } else {
            expr first = filter();
            if (!is(token_kind::slash) && !is(token_kind::slash_slash)) return first;
            require_nodes(first, "'/'");
            e.args.push_back(std::move(first));
            if (pop().kind == token_kind::slash_slash) e.steps.push_back(every_node_below());
            relative(e);
        }
        analyse_path(e);
        return made(std::move(e));
    }

    static step every_node_below()
    {
        step s;
        s.axis = axis::descendant_or_self;
        return s;
    }

    void relative(expr& e)
    {
        for (;;) {
            e.steps.push_back(one_step());
            if (take(token_kind::slash_slash)) {
                e.steps.push_back(every_node_below());
            } else if (!take(token_kind::slash)) {
                return;
            }
        }
    }

    step one_step()
    {
        step s;
        s.offset = now().offset;
        if (is(token_kind::dot) || is(token_kind::dot_dot)) {
            const bool up = pop().kind == token_kind::dot_dot;
            s.axis = up ? axis::parent : axis::self;
            if (is(token_kind::open_bracket)) {
                fail_here(up ? "'..' takes no predicate: write parent::node()[...]"
                             : "'.' takes no predicate: write self::node()[...]");
            }
            return s;
        }
        if (take(token_kind::at)) {
            s.axis = axis::attribute;
        } else if (is(token_kind::axis_name)) {
            s.axis = named_axis(pop());
        }
        node_test(s);
        predicates(s);
        return s;
    }

    axis named_axis(const token& t) const
    {
        for (const axis_row& row : axes) {
            if (row.name == t.text) return row.axis;
        }
        std::array<std::string_view, axes.size()> names;
        std::transform(axes.begin(), axes.end(), names.begin(),
                       [](const axis_row& row) { return row.name; });
        fail_at(t.offset, "unknown axis '" + std::string(t.text) + "'" + suggestion(t.text, names));
    }

    void node_test(step& s)
    {
        const token& t = now();
        if (t.kind == token_kind::node_type) {
            ++at_;
            expect(token_kind::open_paren, "'('");
            s.test = t.text == "node"      ? test::node
                     : t.text == "text"    ? test::text
                     : t.text == "comment" ? test::comment
                                           : test::instruction;
            if (s.test == test::instruction && is(token_kind::literal)) s.target = pop().text;
            expect(token_kind::close_paren, "')'");
            return;
        }
        if (t.kind == token_kind::function_name) {
            static constexpr std::array<std::string_view, 4> types{"comment", "text", "node",
                                                                   "processing-instruction"};
            if (t.prefix.empty() && find_function(t.text) != nullptr) {
                fail_here(std::string(t.text) +
                          "() is a function, and XPath 1.0 allows none as a step of a path");
            }
            fail_here("unknown node test '" + std::string(t.text) + "()'" +
                      suggestion(t.text, types));
        }
        if (t.kind != token_kind::name && t.kind != token_kind::wildcard) {
            fail_here("expected a name, '*' or a node test, found " + shown(t));
        }
        ++at_;
        s.test = t.kind == token_kind::name ? test::name
                 : t.prefix.empty()         ? test::any
                                            : test::any_in_namespace;
        if (s.test == test::any) return;
        s.slot = static_cast<std::uint32_t>(out_.names.size());
        out_.names.push_back(
            {std::string(t.prefix), std::string(t.text), s.axis == axis::attribute, t.offset});
    }

    void predicates(step& of)
    {
        while (take(token_kind::open_bracket)) {
            if (is(token_kind::close_bracket)) fail_here("the predicate is empty");
            predicate p;
            p.condition = binary(1);
            expect(token_kind::close_bracket, "']'");
            classify(p);
            of.positional = of.positional || p.is_positional();
            of.needs_size = of.needs_size || p.needs_size();
            of.predicates.push_back(std::move(p));
        }
    }

    // ---- primary expressions

    expr filter()
    {
        expr first = primary();
        if (!is(token_kind::open_bracket)) return first;
        require_nodes(first, "a predicate");
        expr e = leaf(op::filter, type::nodes, now());
        e.args.push_back(std::move(first));
        e.steps.emplace_back();
        predicates(e.steps.back());
        return made(std::move(e));
    }

    expr primary()
    {
        const token& t = now();
        switch (t.kind) {
            case token_kind::literal: {
                expr e = leaf(op::literal, type::string, pop());
                e.text = t.text;
                return e;
            }
            case token_kind::number: {
                expr e = leaf(op::number, type::number, pop());
                e.number = literal_to_number(t.text);
                return e;
            }
            case token_kind::variable: {
                expr e = leaf(op::variable, type::any, pop());
                e.text = t.text;
                return e;
            }
            case token_kind::open_paren: {
                ++at_;
                expr e = binary(1);
                expect(token_kind::close_paren, "')'");
                return e;
            }
            case token_kind::function_name: return call();
            default: fail_here("expected an expression, found " + shown(t));
        }
    }

    expr call()
    {
        const token& t = pop();
        const signature* known = t.prefix.empty() ? find_function(t.text) : nullptr;
        if (t.prefix.empty() && known == nullptr) {
            std::vector<std::string_view> names;
            for (const signature& s : core_functions()) names.push_back(s.name);
            fail_at(t.offset,
                    "unknown function '" + std::string(t.text) + "'" + suggestion(t.text, names));
        }
        expr e =
            known != nullptr ? leaf(op::call, known->result, t) : leaf(op::extension, type::any, t);
        e.prefix = t.prefix;
        e.text = t.text;
        expect(token_kind::open_paren, "'('");
        if (!is(token_kind::close_paren)) {
            do e.args.push_back(binary(1));
            while (take(token_kind::comma));
        }
        expect(token_kind::close_paren, "',' or ')'");
        if (known != nullptr) {
            check_call(e, *known);
            analyse_call(e);
        }
        e = made(std::move(e));
        e.uses_position = e.uses_position || (known && known->function == function::position);
        e.uses_last = e.uses_last || (known && known->function == function::last);
        return e;
    }

    void check_call(expr& e, const signature& s) const
    {
        e.function = s.function;
        if (e.args.size() < s.min_arguments || e.args.size() > s.max_arguments) {
            std::string wanted = std::to_string(s.min_arguments);
            if (s.max_arguments == any_number) {
                wanted += " or more";
            } else if (s.max_arguments != s.min_arguments) {
                wanted += " or " + std::to_string(s.max_arguments);
            }
            const bool one = wanted == "1";
            fail_at(e.offset, std::string(s.name) + "() takes " + wanted +
                                  (one ? " argument, not " : " arguments, not ") +
                                  std::to_string(e.args.size()));
        }
        if (s.takes_nodes && !e.args.empty()) require_nodes(e.args[0], std::string(s.name) + "()");
    }

    program& out_;
    std::string_view text_;
    std::vector<token> tokens_;
    std::size_t at_ = 0;
    std::size_t nesting_ = 0;
    std::size_t max_depth_;
};

}  // namespace

program parse(std::string text, std::size_t max_depth, std::size_t max_bytes)
{
    if (text.size() > max_bytes) throw limit_error("max_expression_bytes", max_bytes);
    program p;
    p.text = std::move(text);
    p.root = parser(p, max_depth).all();
    return p;
}

}  // namespace ferry::xpath::detail
