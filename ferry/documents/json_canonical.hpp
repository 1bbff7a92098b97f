#pragma once

#include "ferry/core/value.hpp"

#include <string>

namespace ferry::json {

/// The canonical form of a value (RFC 8785, JCS), to be hashed or signed: no white space, members
/// sorted by the UTF-16 code units of their keys, numbers as ECMAScript writes doubles (`1e21`,
/// `1`, `-0` as `0`), as few escapes as possible, UTF-8.
/// \throws range_error  an integer that no double equals: its digits would be lost.
/// \throws type_error   NaN, an infinity, bytes, a text with half of a surrogate pair, sets.
/// As Python's `rfc8785.dumps`, which refuses integers from 2^53 on.
std::string canonical(const value& v);

}  // namespace ferry::json
