#pragma once

#include "ferry/async/run.hpp"
#include "ferry/async/task.hpp"
#include "ferry/async/timeout.hpp"
#include "ferry/tasks/worker.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace ferry::tasks::detail {

/// For tests: runs a coroutine beside a worker, which is stopped gracefully when that has ended.
/// \throws what the coroutine does; timeout_error.
template <class F>
void run_beside(worker& w, F body, std::chrono::milliseconds limit = std::chrono::seconds{90})
{
    auto both = [](worker* of, F b, std::chrono::milliseconds longest) -> awaitable<void> {
        auto serving = spawn(of->run());
        auto tested = spawn(b());
        std::exception_ptr failure;
        try {
            auto joined = timeout(longest, tested.join(), "the test");
            co_await std::move(joined);
        } catch (...) {
            failure = std::current_exception();
        }
        of->stop();
        co_await serving.join();
        if (failure) std::rethrow_exception(failure);
    };
    ferry::run(both(&w, std::move(body), limit));
}

}  // namespace ferry::tasks::detail
