#pragma once

#include "ferry/tasks/detail/redis_core.hpp"

#include <string>

namespace ferry::tasks::detail {

/// The set of an exchange's bindings.
std::string binding_key(const redis_core& core, const std::string& exchange);

/// A member of it. \param pattern  of a topic.
std::string binding(const std::string& key, const std::string& queue,
                    const std::string& pattern = {});

}  // namespace ferry::tasks::detail
