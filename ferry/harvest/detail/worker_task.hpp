#pragma once

#include "ferry/tasks/app.hpp"

#include <string>

namespace ferry::harvest::detail {

/// The name of the task by which workers fetch and read a batch: arguments are the recipe's hash
/// and the URLs, the result the outcomes, as wire.hpp has them.
inline constexpr auto fetch_task = "ferry.harvest.fetch";

/// The app of a run, with its broker inside the state directory.
tasks::app make_app(const std::string& directory);

}  // namespace ferry::harvest::detail
