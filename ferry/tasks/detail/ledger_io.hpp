#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/broker.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/detail/ledger.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ferry::tasks::detail {

/// Submits work to a ledger and waits until it is committed.
awaitable<void> write(std::shared_ptr<ledger> to, ledger::leaves what, ledger::work act,
                      std::uint64_t frees = 0);

/// Waits for what `look` returns.
template <class T>
awaitable<T> read(std::shared_ptr<ledger> from, std::function<T(task_table&)> look)
{
    const outcome<T> done;
    const auto found = std::make_shared<std::optional<T>>();
    ledger::work act = [look = std::move(look), found](task_table& t) { *found = look(t); };
    ledger::completion answer = [done, found](std::exception_ptr e) {
        done.set(std::move(e), std::move(*found));
    };
    from->read(std::move(act), std::move(answer));
    auto waiting = outcome<T>::get(done);
    co_return co_await std::move(waiting);
}

new_task task_of(std::string queue, envelope e);

result_row row_of(const result_document& d, std::chrono::seconds expiry);

}  // namespace ferry::tasks::detail
