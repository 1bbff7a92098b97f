#include "ferry/documents/detail/css_parser.hpp"

#include "ferry/core/error.hpp"
#include "ferry/documents/detail/css_arguments.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace ferry::css::detail {

namespace {

struct plain_pseudo {
    std::string_view name;
    test what;
};

/// The pseudo-classes without arguments.
constexpr std::array plain_pseudos{
    plain_pseudo{"root", test::root},
    plain_pseudo{"scope", test::scope},
    plain_pseudo{"empty", test::empty},
    plain_pseudo{"first-child", test::first_child},
    plain_pseudo{"last-child", test::last_child},
    plain_pseudo{"first-of-type", test::nth_of_type},
    plain_pseudo{"last-of-type", test::nth_last_of_type},
    plain_pseudo{"link", test::any_link},
    plain_pseudo{"any-link", test::any_link},
    plain_pseudo{"checked", test::checked},
    plain_pseudo{"enabled", test::enabled},
    plain_pseudo{"disabled", test::disabled},
    plain_pseudo{"required", test::required},
    plain_pseudo{"optional", test::optional},
    plain_pseudo{"read-only", test::read_only},
    plain_pseudo{"read-write", test::read_write},
    plain_pseudo{"default", test::default_},
    plain_pseudo{"indeterminate", test::indeterminate},
    plain_pseudo{"placeholder-shown", test::placeholder_shown},
    plain_pseudo{"open", test::open},
    plain_pseudo{"defined", test::defined},
    plain_pseudo{"visited", test::never},
    plain_pseudo{"hover", test::never},
    plain_pseudo{"active", test::never},
    plain_pseudo{"focus", test::never},
    plain_pseudo{"focus-within", test::never},
    plain_pseudo{"focus-visible", test::never},
    plain_pseudo{"target", test::never},
    plain_pseudo{"target-within", test::never},
    plain_pseudo{"fullscreen", test::never},
    plain_pseudo{"modal", test::never},
    plain_pseudo{"popover-open", test::never},
    plain_pseudo{"autofill", test::never},
    plain_pseudo{"user-valid", test::never},
    plain_pseudo{"user-invalid", test::never},
    plain_pseudo{"current", test::never},
    plain_pseudo{"past", test::never},
    plain_pseudo{"future", test::never},
    plain_pseudo{"playing", test::never},
};

constexpr std::array<plain_pseudo, 16> functions{{
    {"is", test::is},
    {"where", test::is},
    {"matches", test::is},
    {"not", test::not_},
    {"has", test::has},
    {"nth-child", test::nth_child},
    {"nth-last-child", test::nth_last_child},
    {"nth-of-type", test::nth_of_type},
    {"nth-last-of-type", test::nth_last_of_type},
    {"lang", test::lang},
    {"dir", test::dir},
    {"contains", test::contains},
    {"contains-own", test::contains_own},
    {"icontains", test::icontains},
    {"matches-text", test::matches_text},
    {"host", test::never},
}};

template <class Table>
const plain_pseudo* find(const Table& table, std::string_view name)
{
    const auto found = std::find_if(table.begin(), table.end(),
                                    [name](const plain_pseudo& p) { return p.name == name; });
    return found == table.end() ? nullptr : &*found;
}

void add(specificity& to, const specificity& more) noexcept
{
    to.ids += more.ids;
    to.classes += more.classes;
    to.types += more.types;
}

specificity highest(const std::vector<complex>& list)
{
    specificity most;
    for (const complex& c : list) most = std::max(most, c.weight);
    return most;
}

class parser {
public:
    parser(program& into, std::size_t max_depth)
        : in_(into.text), program_(into), max_depth_(max_depth)
    {
    }

    void all()
    {
        program_.list = list(false);
        if (!in_.at_end()) in_.fail("unexpected '" + std::string(1, in_.peek()) + "'");
        for (const complex& c : program_.list) {
            program_.weights.push_back(c.weight);
            program_.has_pseudo_element =
                program_.has_pseudo_element || c.gives != pseudo_element::none;
        }
    }

private:
    /// A selector list, up to the `)` or end that follows.
    std::vector<complex> list(bool relative)
    {
        std::vector<complex> out;
        do {
            out.push_back(one(relative));
        } while (in_.take(','));
        return out;
    }

