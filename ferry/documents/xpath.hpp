#pragma once

#include "ferry/documents/tree.hpp"

#include <chrono>
#include <cmath>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// \file
/// XPath 1.0, complete, over documents::tree, and XSLT's `current()`, the node that an evaluation
/// begins with. As lxml's `xpath()` and `etree.XPath`.
///
///     const auto buyers = xpath::expression::compile("//div[@title='buyer-name']/text()");
///     for (const std::string& name : buyers.evaluate(tree).strings()) greet(name);
///
/// In trees of the HTML parser, names without a prefix match elements of every namespace by their
/// local name, in the case that is written or in lower case: `//DIV` finds `div`,
/// `//linearGradient` and `//svg` find those of SVG. In XML they match elements without a
/// namespace, or those of context::default_ns(). The contents of an HTML `template` are not seen
/// from outside of it.
namespace ferry::xpath {

namespace detail {
struct program;
}

inline constexpr std::size_t default_max_depth = 128;
inline constexpr std::size_t max_expression_bytes = 64UL << 10;
inline constexpr std::uint64_t default_max_steps = 100'000'000;
inline constexpr std::uint64_t default_max_nodes = 10'000'000;
inline constexpr std::size_t default_max_string_bytes = 64UL << 20;

/// An element, text, comment, processing instruction or attribute in a tree, or its document node.
/// A handle of three numbers: valid as long as the tree, compares by document order.
class node {
public:
    static constexpr std::uint32_t no_attribute = 0xffff'ffff;

    node() = default;
    /// \param attribute  index into `tree.attributes(id)`, or no_attribute for the node itself.
    node(const documents::tree& tree, documents::node_id id,
         std::uint32_t attribute = no_attribute) noexcept
        : tree_(&tree), id_(id), attribute_(attribute)
    {
    }

    const documents::tree& tree() const noexcept { return *tree_; }
    /// The node, or the element that has the attribute.
    documents::node_id id() const noexcept { return id_; }
    std::uint32_t attribute() const noexcept { return attribute_; }

    bool is_attribute() const noexcept { return attribute_ != no_attribute; }
    bool is_element() const noexcept { return !is_attribute() && tree_->is_element(id_); }
    bool is_text() const noexcept
    {
        return !is_attribute() && tree_->kind(id_) == documents::node_kind::text;
    }

    /// The name with its prefix, of an element, attribute or processing instruction; else empty.
    std::string name() const;
    std::string_view local_name() const noexcept;
    std::string_view namespace_uri() const noexcept;
    /// A text behind an element, comment or instruction. As a smart string's `is_tail`.
    bool is_tail() const noexcept;
    /// A namespace in scope of an element, which the axis `namespace` gives: its name() is the
    /// prefix, its string() the URI. is_attribute() is true for it too.
    bool is_namespace() const noexcept;
    /// The string-value: an attribute's value, all the text in an element, a comment's text.
    std::string string() const;
    /// The element around; of an attribute the element that has it.
    std::optional<node> parent() const noexcept;

    friend bool operator==(const node&, const node&) = default;
    friend std::strong_ordering operator<=>(const node& a, const node& b) noexcept;

private:
    const documents::tree* tree_ = nullptr;
    documents::node_id id_ = documents::no_node;
    std::uint32_t attribute_ = no_attribute;
};

/// What an expression gives: nodes in document order, a string, a number or a boolean.
class result {
public:
    enum class kind : std::uint8_t { nodes, string, number, boolean };

    result() = default;  ///< no nodes
    result(std::vector<node> nodes) : value_(std::move(nodes)) {}
    result(const node& one) : value_(std::vector<node>{one}) {}
    /// Nodes of a tree of their own, which a function has made: it lives as long as a result that
    /// has some of them. In the expression they have a value and a name, but no axes lead from
    /// them.
    result(std::vector<node> nodes, std::shared_ptr<const void> tree)
        : value_(std::move(nodes)), owner_(std::move(tree))
    {
    }
    result(std::string text) : value_(std::move(text)) {}
    result(std::string_view text) : value_(std::string(text)) {}
    result(const char* text) : value_(std::string(text)) {}
    result(bool truth) : value_(truth) {}
    template <class T>
        requires(std::floating_point<T> || (std::integral<T> && !std::same_as<T, bool>))
    result(T number) : value_(static_cast<double>(number))
    {
    }

