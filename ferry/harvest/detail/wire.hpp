#pragma once

#include "ferry/core/value.hpp"
#include "ferry/harvest/detail/outcome.hpp"
#include "ferry/harvest/detail/state.hpp"

#include <vector>

namespace ferry::harvest::detail {

/// What travels between the coordinator of a run and its workers, as values that JSON can hold.
/// Results of more than `packed_above` bytes travel compressed.
inline constexpr std::size_t packed_above = 256 * 1024;

value to_wire(const std::vector<waiting_url>& urls);
value to_wire(const std::vector<page_outcome>& outcomes);

/// \throws type_error, lookup_error, range_error, parse_error  it is something else.
std::vector<waiting_url> urls_from_wire(const value& v);
std::vector<page_outcome> outcomes_from_wire(const value& v);

}  // namespace ferry::harvest::detail
