#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ferry::xpath::detail {

enum class axis : std::uint8_t {
    ancestor,
    ancestor_or_self,
    attribute,
    child,
    descendant,
    descendant_or_self,
    following,
    following_sibling,
    namespaces,
    parent,
    preceding,
    preceding_sibling,
    self,
};

constexpr bool is_reverse(axis a) noexcept
{
    return a == axis::ancestor || a == axis::ancestor_or_self || a == axis::preceding ||
           a == axis::preceding_sibling;
}

/// The type that an expression is known to have before it runs; `any` for variables and extension
/// functions.
enum class type : std::uint8_t { nodes, string, number, boolean, any };

enum class function : std::uint8_t {
    boolean,
    ceiling,
    concat,
    contains,
    count,
    current,  // XSLT's: the node that the evaluation began with
    false_,
    floor,
    id,
    lang,
    last,
    local_name,
    name,
    namespace_uri,
    normalize_space,
    not_,
    number,
    position,
    round,
    starts_with,
    string,
    string_length,
    substring,
    substring_after,
    substring_before,
    sum,
    translate,
    true_,
};

enum class op : std::uint8_t {
    or_,
    and_,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    add,
    subtract,
    multiply,
    divide,
    modulo,
    negate,
    unite,
    literal,    ///< text
    number,     ///< number
    variable,   ///< text is its name
    call,       ///< a core function
    extension,  ///< a function of the context's: prefix, text
    attribute,  ///< `@name` of the context node: slot
    word,       ///< whether the value of `@name` has a word: slot, text, any_space
    path,       ///< args[0], the root or the context node, then steps
    filter,     ///< args[0] filtered by the predicates of steps[0]
};

enum class test : std::uint8_t { name, any, any_in_namespace, node, text, comment, instruction };

struct predicate;

struct step {
    detail::axis axis = axis::child;
    detail::test test = test::node;
    /// A `child` step that stands for `descendant-or-self::node()/child`: it visits the context's
    /// descendants, but counts positions among the children of each parent.
    bool deep = false;
    bool positional = false;  ///< a predicate depends on position() or last()
    bool needs_size = false;  ///< a predicate depends on last()
    std::uint32_t slot = 0;   ///< of the name in program::names
    std::string target;       ///< of processing-instruction('target')
    std::vector<predicate> predicates;
    std::uint32_t offset = 0;
};

/// One node of a compiled expression. Its depth is limited when it is parsed, so that walking it
/// may recurse.
struct expr {
    op kind = op::literal;
    detail::type type = type::any;
    detail::function function = function::boolean;
    bool absolute = false;         ///< a path from the root
    bool any_space = false;        ///< words are divided by any white space, not only by blanks
    bool uses_position = false;    ///< depends on position() of its own context
    bool uses_last = false;        ///< depends on last() of its own context
    bool streams = false;          ///< a path whose steps can be nested loops: no duplicates
    bool streams_ordered = false;  ///< and they find the nodes in document order
    std::uint16_t depth = 1;
    std::uint32_t slot = 0;
    std::uint32_t offset = 0;
    double number = 0;
    std::string prefix;
    std::string text;
    std::vector<expr> args;
    std::vector<step> steps;
};

struct predicate {
    enum class form : std::uint8_t {
        condition,         ///< its value as a boolean
        position,          ///< [3]: index
        last,              ///< [last()]
        numeric,           ///< a number that is compared with position()
        dynamic,           ///< a number or something else: known when it runs
        attribute_equal,   ///< [@name = 'text']: slot, text
        attribute_exists,  ///< [@name]: slot
    };
    form kind = form::condition;
    std::uint32_t slot = 0;
    std::uint64_t index = 0;  ///< 0: no position is equal to it
    std::string text;
    expr condition;

    bool is_positional() const noexcept
    {
        return kind == form::position || kind == form::last || kind == form::numeric ||
               kind == form::dynamic || condition.uses_position || condition.uses_last;
    }
    bool needs_size() const noexcept
    {
        return kind == form::last || kind == form::dynamic || condition.uses_last;
    }
};

/// A name in an expression, resolved once per evaluation against the document's names.
struct name_use {
    std::string prefix;
    std::string local;
    bool is_attribute = false;
    std::uint32_t offset = 0;
};

/// A compiled expression: immutable, shared by threads.
struct program {
    std::string text;
    expr root;
    std::vector<name_use> names;
};

}  // namespace ferry::xpath::detail
