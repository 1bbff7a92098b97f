#include "ferry/tasks/detail/perform.hpp"

#include "ferry/async/loop.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"
#include "ferry/tasks/detail/execution.hpp"
#include "ferry/tasks/detail/followers.hpp"
#include "ferry/tasks/detail/wire_json.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <random>
#include <utility>

namespace ferry::tasks::detail {
namespace {

using clock = std::chrono::steady_clock;

double chance()
{
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(random);
}

const task_settings& settings_of(const request& what)
{
    static const task_settings none;
    return what.task ? what.task->settings : none;
}

execution execution_of(const request& what)
{
    return execution{what.call, settings_of(what), what.queue, 0};
}

value failure_value(const char* type, const char* module, value arguments)
{
    return value::object("exc_type", type, "exc_message", std::move(arguments), "exc_module",
                         module);
}

performed failed_with(const request& what, value failure)
{
    performed p;
    p.state = state::failure;
    p.repr = exception_repr(failure);
    p.traceback = exception_traceback(failure, what.call.task);
    p.leaves = execution_of(what).failed_with(std::move(failure), now());
    return p;
}

performed revoked_because(const request& what, std::string_view why)
{
    performed p;
    p.state = state::revoked;
    p.leaves = execution_of(what).revoked(why, now());
    return p;
}

clock::duration seconds(double s)
{
    return std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(s));
}

enum class cut { no, soft_limit, hard_limit, terminated, cancelled };

/// Runs a coroutine to its end or until something outside ends it.
awaitable<value> run_to_limit(std::shared_ptr<request> what, context c, cut* how)
{
    auto operation = what->task->start(*what->task, c);
    ferry::task<value> running = spawn(std::move(operation), what->call.task);
    const loop home = loop::current();
    what->set_interrupt([home, running](int) { home.post([running] { running.cancel(); }); });
    const auto soft = what->soft_limit();
    const auto hard = what->hard_limit();
    try {
        if (soft || hard) {
            const double limit = soft && hard ? std::min(*soft, *hard) : soft ? *soft : *hard;
            bool over = false;
            try {
                auto waiting = timeout(seconds(limit), running.wait(), "task");
                co_await std::move(waiting);
            } catch (const timeout_error&) {
                over = true;
            }
            if (over) {
                *how = soft && *soft <= limit ? cut::soft_limit : cut::hard_limit;
                running.cancel();
                co_await running.wait();
            }
        } else {
            co_await running.wait();
        }
    } catch (const cancelled&) {
        // The worker ends.
        *how = cut::cancelled;
        running.cancel();
    }
    what->set_interrupt(nullptr);
    if (what->terminated_by() != 0 && running.cancelled()) *how = cut::terminated;
    co_return co_await running.join();
}

void log_end(const request& what, const performed& p)
{
    if (p.state == state::retry) {
        log::info("task will be retried", "task", what.call.task, "id", what.call.id, "reason",
                  p.repr);
    } else if (p.state == state::failure) {
        log::warning("task failed", "task", what.call.task, "id", what.call.id, "reason", p.repr);
    }
}

/// A result that cannot be stored is the failure of its task, in kombu's words.
performed succeeded(const request& what, value result, const result_store& in)
{
    if (!what.call.ignore_result && in.keeps_json()) {
        if (const char* type = missing_in_json(result, what.task->returns_value)) {
            const std::string why =
                "TypeError('Object of type " + std::string{type} + " is not JSON serializable')";
            return failed_with(what,
                               failure_value("EncodeError", "kombu.exceptions", value::array(why)));
        }
    }
    performed p;
    p.state = state::success;
    if (what.watched()) p.repr = saferepr(result);
    p.leaves = execution_of(what).succeeded(std::move(result), now());
    return p;
}

/// Ended as it wanted itself: nothing follows, and nothing is stored.
performed dismissed(std::string_view how, verdict told)
{
    performed p;
    p.state = how;
    p.leaves.verdict = told;
    p.followed = true;
    return p;
}

/// None if the exception asks for nothing of that.
std::optional<performed> dismissed(const std::exception_ptr& asked)
{
    try {
        std::rethrow_exception(asked);
    } catch (const ignore_requested&) {
        return dismissed(state::ignored, verdict::ack);
    } catch (const reject_requested& r) {
        return dismissed(state::rejected, r.requeue() ? verdict::requeue : verdict::reject);
    } catch (const replace_requested& r) {
        performed p = dismissed(state::ignored, verdict::ack);
        p.replacement = r.with();
        p.followed = false;
        return p;
    } catch (...) {
        return std::nullopt;
    }
}

performed after_failure(const request& what, const std::exception_ptr& failure)
{
    if (auto asked = dismissed(failure)) return std::move(*asked);
    performed p;
    const execution how = execution_of(what);
    value document;
    p.leaves = how.failed(failure, now(), chance(), &document);
    p.state = p.leaves.publish.empty() ? state::failure : state::retry;
    p.repr = exception_repr(document);
    p.traceback = exception_traceback(document, what.call.task);
    return p;
}

}  // namespace