    bool at_end_of_one() const noexcept
    {
        return in_.at_end() || in_.peek() == ',' || in_.peek() == ')';
    }

    combinator take_combinator()
    {
        if (in_.take('>')) return combinator::child;
        if (in_.take('~')) return combinator::later_sibling;
        if (in_.peek() == '|' && in_.peek(1) == '|')
            in_.fail("column combinators are not supported");
        return in_.take('+') ? combinator::next_sibling : combinator::none;
    }

    complex one(bool relative)
    {
        complex out;
        in_.skip_space();
        combinator before = take_combinator();
        if (before != combinator::none) {
            if (!relative) in_.fail("a selector cannot begin with a combinator", in_.offset() - 1);
            in_.skip_space();
        } else if (relative) {
            before = combinator::descendant;
        }
        for (;;) {
            one_compound(out, before);
            const bool space = in_.skip_space();
            if (at_end_of_one()) return out;
            if (out.gives != pseudo_element::none) in_.fail("nothing may follow a pseudo-element");
            before = take_combinator();
            if (before == combinator::none) {
                if (!space) in_.fail("unexpected '" + std::string(1, in_.peek()) + "'");
                before = combinator::descendant;
            }
            in_.skip_space();
        }
    }

    void one_compound(complex& out, combinator before)
    {
        if (++compounds_ > max_compounds) throw limit_error("max_compounds", max_compounds);
        compound made;
        made.before = before;
        made.slot = program_.slots++;
        const std::size_t start = in_.offset();
        if (at_type()) {
            made.tests.push_back(type(out));
            if (made.tests.back().what == test::any_type &&
                made.tests.back().space == space_rule::any)
                made.tests.pop_back();
        }
        while (out.gives == pseudo_element::none) {
            // A comment between two of them is nothing, white space is the end.
            while (in_.peek() == '/' && in_.peek(1) == '*') in_.skip_comment();
            if (in_.peek() == '#') {
                made.tests.push_back(id(out));
            } else if (in_.peek() == '.') {
                made.tests.push_back(of_class(out));
            } else if (in_.peek() == '[') {
                made.tests.push_back(attribute(out));
            } else if (in_.peek() == ':' && in_.peek(1) == ':') {
                take_pseudo_element(out);
            } else if (in_.peek() == ':') {
                pseudo(out, made);
            } else {
                break;
            }
        }
        if (in_.offset() == start)
            in_.fail(at_end_of_one() ? "expected a selector"
                                     : "unexpected '" + std::string(1, in_.peek()) + "'");
        std::sort(made.tests.begin(), made.tests.end(),
                  [](const simple& a, const simple& b) { return a.what < b.what; });
        out.compounds.push_back(std::move(made));
    }

    // ---- names

    std::uint32_t name_slot(const std::string& name)
    {
        const auto [at, is_new] =
            name_slots_.try_emplace(name, static_cast<std::uint32_t>(program_.names.size()));
        if (is_new) program_.names.push_back({name, lowered(name)});
        return at->second;
    }

    std::uint32_t prefix_slot(const std::string& prefix, std::size_t offset)
    {
        const auto [at, is_new] =
            prefix_slots_.try_emplace(prefix, static_cast<std::uint32_t>(program_.prefixes.size()));
        if (is_new) program_.prefixes.push_back({prefix, offset});
        return at->second;
    }

    bool at_bar() const noexcept { return in_.peek() == '|' && in_.peek(1) != '|'; }
    bool at_type() const noexcept { return in_.at_name() || in_.peek() == '*' || at_bar(); }

    /// `ns|`, `*|` or `|`, and then a name, or `*` where that may be.
    simple qualified(bool star, bool equals_may_follow)
    {
        simple out;
        out.what = test::type;
        std::string name;
        const std::size_t start = in_.offset();
        const bool is_star = in_.peek() == '*';
        if (in_.peek() != '|') name = is_star ? "*" : in_.name("a name");
        if (is_star && name == "*") in_.step();
        const bool bar = at_bar() && !(equals_may_follow && in_.peek(1) == '=');
        if (bar) {
            in_.step();
            out.space = is_star        ? space_rule::any
                        : name.empty() ? space_rule::none
                                       : space_rule::prefixed;
            if (out.space == space_rule::prefixed) out.prefix = prefix_slot(name, start);
            if (star && in_.take('*'))
                out.what = test::any_type;
            else
                out.name = name_slot(in_.name("a name after '|'"));
        } else if (is_star) {
            if (!star) in_.fail("expected an attribute's name");
            out.what = test::any_type;
        } else {
            out.name = name_slot(name.empty() ? in_.name("a name") : name);
        }
        return out;
    }

