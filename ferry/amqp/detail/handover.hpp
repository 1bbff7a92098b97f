#pragma once

#include "ferry/amqp/detail/home.hpp"
#include "ferry/async/awaitable.hpp"
#include "ferry/async/run_on.hpp"
#include "ferry/core/error.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace ferry::amqp::detail {

/// What an operation gives on one thread, and another one may have given up waiting for. Touched
/// on the first one until the wait is over.
template <class T>
struct handover {
    std::optional<T> got;
    bool given_up = false;
};

template <class T, class F>
awaitable<void> hand_over(std::shared_ptr<handover<T>> to, awaitable<std::optional<T>> operation,
                          F take_back)
{
    auto got = co_await std::move(operation);
    if (!to->given_up) {
        to->got = std::move(got);
    } else if (got) {
        take_back(std::move(*got));
    }
}

/// As at(), for what must not be lost when the wait for it is cancelled just as it comes: then
/// `take_back` is called with it, there.
template <class T, class F>
awaitable<std::optional<T>> at_or_back(home where, awaitable<std::optional<T>> operation,
                                       F take_back)
{
    if (where.is_here()) co_return co_await std::move(operation);
    const auto mine = std::make_shared<handover<T>>();
    try {
        auto asking = run_on(where.its_loop(), hand_over(mine, std::move(operation), take_back));
        co_await std::move(asking);
    } catch (const cancelled&) {
        where.its_loop().post([mine, take_back] {
            mine->given_up = true;
            if (mine->got) take_back(std::move(*mine->got));
        });
        throw;
    }
    co_return std::move(mine->got);
}

}  // namespace ferry::amqp::detail
