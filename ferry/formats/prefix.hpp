#pragma once

#include "ferry/core/value.hpp"

#include <cstddef>

namespace ferry {

/// The first of several values that stand one behind another, and where it ends.
struct loaded_prefix {
    value loaded;
    std::size_t consumed;  ///< bytes up to the end of the value
};

}  // namespace ferry
