#include "ferry/documents/detail/jsonpath_parser.hpp"

#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/documents/detail/jsonpath_lexer.hpp"
#include "ferry/documents/jsonpath.hpp"

#include <array>
#include <span>

namespace ferry::jsonpath::detail {
namespace {

/// What an expression may stand for. RFC 9535 section 2.4.1.
enum class type : std::uint8_t { value, logical, nodes };

struct signature {
    std::string_view name;
    function id;
    type result;
    std::array<type, 2> parameters;
    std::size_t count;
};

constexpr std::array functions{
    signature{"length", function::length, type::value, {type::value}, 1},
    signature{"count", function::count, type::value, {type::nodes}, 1},
    signature{"value", function::value, type::value, {type::nodes}, 1},
    signature{"match", function::match, type::logical, {type::value, type::value}, 2},
    signature{"search", function::search, type::logical, {type::value, type::value}, 2},
};

struct comparison {
    std::string_view sign;
    filter::relation means;
};

constexpr std::array comparisons{
    comparison{"==", filter::relation::equal},
    comparison{"!=", filter::relation::not_equal},
    comparison{"<=", filter::relation::less_equal},
    comparison{">=", filter::relation::greater_equal},
    comparison{"<", filter::relation::less},
    comparison{">", filter::relation::greater},
};

/// Recursive descent, at most `max_nesting` deep.
class parser {
public:
    explicit parser(std::string_view text) : lex_{text} {}

    query parse()
    {
        query whole = parse_path();
        if (!lex_.at_end()) lex_.fail("expected a dot, a bracket or the end");
        return whole;
    }

private:
    class level {
    public:
        explicit level(parser& of) : of_{of}
        {
            if (++of_.depth_ > max_nesting) throw limit_error{"max_nesting", max_nesting};
        }
        level(const level&) = delete;
        level& operator=(const level&) = delete;
        ~level() { --of_.depth_; }

    private:
        parser& of_;
    };

    /// `$` or `@` and what follows.
    query parse_path()
    {
        query path;
        if (lex_.take("@") && depth_ > 0) {
            path.relative = true;
        } else {
            lex_.expect("$");
        }
        for (;;) {
            const std::size_t before = lex_.offset();
            lex_.skip_space();
            if (lex_.take("..")) {
                path.segments.push_back(parse_segment(true));
            } else if (lex_.take(".")) {
                path.segments.push_back(parse_segment(false));
            } else if (lex_.at("[")) {
                path.segments.push_back(parse_brackets());
            } else {
                lex_.go_to(before);
                return path;
            }
            const segment& last = path.segments.back();
            path.singular = path.singular && !last.descendant && last.selectors.size() == 1 &&
                            (last.selectors[0].is == selector::kind::name ||
                             last.selectors[0].is == selector::kind::index);
        }
    }

    /// Behind the dot or dots.
    segment parse_segment(bool descendant)
    {
        if (descendant && lex_.at("[")) {
            segment made = parse_brackets();
            made.descendant = true;
            return made;
        }
        segment made;
        made.descendant = descendant;
        selector& only = made.selectors.emplace_back();
        if (!lex_.take("*")) {
            only.is = selector::kind::name;
            only.name = lex_.member_name();
        }
        return made;
    }

    segment parse_brackets()
    {
        segment made;
        lex_.expect("[");
        do {
            lex_.skip_space();
            made.selectors.push_back(parse_selector());
            lex_.skip_space();
        } while (lex_.take(","));
        lex_.expect("]");
        return made;
    }

    selector parse_selector()
    {
        selector made;
        if (lex_.take("*")) return made;
        if (lex_.at_string()) {
            made.is = selector::kind::name;
            made.name = lex_.string();
        } else if (lex_.take("?")) {
            made.is = selector::kind::filter;
            lex_.skip_space();
            made.test = std::make_unique<const filter>(parse_any());
        } else {
            parse_index_or_slice(made);
        }
        return made;
    }

    void parse_index_or_slice(selector& made)
    {
        made.is = selector::kind::index;
        if (lex_.at_integer()) {
            made.start = lex_.integer();
            const std::size_t before = lex_.offset();
            lex_.skip_space();
            if (!lex_.at(":")) return lex_.go_to(before);
        }
        if (!lex_.take(":")) lex_.fail("expected a selector");
        made.is = selector::kind::slice;
        lex_.skip_space();
        if (lex_.at_integer()) {
            made.end = lex_.integer();
            lex_.skip_space();
        }
        if (lex_.take(":")) {
            lex_.skip_space();
            if (lex_.at_integer()) made.step = lex_.integer();
        }
    }

    filter parse_any() { return parse_operands("||", filter::kind::any, &parser::parse_all); }
    filter parse_all() { return parse_operands("&&", filter::kind::all, &parser::parse_basic); }

