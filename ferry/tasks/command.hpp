#pragma once

#include "ferry/core/value.hpp"
#include "ferry/tasks/app.hpp"
#include "ferry/tasks/beat.hpp"
#include "ferry/tasks/worker.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// \file
/// What a program's main and the command `ferry` do with an app, without reading arguments: a verb
/// parses, calls one of these, and prints.
namespace ferry::tasks {

/// Serves until a signal ends it: TERM or INT finishes what runs and gives back the rest; QUIT or a
/// second INT cancels what runs and, if a plain function will not end, leaves it after 3 s, as a
/// crash would. HUP is TERM, and then the program begins anew with the same arguments; TERM is QUIT
/// if the variable REMAP_SIGTERM is `SIGQUIT`, all as in Celery. Call it on the main thread before
/// others are started: they inherit the mask of these signals. Blocks.
/// \param beside  runs as long as the worker; null: none. As `celery worker -B`.
/// \return how many tasks ended. \throws error  broker or result store cannot be opened, or the
/// beat has failed, which ends the worker.
std::uint64_t serve(const app& of, worker_settings with, beat* beside = nullptr);

/// A word of a command line as an argument: JSON if it is that, else the text itself.
value parse_argument(std::string_view word);

/// Sends a call by name and, if `wait` says so, waits for its result.
/// \return the task's id, or what it returned. \throws task_error, timeout_error.
value call(const app& of, call_settings what,
           std::optional<std::chrono::milliseconds> wait = std::nullopt);

/// The app that a shared object exports with FERRY_TASKS_APP. The object stays loaded for good.
/// \throws error  it cannot be loaded, or exports none.
app& load_app(const std::string& path);

/// What app::main and the command `ferry` share: the verbs worker, call, result, purge and tasks,
/// with all their options. \return the exit status; failures are printed to standard error.
int run_command(app& of, int argc, char** argv);

/// The same for the app that the arguments choose: `--app FILE`, a shared object as of load_app(),
/// or one without tasks of its own for `--broker URL`, by default the embedded broker.
int run_command(int argc, char** argv);

}  // namespace ferry::tasks
