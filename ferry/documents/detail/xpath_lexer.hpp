#pragma once

#include "ferry/core/error.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ferry::xpath::detail {

enum class token_kind : std::uint8_t {
    end,
    open_paren,
    close_paren,
    open_bracket,
    close_bracket,
    dot,
    dot_dot,
    at,
    comma,
    slash,
    slash_slash,
    pipe,
    plus,
    minus,
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    or_,
    and_,
    multiply,
    divide,
    modulo,
    axis_name,      ///< text, the `::` is part of the token
    node_type,      ///< comment, text, node, processing-instruction; `(` follows
    function_name,  ///< prefix, text; `(` follows
    name,           ///< prefix, text
    wildcard,       ///< `*`, or `prefix:*`
    literal,        ///< text without the quotes
    number,         ///< text
    variable,       ///< text without the `$`, with the prefix
};

struct token {
    token_kind kind = token_kind::end;
    std::uint32_t offset = 0;
    std::string_view prefix;
    std::string_view text;
};

/// Takes an expression apart, with the rules of XPath 1.0 section 3.7 that tell `*` and the names
/// of operators from those of elements.
/// \throws parse_error  a character that begins no token, or a literal without an end.
std::vector<token> tokenize(std::string_view text);

/// Throws the parse_error of a place in an expression; its excerpt shows the place with a caret.
[[noreturn]] void fail(std::string_view text, std::size_t offset, std::string_view message);

}  // namespace ferry::xpath::detail
