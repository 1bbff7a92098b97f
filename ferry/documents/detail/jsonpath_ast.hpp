#pragma once

#include "ferry/core/value.hpp"
#include "ferry/documents/detail/iregexp.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::jsonpath::detail {

struct filter;

struct selector {
    enum class kind : std::uint8_t { name, index, slice, wildcard, filter };

    kind is = kind::wildcard;
    std::string name;
    std::optional<std::int64_t> start;  ///< also the index
    std::optional<std::int64_t> end;
    std::int64_t step = 1;
    std::unique_ptr<const filter> test;
};

struct segment {
    bool descendant = false;
    std::vector<selector> selectors;
};

/// `$...`, or within a filter also `@...`.
struct query {
    std::string text;  ///< of the outermost query
    bool relative = false;
    bool singular = true;  ///< one node at most
    std::vector<segment> segments;
};

enum class function : std::uint8_t { length, count, value, match, search };

/// A node of a filter's expression. Its type (logical, value or nodes) was checked by the parser.
struct filter {
    enum class kind : std::uint8_t {
        any,      ///< ||
        all,      ///< &&
        negate,   ///< !
        compare,  ///< two values
        exists,   ///< `path` finds something
        literal,
        query,  ///< the value that `path`, which is singular, finds
        call,   ///< of `callee`
    };
    enum class relation : std::uint8_t {
        equal,
        not_equal,
        less,
        less_equal,
        greater,
        greater_equal
    };

    kind is = kind::literal;
    relation compares = relation::equal;
    function callee = function::length;
    std::vector<filter> operands;
    query path;
    value constant;
    std::optional<iregexp> pattern;  ///< match and search: the second operand, if it is literal
};

}  // namespace ferry::jsonpath::detail
