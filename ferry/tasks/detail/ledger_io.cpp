#include "ferry/tasks/detail/ledger_io.hpp"

#include <variant>

namespace ferry::tasks::detail {
namespace {

using done_t = std::monostate;

/// When the message may be delivered, 0 for at once. A worker refuses what is no time.
stored_time eta_of(const envelope& e)
{
    const value* eta = e.headers.get_if("eta");
    if (eta == nullptr || !eta->is_string()) return 0;
    const auto time = iso8601::try_parse(eta->as<std::string_view>());
    if (!time) return 0;
    return std::chrono::ceil<std::chrono::milliseconds>(time->utc.time_since_epoch()).count();
}

}  // namespace

awaitable<void> write(std::shared_ptr<ledger> to, ledger::leaves what, ledger::work act,
                      std::uint64_t frees)
{
    const outcome<done_t> done;
    ledger::completion answer = [done](std::exception_ptr e) { done.set(std::move(e), done_t{}); };
    to->submit(what, std::move(act), std::move(answer), frees);
    auto waiting = outcome<done_t>::get(done);
    co_await std::move(waiting);
}

new_task task_of(std::string queue, envelope e)
{
    return {.queue = std::move(queue),
            .priority = e.priority,
            .eta = eta_of(e),
            .head = head_to_text(e),
            .body = std::move(e.body)};
}

result_row row_of(const result_document& d, std::chrono::seconds expiry)
{
    return {.task_id = d.task_id,
            .status = d.status,
            .ready = d.ready(),
            .expires = stored_now() + std::chrono::milliseconds{expiry}.count(),
            .document = to_json(d)};
}

}  // namespace ferry::tasks::detail
