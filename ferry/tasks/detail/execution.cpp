#include "ferry/tasks/detail/execution.hpp"

#include "ferry/tasks/detail/app_core.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ferry::tasks::detail {
namespace {

value failure_value(const char* type, const char* module, std::string_view message)
{
    return value::object("exc_type", type, "exc_message", value::array(message), "exc_module",
                         module);
}

/// The request to retry inside a failure; null if it is none.
std::unique_ptr<retry_requested> retry_in(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const retry_requested& r) {
        return std::make_unique<retry_requested>(r);
    } catch (...) {
        return nullptr;
    }
}

}  // namespace

settlement execution::ended(std::string_view status, value result, timestamp now) const
{
    settlement s;
    s.tag = tag_;
    const bool failed = status == state::failure;
    if (failed && settings_.acks_late && !settings_.acks_on_failure) s.verdict = verdict::reject;
    if (call_.ignore_result) return s;
    result_document d;
    d.task_id = call_.id;
    d.status = status;
    if (failed || status == state::retry) {
        d.traceback = exception_traceback(result, call_.task);
    }
    d.result = std::move(result);
    if (state::ready(status)) d.date_done = now;
    d.parent_id = call_.parent_id;
    d.group_id = call_.group;
    d.reply_to = call_.reply_to;
    s.result = std::move(d);
    return s;
}

settlement execution::succeeded(value result, timestamp now) const
{
    return ended(state::success, std::move(result), now);
}

settlement execution::revoked(std::string_view why, timestamp now) const
{
    return ended(state::revoked, failure_value("TaskRevokedError", "celery.exceptions", why), now);
}

settlement execution::started(value who, timestamp now) const
{
    settlement s = ended(state::started, std::move(who), now);
    s.tag = 0;
    return s;
}

settlement execution::failed_with(value failure, timestamp now) const
{
    return ended(state::failure, std::move(failure), now);
}

settlement execution::failed(const std::exception_ptr& failure, timestamp now, double chance,
                             value* document) const
{
    value cause;
    std::optional<timestamp> eta;
    if (const auto asked = retry_in(failure)) {
        cause = asked->cause() ? exception_to_value(asked->cause())
                               : failure_value("MaxRetriesExceededError", "celery.exceptions",
                                               "Can't retry " + call_.task + "[" + call_.id + "]");
        const auto& limit = asked->max_retries();
        if (!limit || call_.retries + 1 <= *limit) eta = now + asked->countdown();
    } else {
        cause = exception_to_value(failure);
        for (const retry_rule& rule : settings_.retries) {
            if (!rule.matches(failure)) continue;
            if (call_.retries + 1 <= rule.max_retries) eta = now + wait_before_retry(chance);
            break;
        }
    }
    if (document != nullptr) *document = cause;
    return eta ? again(cause, *eta, now) : ended(state::failure, std::move(cause), now);
}

std::chrono::milliseconds execution::wait_before_retry(double chance) const
{
    const double longest = static_cast<double>(settings_.backoff_max.count());
    const double doubled =
        static_cast<double>(settings_.backoff_first.count()) *
        std::exp2(static_cast<double>(std::min<std::int64_t>(call_.retries, 62)));
    const double wait = std::min(longest, doubled) * (settings_.jitter ? chance : 1.0);
    return std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil(wait))};
}

settlement execution::again(const value& cause, timestamp eta, timestamp now) const
{
    settlement s = ended(state::retry, cause, now);
    message next = call_;
    next.retries += 1;
    next.eta = eta;
    next.parent_id = call_.id;
    next.origin = origin();
    s.publish.emplace_back(queue_, encode(next));
    return s;
}

}  // namespace ferry::tasks::detail
