#pragma once

#include "ferry/documents/tree.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// Selectors Level 4 over documents::tree. As cssselect and parsel, with the results of a browser's
/// querySelectorAll().
///
///     const css::selector links = css::compile("nav > a[href^='/']:not(.external)");
///     for (documents::node_id n : links.select(tree)) visit(tree, n);
///
/// What the Standard does not have: `:contains("x")`, `:contains-own("x")`, `:icontains("x")`,
/// `:matches-text(/re/i)`, `[a!=v]`, and, for selector::strings() alone, `::text` and `::attr(x)`.
/// `:is()` and `:where()` leave out selectors that are none, as the Standard says; all other lists
/// are errors then. What a page at rest cannot be (`:hover`, `:focus`, `:visited`, `:target`) never
/// matches. In trees of the HTML parser names compare without case, and in quirks mode classes and
/// ids too. The contents of an HTML `template` are not seen from outside of it.
namespace ferry::css {

namespace detail {
struct program;
}

inline constexpr std::size_t max_selector_bytes = 64UL << 10;
inline constexpr std::size_t default_max_depth = 32;
inline constexpr std::size_t max_compounds = 512;
inline constexpr std::uint64_t default_max_steps = 100'000'000;

/// How strongly a selector speaks: ids, then classes, attributes and pseudo-classes, then types and
/// pseudo-elements. Selectors Level 4 section 17.
struct specificity {
    std::uint32_t ids = 0;
    std::uint32_t classes = 0;
    std::uint32_t types = 0;

    friend auto operator<=>(const specificity&, const specificity&) = default;
};

/// What a selector may refer to, and its limits. The calls can be chained.
class context {
public:
    context() = default;

    /// Binds `prefix|`.
    context& ns(std::string prefix, std::string uri)
    {
        namespaces_.insert_or_assign(std::move(prefix), std::move(uri));
        return *this;
    }
    /// The namespace of type selectors without a prefix; none: they match in every namespace.
    context& default_ns(std::string uri)
    {
        default_ns_ = std::move(uri);
        return *this;
    }
    /// The element that `:scope` is; the default is the one that is searched, or the root element.
    context& scope(documents::node_id element)
    {
        scope_ = element;
        return *this;
    }
    /// Elements and characters looked at (default_max_steps); about 10^8 a second.
    context& max_steps(std::uint64_t count)
    {
        max_steps_ = count;
        return *this;
    }

    const std::string* find_ns(std::string_view prefix) const noexcept
    {
        const auto found = namespaces_.find(prefix);
        return found == namespaces_.end() ? nullptr : &found->second;
    }
    const std::optional<std::string>& default_ns() const noexcept { return default_ns_; }
    documents::node_id scope() const noexcept { return scope_; }
    std::uint64_t max_steps() const noexcept { return max_steps_; }

private:
    std::map<std::string, std::string, std::less<>> namespaces_;
    std::optional<std::string> default_ns_;
    documents::node_id scope_ = documents::no_node;
    std::uint64_t max_steps_ = default_max_steps;
};

/// A compiled selector list: immutable, cheap to copy, shared by threads.
///
/// Every search throws parse_error for a prefix that the context does not bind, and for a
/// pseudo-element where elements are asked for; limit_error `max_steps` for what would take too
/// long. Cost: linear in the nodes below `from` for what is written without `:matches-text()`;
/// `a`, `.b` and `#c` cost about a nanosecond a node.
class selector {
public:
    /// \param max_depth  how deep `:is(...)`, `:not(...)`, `:has(...)` and the like may nest.
    /// \throws parse_error  it is no selector, or one that ferry does not know: the place, and an
    ///                      excerpt with a caret.
    /// \throws limit_error  `max_depth`, `max_selector_bytes`, `max_compounds`.
    static selector compile(std::string_view text, std::size_t max_depth = default_max_depth);

    /// The elements below `from` that match, each once, in document order. As querySelectorAll().
    std::vector<documents::node_id> select(const documents::tree& tree,
                                           documents::node_id from = documents::tree::root(),
                                           const context& with = context()) const;
    /// The first of them, or no_node. As querySelector(). Cost: stops at the first.
    documents::node_id select_one(const documents::tree& tree,
                                  documents::node_id from = documents::tree::root(),
                                  const context& with = context()) const;
    bool matches(const documents::tree& tree, documents::node_id element,
                 const context& with = context()) const;
    /// The element itself or the nearest around it that matches, or no_node.
    documents::node_id closest(const documents::tree& tree, documents::node_id element,
                               const context& with = context()) const;

    /// What the selectors' pseudo-elements name, in document order: for `::text` each text node
    /// that is a child of what matches, for `::attr(x)` the attribute's value where it is; without
    /// one, all the text of the element. As parsel's `css(...).getall()`.
    std::vector<std::string> strings(const documents::tree& tree,
                                     documents::node_id from = documents::tree::root(),
                                     const context& with = context()) const;

    /// Of each selector of the list.
    const std::vector<specificity>& specificities() const noexcept;
    /// Whether any has `::text` or `::attr()`, so that it selects strings.
    bool has_pseudo_element() const noexcept;
    /// Whether names and attributes of an element alone decide: no combinators, no places among
    /// siblings, nothing of what is in it. Such selectors can be used on a stream of tags.
    bool is_local() const noexcept;
    /// Whether an element of that name can match at all: a quick no for a stream of tags.
    bool may_match(std::string_view name) const noexcept;
    const std::string& text() const noexcept;

private:
    explicit selector(std::shared_ptr<const detail::program> compiled)
        : program_(std::move(compiled))
    {
    }

    std::shared_ptr<const detail::program> program_;
};

/// selector::compile(), which remembers the selectors used last; any thread may call it.
selector compile(std::string_view text);

/// A text as an identifier, so that it can be put into a selector after `#` or `.`. As
/// CSS.escape().
std::string escape(std::string_view identifier);

/// A selector that matches that element alone in its document, as short as ids and classes allow:
/// `#menu > li:nth-of-type(2) > a`. Cost: linear in the siblings of the element and of those around
/// it, and one search for each id among them.
/// \throws type_error  the node is no element.
std::string path_of(const documents::tree& tree, documents::node_id element);

}  // namespace ferry::css
