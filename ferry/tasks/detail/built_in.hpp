#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/canvas_plan.hpp"

#include <memory>
#include <string_view>

namespace ferry::tasks::detail {

/// The tasks that every worker of Celery has beside the maps: `celery.chord_unlock`,
/// `celery.backend_cleanup`, `celery.accumulate`; null for any other name.
std::shared_ptr<const definition> built_in_task(const std::shared_ptr<app_core>& app,
                                                std::string_view name);

/// The call of `celery.chord_unlock` that waits for the parts of a chord.
call_settings unlock_call(app_core& app, const chord_size& chord);

}  // namespace ferry::tasks::detail
