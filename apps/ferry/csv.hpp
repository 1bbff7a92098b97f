#pragma once

#include "ferry/core/value.hpp"

#include <span>
#include <string>

namespace ferry::command {

/// Records as comma-separated values (RFC 4180, lines end with a line feed). Objects: a header of
/// all names in the order of their first appearance, then a line each; arrays: a line each;
/// anything else: a line of one field. Texts stand as they are, null is empty, what is nested is
/// written as JSON.
std::string to_csv(std::span<const value> records);

}  // namespace ferry::command
