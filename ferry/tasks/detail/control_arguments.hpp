#pragma once

#include "ferry/core/value.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ferry::tasks::detail {

/// The words behind a method of remote control as its arguments: `name=value`, the value JSON or
/// text, or values in the order in which `celery inspect` and `celery control` take them.
/// \throws error  there is no argument for a word.
value control_arguments(std::string_view method, const std::vector<std::string>& words);

}  // namespace ferry::tasks::detail
