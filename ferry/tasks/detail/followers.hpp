#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/canvas_plan.hpp"

#include <memory>

/// What a worker does for the workflow that a task was a part of, before it settles the task.
namespace ferry::tasks::detail {

/// Whether anything waits for the task's end.
bool has_successors(const message& m) noexcept;

/// Adds the messages of what comes next to the settlement. What is no signature is logged and left
/// out: the task itself has ended well.
awaitable<settlement> follow_success(std::shared_ptr<app_core> app,
                                     std::shared_ptr<result_store> results,
                                     std::shared_ptr<const message> done, value result,
                                     settlement s);

/// Adds the error callbacks, and lets what would have come next fail, too.
awaitable<settlement> follow_failure(std::shared_ptr<app_core> app,
                                     std::shared_ptr<result_store> results,
                                     std::shared_ptr<const message> done, value failure,
                                     settlement s);

/// Counts what must be counted, and puts the plan's messages into the settlement.
awaitable<settlement> add_plan(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                               plan next, settlement s);

/// Stores that the body of a chord has failed, as a part has.
/// \param part  its id; empty: what came of it cannot be read.
awaitable<void> fail_chord(std::shared_ptr<result_store> results, value body, std::string part,
                           value failure);

/// `celery.map` or `celery.starmap`, which every worker has; null for any other name.
std::shared_ptr<const definition> map_task(const std::shared_ptr<app_core>& app,
                                           std::string_view name);

}  // namespace ferry::tasks::detail
