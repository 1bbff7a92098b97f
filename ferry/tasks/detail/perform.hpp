#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/app_core.hpp"
#include "ferry/tasks/detail/request.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace ferry::tasks::detail {

/// How a task ended: what it leaves behind, and what events tell of it.
struct performed {
    performed() = default;

    settlement leaves;  ///< its tag is not set
    std::string state;  ///< SUCCESS, FAILURE, RETRY, REVOKED; IGNORED and REJECTED leave nothing
    std::string repr;   ///< of the exception, or of the result if somebody wants it
    std::string traceback;
    std::optional<value> replacement;  ///< the call that takes the task's place
    bool followed = false;             ///< what waits for its end has been told
    bool cut_short = false;  ///< cancelled with its worker: nothing is left, and it comes again
};
static_assert(awaitable_argument<performed>);

/// Runs a task on the calling loop, to its end or its time limits, and decides what follows.
/// Functions cannot be interrupted.
awaitable<performed> perform(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                             std::shared_ptr<request> what);

/// Whether the task is a function that nothing waits for: perform_now() will do, and follow_up() is
/// needed only if the task asked to be replaced.
bool is_plain(const request& what) noexcept;
performed perform_now(const request& what, const std::shared_ptr<result_store>& results);

/// Sends what takes the task's place, and tells what waits for its end that it has failed, unless
/// that is done.
awaitable<performed> follow_up(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                               std::shared_ptr<request> what, performed p);

/// What is left of a task that was ended from outside: by its hard limit, by a signal, or because
/// its process died.
performed limit_exceeded(const request& what);
performed terminated(const request& what);
performed worker_lost(const request& what, const std::string& how);
performed unknown_task(const request& what);
performed expired(const request& what);
performed revoked(const request& what);
/// Its result cannot be written.
performed failed_because(const request& what, const std::exception_ptr& why);

}  // namespace ferry::tasks::detail
