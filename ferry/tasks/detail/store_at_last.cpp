#include "ferry/tasks/detail/store_at_last.hpp"

#include "ferry/async/timeout.hpp"
#include "ferry/core/log.hpp"

#include <algorithm>
#include <chrono>

namespace ferry::tasks::detail {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_pause = 100ms;
constexpr std::chrono::milliseconds longest_pause = 5s;

}  // namespace

awaitable<void> store_at_last(std::shared_ptr<result_store> in, const result_document* d,
                              std::shared_ptr<const std::atomic<bool>> giving_up)
{
    for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
        try {
            auto stored = in->store(*d);
            co_await std::move(stored);
            co_return;
        } catch (const error& e) {
            if (e.code() == condition::bad_input || *giving_up) throw;
            log::error("result is not stored yet", "id", d->task_id, "reason", e.what());
        }
        co_await sleep(pause);
    }
}

}  // namespace ferry::tasks::detail