    kind type() const noexcept { return static_cast<kind>(value_.index()); }
    bool is_nodes() const noexcept { return type() == kind::nodes; }

    /// \throws type_error  it is not a node-set.
    const std::vector<node>& nodes() const&;
    std::vector<node> nodes() &&;
    /// What keeps nodes of other trees alive; null if there are none.
    const std::shared_ptr<const void>& owner() const noexcept { return owner_; }
    /// Nodes; 1 for a string, number or boolean.
    std::size_t size() const noexcept { return is_nodes() ? std::get<0>(value_).size() : 1; }
    bool empty() const noexcept { return size() == 0; }

    // As the functions string(), number() and boolean() of XPath convert.
    std::string to_string() const;
    double to_number() const;
    bool to_boolean() const noexcept;

    /// The string-value of every node; of a string, number or boolean its text alone.
    std::vector<std::string> strings() const;
    /// strings() read as XPath reads numbers: NaN for what is none.
    std::vector<double> numbers() const;
    /// The first of strings() as a T (string, bool, a number type, or node), nothing if there is
    /// none.
    /// \throws type_error  it is no number, or does not fit T; a node was wanted of another type.
    template <class T>
    std::optional<T> first() const;

private:
    [[noreturn]] static void fail(const char* wanted, const std::string& found);

    std::variant<std::vector<node>, std::string, double, bool> value_;
    std::shared_ptr<const void> owner_;
};

/// A function of one's own: gets the arguments and the context node.
/// \return  for nodes, in any order; of the same tree, or with the tree that owns them.
using extension = std::function<result(std::span<const result> arguments, const node& at)>;

/// What an evaluation may refer to, and its limits. The calls can be chained.
class context {
public:
    context() = default;

    /// Binds `prefix:` in names and functions. `xml` is always bound.
    context& ns(std::string prefix, std::string uri);
    /// The namespace of element names without a prefix. lxml has no counterpart.
    context& default_ns(std::string uri);
    /// `$name`. Nodes must be of the tree that is evaluated.
    context& variable(std::string name, result value);
    /// `prefix:name()` for the prefixes that are bound to `uri`. It may throw: that ends
    /// evaluate().
    context& function(std::string uri, std::string name, extension call);

    /// Numbers as text in the form of libxml2, `1e+20` and 15 digits, instead of the
    /// Recommendation's. For results that must equal lxml's. Default: false.
    context& libxml2_numbers(bool on);

    /// Nodes visited, about 10^8 a second (default_max_steps).
    context& max_steps(std::uint64_t count);
    /// How long an evaluation may take; it is looked at about every millisecond. Default: any time,
    /// within max_steps().
    context& timeout(std::chrono::milliseconds limit);
    /// Nodes in a node-set, intermediate ones too (default_max_nodes).
    context& max_nodes(std::uint64_t count);
    /// Bytes of a string that a function makes (default_max_string_bytes).
    context& max_string_bytes(std::size_t bytes);

