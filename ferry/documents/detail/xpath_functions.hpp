#pragma once

#include "ferry/documents/detail/xpath_ast.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace ferry::xpath::detail {

inline constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

/// What the parser knows of a core function.
struct signature {
    std::string_view name;
    detail::function function;
    type result;
    std::size_t min_arguments;
    std::size_t max_arguments;
    bool takes_nodes;  ///< its first argument must be a node-set
};

/// The 27 functions of XPath 1.0 section 4, by name.
std::span<const signature> core_functions() noexcept;

const signature* find_function(std::string_view name) noexcept;

/// `; did you mean 'contains'?` if one of the words is close to `typed`, otherwise empty.
std::string suggestion(std::string_view typed, std::span<const std::string_view> words);

}  // namespace ferry::xpath::detail