    simple type(complex& into)
    {
        simple out = qualified(true, false);
        if (out.what == test::type) ++into.weight.types;
        return out;
    }

    simple id(complex& into)
    {
        in_.step();
        simple out;
        out.what = test::id;
        out.value = in_.hash();
        ++into.weight.ids;
        return out;
    }

    simple of_class(complex& into)
    {
        in_.step();
        simple out;
        out.what = test::class_;
        out.value = in_.name("a class after '.'");
        ++into.weight.classes;
        return out;
    }

    // ---- attributes

    simple attribute(complex& into)
    {
        in_.step();
        in_.skip_space();
        ++into.weight.classes;
        if (!in_.at_name() && in_.peek() != '*' && !at_bar())
            in_.fail("expected an attribute's name");
        simple out = qualified(false, true);
        out.what = test::attribute;
        in_.skip_space();
        if (in_.take(']')) return out;
        out.match = operation();
        in_.skip_space();
        const char quote = in_.peek();
        if (quote == '"' || quote == '\'')
            out.value = in_.string();
        else if (in_.at_name())
            out.value = in_.name("a value");
        else
            in_.fail("expected a name or a string: write the value in quotes");
        in_.skip_space();
        if (in_.at_name()) {
            const std::size_t at = in_.offset();
            const std::string flag = lowered(in_.name("a flag"));
            if (flag != "i" && flag != "s") in_.fail("only 'i' or 's' may follow the value", at);
            out.letters = flag == "i" ? case_rule::insensitive : case_rule::sensitive;
            in_.skip_space();
        }
        in_.expect(']', "to end the attribute");
        if (out.letters == case_rule::insensitive) out.value = lowered(out.value);
        return out;
    }

    attribute_match operation()
    {
        constexpr std::array<std::pair<char, attribute_match>, 6> all{
            {{'~', attribute_match::includes},
             {'|', attribute_match::dash},
             {'^', attribute_match::prefix},
             {'$', attribute_match::suffix},
             {'*', attribute_match::substring},
             {'!', attribute_match::differs}}};
        if (in_.take('=')) return attribute_match::equals;
        for (const auto& [sign, match] : all) {
            if (in_.peek() != sign) continue;
            if (in_.peek(1) != '=') break;
            in_.step(2);
            return match;
        }
        in_.fail("expected ']' or one of = ~= |= ^= $= *= !=");
    }

    // ---- pseudo-classes

    void pseudo(complex& into, compound& made)
    {
        const std::size_t at = in_.offset();
        in_.step();
        const std::string name = lowered(in_.name("a pseudo-class after ':'"));
        if (in_.peek() == '(') {
            in_.step();
            made.tests.push_back(function(name, at, into));
            return;
        }
        ++into.weight.classes;
        if (name == "only-child" || name == "only-of-type") {  // the first and the last
            const bool of_type = name == "only-of-type";
            add_plain(made, of_type ? test::nth_of_type : test::first_child);
            add_plain(made, of_type ? test::nth_last_of_type : test::last_child);
            return;
        }
        if (name == "before" || name == "after" || name == "first-line" || name == "first-letter")
            in_.fail("':" + name + "' is a pseudo-element, of which a document has none", at);
        const plain_pseudo* found = find(plain_pseudos, name);
        if (found == nullptr && find(functions, name) != nullptr)
            in_.fail("':" + name + "' needs an argument: ':" + name + "(...)'", at);
        if (found == nullptr) in_.fail("unknown pseudo-class ':" + name + "'", at);
        add_plain(made, found->what);
    }

    void add_plain(compound& made, test what)
    {
        simple& added = made.tests.emplace_back();
        added.what = what;
        if (what != test::nth_of_type && what != test::nth_last_of_type) return;
        added.b = 1;
        added.slot = program_.slots++;
    }