    const std::string* find_ns(std::string_view prefix) const noexcept;
    const std::optional<std::string>& default_ns() const noexcept { return default_ns_; }
    const result* find_variable(std::string_view name) const noexcept;
    const extension* find_function(std::string_view uri, std::string_view name) const;
    bool libxml2_numbers() const noexcept { return libxml2_numbers_; }
    std::uint64_t max_steps() const noexcept { return max_steps_; }
    std::optional<std::chrono::milliseconds> timeout() const noexcept { return timeout_; }
    std::uint64_t max_nodes() const noexcept { return max_nodes_; }
    std::size_t max_string_bytes() const noexcept { return max_string_bytes_; }

private:
    std::map<std::string, std::string, std::less<>> namespaces_;
    std::optional<std::string> default_ns_;
    std::map<std::string, result, std::less<>> variables_;
    std::map<std::string, extension, std::less<>> functions_;  // `{uri}name`
    bool libxml2_numbers_ = false;
    std::uint64_t max_steps_ = default_max_steps;
    std::uint64_t max_nodes_ = default_max_nodes;
    std::optional<std::chrono::milliseconds> timeout_;
    std::size_t max_string_bytes_ = default_max_string_bytes;
};

/// A compiled expression: immutable, cheap to copy, shared by threads. As lxml's etree.XPath.
class expression {
public:
    /// \param max_depth  how deep parentheses, predicates, calls and operators may nest.
    /// \throws parse_error  it is not XPath 1.0: the place, an excerpt with a caret, a suggestion.
    /// \throws limit_error  `max_depth`, `max_expression_bytes`.
    static expression compile(std::string_view text, std::size_t max_depth = default_max_depth);

    /// Evaluates with a node as the context node.
    /// \throws parse_error  a prefix, variable or function that `with` does not have.
    /// \throws limit_error  `max_steps`, `max_nodes`, `max_string_bytes`.
    /// \throws timeout_error  context::timeout() has passed.
    /// Cost: a path of forward steps without positions visits each node once a step; `//name` alone
    /// compares one integer a node.
    result evaluate(const node& from, const context& with = context()) const;
    /// From the document node.
    result evaluate(const documents::tree& tree, const context& with = context()) const
    {
        return evaluate(node(tree, documents::tree::root()), with);
    }

    const std::string& text() const noexcept;

private:
    explicit expression(std::shared_ptr<const detail::program> compiled)
        : program_(std::move(compiled))
    {
    }

    std::shared_ptr<const detail::program> program_;
};

/// Binds `re`, `str`, `set` and `math` to EXSLT's namespaces and adds their functions:
///
/// | `re:` | `test(text, pattern, flags?)`, `match(...)`: the first match or "", `replace(text,
/// pattern,
///          flags, by)`; the flags are `i` and `g`. Patterns are RE2's, so that none takes long |
/// | `str:` | `tokenize(text, characters?)`, `split(text, separator?)`: elements `token`;
///           `concat(nodes)`, `replace(text, part, by)`, `padding(n, text?)`,
///           `align(text, to, how?)`, `encode-uri(text, reserved?)`, `decode-uri(text)` |
/// | `set:` | `difference intersection distinct has-same-node leading trailing` |
/// | `math:` | `min max highest lowest abs sqrt power exp log sin cos tan` |
///
/// As lxml has them, whose `re:match` gives a list.
void add_exslt(context& to);

/// A path that selects that node alone: `/html/body/span[2]`, `/html/body/a/@href`. As lxml's
/// `getpath`. Of a node inside an HTML `template`, the path from the template's contents.
/// Cost: linear in the siblings of the node and of its ancestors.
std::string getpath(const node& n);

template <class T>
std::optional<T> result::first() const
{
    if (empty()) return std::nullopt;
    if constexpr (std::same_as<T, node>) {
        return nodes().front();
    } else if constexpr (std::same_as<T, std::string>) {
        return to_string();
    } else if constexpr (std::same_as<T, bool>) {
        return to_boolean();
    } else {
        static_assert(std::floating_point<T> || std::integral<T>);
        const double number = to_number();
        if (std::isnan(number)) fail("number", to_string());
        if constexpr (std::integral<T>) {
            // The bounds are exact as doubles, max() is not.
            const double low = static_cast<double>(std::numeric_limits<T>::min());
            const double high = std::ldexp(1.0, std::numeric_limits<T>::digits);
            if (number != std::floor(number) || number < low || number >= high) {
                fail("integer in range", to_string());
            }
        }
        return static_cast<T>(number);
    }
}

}  // namespace ferry::xpath
