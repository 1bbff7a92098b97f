#pragma once

#include "ferry/documents/css.hpp"

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ferry::css::detail {

inline constexpr std::uint32_t no_slot = 0xffff'ffff;

enum class combinator : std::uint8_t { none, descendant, child, next_sibling, later_sibling };

/// What a simple selector asks of an element; in the order of what asking costs.
enum class test : std::uint8_t {
    never,
    type,       ///< name, space
    any_type,   ///< space
    id,         ///< value
    class_,     ///< value
    attribute,  ///< name, space, match, value
    root,
    scope,
    empty,
    first_child,
    last_child,
    any_link,
    checked,
    required,
    optional,
    read_only,
    read_write,
    default_,
    indeterminate,
    placeholder_shown,
    open,
    defined,
    enabled,
    disabled,
    nth_child,         ///< a, b, list where there is an `of S`
    nth_last_child,    ///< the same
    nth_of_type,       ///< a, b
    nth_last_of_type,  ///< a, b
    lang,              ///< words
    dir,               ///< value
    is,                ///< list; also `:where`
    not_,              ///< list
    has,               ///< list of relative selectors
    contains,          ///< value
    contains_own,      ///< value
    icontains,         ///< value, in lower case
    matches_text,      ///< pattern
};

/// Which namespaces a name is in.
enum class space_rule : std::uint8_t { unprefixed, any, none, prefixed };

enum class attribute_match : std::uint8_t {
    exists,
    equals,
    includes,   ///< ~=
    dash,       ///< |=
    prefix,     ///< ^=
    suffix,     ///< $=
    substring,  ///< *=
    differs,    ///< !=
};

enum class case_rule : std::uint8_t { by_name, insensitive, sensitive };

struct complex;

struct simple {
    test what = test::never;
    space_rule space = space_rule::unprefixed;
    attribute_match match = attribute_match::exists;
    case_rule letters = case_rule::by_name;
    std::uint32_t name = no_slot;    ///< index into program::names
    std::uint32_t prefix = no_slot;  ///< index into program::prefixes
    std::uint32_t slot = no_slot;    ///< what is remembered of it
    std::int32_t a = 0;
    std::int32_t b = 0;
    std::string value;
    std::vector<std::string> words;
    std::vector<complex> list;
    std::shared_ptr<const RE2> pattern;
};

struct compound {
    combinator before = combinator::none;  ///< to the compound on its left
    std::uint32_t slot = no_slot;          ///< what is remembered of searches for it
    std::vector<simple> tests;
};

enum class pseudo_element : std::uint8_t { none, text, attribute };

/// Compounds from left to right; the first has a combinator only in a relative selector.
struct complex {
    std::vector<compound> compounds;
    specificity weight;
    pseudo_element gives = pseudo_element::none;
    simple given;  ///< the name of `::attr()`

    const compound& subject() const noexcept { return compounds.back(); }
};

/// A name as it is written, and as it is for an HTML element.
struct written_name {
    std::string exact;
    std::string lower;
};

/// A prefix and where it is written first.
struct written_prefix {
    std::string text;
    std::size_t at = 0;
};

struct program {
    std::string text;
    std::vector<complex> list;
    std::vector<specificity> weights;
    std::vector<written_name> names;
    std::vector<written_prefix> prefixes;
    std::uint32_t slots = 0;
    bool has_pseudo_element = false;
};

}  // namespace ferry::css::detail
