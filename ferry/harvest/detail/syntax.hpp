#pragma once

#include "ferry/harvest/detail/toml_reader.hpp"

namespace ferry::harvest::detail {

/// What is wrong with an RE2 expression or an XPath; nothing if it compiles.
std::optional<syntax_problem> check_pattern(const std::string& pattern);
std::optional<syntax_problem> check_xpath(const std::string& expression);

/// Reads `string`, `decimal(10,2)`, `list<int32>`, `enum(a, b)`.
/// \returns the problem, if it is none of them.
std::optional<syntax_problem> parse_type(std::string_view text, field_type& into);

/// Expands `{1..50}`, `{001..120}` and `{a,b,c}`.
/// \throws error  a brace does not close, or there are more than `max_expansions`.
std::vector<std::string> expand(std::string_view pattern);
inline constexpr std::size_t max_expansions = 100'000;

}  // namespace ferry::harvest::detail
