#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/broker.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <utility>

namespace ferry::tasks::detail {

/// What to do with a settlement that has failed.
enum class after_failure : unsigned char { again_now, again_later, nothing };

/// Logs the failure. A result that cannot be written becomes a failure that can, in `s`.
after_failure consider(settlement& s, const error& why, bool giving_up);

/// Settles until the broker has it, or it is hopeless: a store that is full for a while holds the
/// worker up, but loses no result. Does not fail.
/// \param attempt  `awaitable<void> attempt(const settlement&)`, which may be called again.
template <class Attempt>
awaitable<void> settle_at_last(Attempt attempt, settlement s, const std::atomic<bool>* giving_up)
{
    using namespace std::chrono_literals;
    std::chrono::milliseconds pause = 100ms;
    while (true) {
        auto next = after_failure::nothing;
        try {
            auto settling = attempt(std::as_const(s));
            co_await std::move(settling);
        } catch (const error& e) {
            next = consider(s, e, *giving_up);
        }
        if (next == after_failure::nothing) co_return;
        if (next == after_failure::again_now) continue;
        co_await sleep(pause);
        pause = std::min<std::chrono::milliseconds>(pause * 2, 10s);
    }
}

/// By a consumer, which must outlive it.
awaitable<void> settle_at_last(consumer* with, settlement s, const std::atomic<bool>* giving_up);

}  // namespace ferry::tasks::detail
