#include "ferry/tasks/detail/settle_at_last.hpp"

#include "ferry/core/log.hpp"

namespace ferry::tasks::detail {
namespace {

bool replace_result(settlement& s, const std::exception_ptr& why)
{
    if (!s.result || s.result->status == state::failure) return false;
    s.result->status = state::failure;
    s.result->result = exception_to_value(why);
    s.result->traceback = exception_repr(s.result->result);
    return true;
}

}  // namespace

after_failure consider(settlement& s, const error& why, bool giving_up)
{
    log::error("task cannot be settled", "id", s.result ? s.result->task_id : "", "reason",
               why.what());
    const bool hopeless = why.code() == condition::bad_input;
    if (hopeless && replace_result(s, std::current_exception())) return after_failure::again_now;
    return hopeless || giving_up ? after_failure::nothing : after_failure::again_later;
}

awaitable<void> settle_at_last(consumer* with, settlement s, const std::atomic<bool>* giving_up)
{
    const auto attempt = [with](const settlement& what) { return with->settle(what); };
    return settle_at_last(attempt, std::move(s), giving_up);
}

}  // namespace ferry::tasks::detail