performed limit_exceeded(const request& what)
{
    value limit;
    if (const auto seconds = what.hard_limit()) {
        const auto whole = static_cast<std::int64_t>(*seconds);
        limit = static_cast<double>(whole) == *seconds ? value(whole) : value(*seconds);
    }
    return failed_with(what, failure_value("TimeLimitExceeded", "billiard.exceptions",
                                           value::array(std::move(limit))));
}

performed terminated(const request& what)
{
    return revoked_because(what, "terminated");
}

performed expired(const request& what)
{
    return revoked_because(what, "expired");
}

performed revoked(const request& what)
{
    return revoked_because(what, "revoked");
}

performed worker_lost(const request& what, const std::string& how)
{
    const task_settings& rules = settings_of(what);
    if (rules.acks_late && rules.reject_on_worker_lost) {
        return dismissed(state::rejected, verdict::requeue);
    }
    return failed_with(what,
                       failure_value("WorkerLostError", "billiard.exceptions", value::array(how)));
}

performed failed_because(const request& what, const std::exception_ptr& why)
{
    return failed_with(what, exception_to_value(why));
}

performed unknown_task(const request& what)
{
    performed p = failed_with(
        what, failure_value("NotRegistered", "celery.exceptions", value::array(what.call.task)));
    p.leaves.verdict = verdict::reject;
    return p;
}

namespace {

/// Sends what takes the task's place; if there is no such call, the task has failed.
awaitable<performed> replace(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                             std::shared_ptr<request> what, performed p)
{
    plan next;
    try {
        next = in_place_of(what->call, *p.replacement);
    } catch (const error&) {
        co_return after_failure(*what, std::current_exception());
    }
    auto adding =
        add_plan(std::move(app), std::move(results), std::move(next), std::move(p.leaves));
    p.leaves = co_await std::move(adding);
    p.replacement.reset();
    p.followed = true;
    co_return p;
}

}  // namespace

awaitable<performed> follow_up(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                               std::shared_ptr<request> what, performed p)
{
    if (p.replacement) {
        auto replacing = replace(app, results, what, std::move(p));
        p = co_await std::move(replacing);
    }
    const bool over = p.state == state::failure || p.state == state::revoked;
    if (p.followed || !over || !has_successors(what->call)) co_return p;
    value cause = p.leaves.result ? p.leaves.result->result
                                  : failure_value("Exception", "builtins", value::array(p.repr));
    const std::shared_ptr<const message> call{what, &what->call};
    auto following = follow_failure(std::move(app), std::move(results), call, std::move(cause),
                                    std::move(p.leaves));
    p.leaves = co_await std::move(following);
    p.followed = true;
    co_return p;
}

bool is_plain(const request& what) noexcept
{
    return what.task->call && !has_successors(what.call);
}

performed perform_now(const request& what, const std::shared_ptr<result_store>& results)
{
    performed p;
    try {
        const context c{std::shared_ptr<const message>{what.shared_from_this(), &what.call},
                        results, what.soft_limit()};
        value result = what.task->call(*what.task, c);
        p = succeeded(what, std::move(result), *results);
    } catch (...) {
        p = after_failure(what, std::current_exception());
    }
    if (p.state != state::success) log_end(what, p);
    p.followed = !p.replacement;
    return p;
}

namespace {

performed ended_by(const request& what, cut how, const std::exception_ptr& failure)
{
    performed p;
    switch (how) {
        case cut::cancelled: p.cut_short = true; break;
        case cut::terminated: return terminated(what);
        case cut::hard_limit: return limit_exceeded(what);
        case cut::soft_limit:
            return failed_with(what, failure_value("SoftTimeLimitExceeded", "billiard.exceptions",
                                                   value::array()));
        case cut::no: return after_failure(what, failure);
    }
    return p;
}

}  // namespace

awaitable<performed> perform(std::shared_ptr<app_core> app, std::shared_ptr<result_store> results,
                             std::shared_ptr<request> what)
{
    value result;
    std::exception_ptr failure;
    cut how = cut::no;
    try {
        const context c{std::shared_ptr<const message>{what, &what->call}, results,
                        what->soft_limit()};
        if (what->task->call) {
            result = what->task->call(*what->task, c);
        } else {
            auto running = run_to_limit(what, c, &how);
            result = co_await std::move(running);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    performed p;
    if (!failure) {
        p = succeeded(*what, value(result), *results);
        if (p.state == state::success && has_successors(what->call)) {
            const std::shared_ptr<const message> call{what, &what->call};
            auto following = follow_success(std::move(app), std::move(results), call,
                                            std::move(result), std::move(p.leaves));
            p.leaves = co_await std::move(following);
        }
    } else {
        p = ended_by(*what, how, failure);
    }
    if (p.state == state::success) {
        p.followed = true;
        co_return p;
    }
    log_end(*what, p);
    auto told = follow_up(std::move(app), std::move(results), what, std::move(p));
    co_return co_await std::move(told);
}

}  // namespace ferry::tasks::detail