    filter parse_operands(std::string_view sign, filter::kind kind, filter (parser::*operand)())
    {
        filter first = (this->*operand)();
        lex_.skip_space();
        if (!lex_.at(sign)) return first;
        filter made;
        made.is = kind;
        made.operands.push_back(std::move(first));
        while (lex_.take(sign)) {
            lex_.skip_space();
            made.operands.push_back((this->*operand)());
            lex_.skip_space();
        }
        return made;
    }

    filter parse_basic()
    {
        const level deeper{*this};
        if (lex_.at("!")) return parse_negation();
        if (lex_.at("(")) return parse_group();
        const std::size_t start = lex_.offset();
        filter left = parse_operand();
        const std::size_t end = lex_.offset();
        lex_.skip_space();
        for (const auto& [sign, means] : comparisons) {
            if (!lex_.take(sign)) continue;
            filter made;
            made.is = filter::kind::compare;
            made.compares = means;
            made.operands.push_back(to_value(std::move(left), start));
            lex_.skip_space();
            const std::size_t right = lex_.offset();
            made.operands.push_back(to_value(parse_operand(), right));
            return made;
        }
        lex_.go_to(end);
        return to_logical(std::move(left), start);
    }

    filter parse_negation()
    {
        lex_.expect("!");
        lex_.skip_space();
        const std::size_t start = lex_.offset();
        filter made;
        made.is = filter::kind::negate;
        made.operands.push_back(lex_.at("(") ? parse_group() : to_logical(parse_operand(), start));
        return made;
    }

    filter parse_group()
    {
        lex_.expect("(");
        lex_.skip_space();
        filter inner = parse_any();
        lex_.skip_space();
        lex_.expect(")");
        return inner;
    }

    /// A literal, a query or a call.
    filter parse_operand()
    {
        filter made;
        if (lex_.at_string()) {
            made.constant = lex_.string();
        } else if (lex_.at_integer()) {
            made.constant = lex_.number();
        } else if (lex_.at("@") || lex_.at("$")) {
            made.is = filter::kind::query;
            made.path = parse_path();
        } else {
            const std::size_t start = lex_.offset();
            const std::string_view name = lex_.function_name();
            if (!name.empty() && lex_.at("(")) return parse_call(name, start);
            if (name == "true" || name == "false") {
                made.constant = name == "true";
            } else if (name != "null") {
                lex_.fail("expected a query, a literal or a function", start);
            }
        }
        return made;
    }

    filter parse_call(std::string_view name, std::size_t start)
    {
        const level deeper{*this};
        const signature& called = find(name, start);
        filter made;
        made.is = filter::kind::call;
        made.callee = called.id;
        lex_.expect("(");
        lex_.skip_space();
        for (std::size_t i = 0; i < called.count; ++i) {
            if (i != 0) {
                lex_.expect(",");
                lex_.skip_space();
            }
            made.operands.push_back(parse_argument(called.parameters[i]));
            lex_.skip_space();
        }
        lex_.expect(")");
        if (called.result == type::logical) {
            const filter& pattern = made.operands[1];
            if (pattern.is == filter::kind::literal && pattern.constant.is_string()) {
                made.pattern.emplace(pattern.constant.as<std::string_view>());
            }
        }
        return made;
    }

    filter parse_argument(type wanted)
    {
        const std::size_t start = lex_.offset();
        filter given = parse_operand();
        if (wanted == type::value) return to_value(std::move(given), start);
        if (given.is != filter::kind::query) lex_.fail("expected a query", start);
        given.is = filter::kind::exists;
        return given;
    }

    const signature& find(std::string_view name, std::size_t start) const
    {
        for (const signature& known : functions) {
            if (known.name == name) return known;
        }
        lex_.fail("no such function", start);
    }

    static const signature& signature_of(const filter& call)
    {
        return functions[static_cast<std::size_t>(call.callee)];
    }

    /// What can be compared or passed as a value.
    filter to_value(filter made, std::size_t start) const
    {
        if (made.is == filter::kind::query && !made.path.singular) {
            lex_.fail("a query that may find several nodes is no value", start);
        }
        if (made.is == filter::kind::call && signature_of(made).result != type::value) {
            lex_.fail("this function gives no value", start);
        }
        return made;
    }

    /// What can be a condition.
    filter to_logical(filter made, std::size_t start) const
    {
        if (made.is == filter::kind::literal) {
            lex_.fail("a literal must be compared with something", start);
        }
        if (made.is == filter::kind::call && signature_of(made).result == type::value) {
            lex_.fail("the function's result must be compared with something", start);
        }
        if (made.is == filter::kind::query) made.is = filter::kind::exists;
        return made;
    }

    lexer lex_;
    std::size_t depth_ = 0;
};

}  // namespace

query parse_query(std::string_view text)
{
    if (text.size() > max_query_bytes) throw limit_error{"max_query_bytes", max_query_bytes};
    if (const auto at = utf8::find_invalid(text); at != std::string_view::npos) {
        throw parse_error{errc::malformed, "JSONPath: invalid UTF-8", position_of(text, at)};
    }
    query made = parser{text}.parse();
    made.text = text;
    return made;
}

}  // namespace ferry::jsonpath::detail