    simple function(const std::string& name, std::size_t at, complex& into)
    {
        const plain_pseudo* found = find(functions, name);
        if (found == nullptr || found->what == test::never)
            in_.fail("unknown pseudo-class ':" + name + "()'", at);
        simple out;
        out.what = found->what;
        in_.skip_space();
        switch (out.what) {
            case test::is:
            case test::not_:
            case test::has: nested_list(out, name, into); break;
            case test::nth_child:
            case test::nth_last_child:
            case test::nth_of_type:
            case test::nth_last_of_type: nth(out, into); break;
            default: ++into.weight.classes; read_text_argument(in_, out);
        }
        in_.skip_space();
        in_.expect(')', "to end ':" + name + "('");
        return out;
    }

    struct nesting {
        explicit nesting(parser& p) : of(p)
        {
            if (++of.depth_ > of.max_depth_) throw limit_error("max_depth", of.max_depth_);
        }
        nesting(const nesting&) = delete;
        nesting& operator=(const nesting&) = delete;
        ~nesting() { --of.depth_; }
        parser& of;
    };

    std::vector<complex> inner_list(bool relative)
    {
        const nesting level(*this);
        std::vector<complex> out = list(relative);
        for (const complex& c : out)
            if (c.gives != pseudo_element::none)
                in_.fail("a pseudo-element may only be at the end of the selector");
        return out;
    }

    /// Of `:is()` and `:where()`: selectors that are none, or that nobody knows, are left out.
    /// Selectors Level 4 section 3.9.
    std::vector<complex> forgiving_list()
    {
        const nesting level(*this);
        std::vector<complex> out;
        do {
            const scanner start = in_;
            try {
                complex made = one(false);
                if (made.gives != pseudo_element::none) in_.fail("a pseudo-element");
                out.push_back(std::move(made));
            } catch (const parse_error&) {
                in_ = start;
                in_.skip_part();
            }
        } while (in_.take(','));
        return out;
    }

    void nested_list(simple& out, const std::string& name, complex& into)
    {
        const bool relative = out.what == test::has;
        out.list = out.what == test::is ? forgiving_list() : inner_list(relative);
        if (relative)
            for (const complex& c : out.list)
                if (c.compounds.size() > max_relative_compounds)
                    throw limit_error("max_relative_compounds", max_relative_compounds);
        if (name != "where") add(into.weight, highest(out.list));
    }

    void nth(simple& out, complex& into)
    {
        ++into.weight.classes;
        read_an_plus_b(in_, out);
        out.slot = program_.slots++;
        const bool may_have_list = out.what == test::nth_child || out.what == test::nth_last_child;
        if (!in_.skip_space() || !may_have_list || lower(in_.peek()) != 'o') return;
        const std::size_t at = in_.offset();
        if (lowered(in_.name("'of'")) != "of") in_.fail("expected 'of' or ')'", at);
        out.list = inner_list(false);
        add(into.weight, highest(out.list));
    }

    // ---- pseudo-elements

    void take_pseudo_element(complex& into)
    {
        const std::size_t at = in_.offset();
        in_.step(2);
        const std::string name = lowered(in_.name("a pseudo-element after '::'"));
        ++into.weight.types;
        if (name == "text" && in_.peek() != '(') {
            into.gives = pseudo_element::text;
        } else if (name == "attr" && in_.take('(')) {
            into.gives = pseudo_element::attribute;
            in_.skip_space();
            if (!in_.at_name() && in_.peek() != '*' && !at_bar())
                in_.fail("expected an attribute's name");
            into.given = qualified(false, false);
            into.given.what = test::attribute;
            in_.skip_space();
            in_.expect(')', "to end '::attr('");
        } else {
            in_.fail("no pseudo-element but '::text' and '::attr(name)' is known", at);
        }
    }

    static constexpr std::size_t max_relative_compounds = 64;

    scanner in_;
    program& program_;
    std::size_t max_depth_;
    std::size_t depth_ = 0;
    std::size_t compounds_ = 0;
    std::unordered_map<std::string, std::uint32_t> name_slots_, prefix_slots_;
};

}  // namespace

program parse(std::string text, std::size_t max_depth)
{
    if (text.size() > max_selector_bytes)
        throw limit_error("max_selector_bytes", max_selector_bytes);
    program out;
    out.text = std::move(text);
    parser(out, max_depth).all();
    return out;
}

}  // namespace ferry::css::detail
