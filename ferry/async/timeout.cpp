#include "ferry/async/timeout.hpp"

#include "ferry/async/scope.hpp"
#include "ferry/core/error.hpp"

namespace ferry {
namespace {

class wake_timer final : public timer {
public:
    explicit wake_timer(waiter& sleeper) noexcept : sleeper_{sleeper} {}

private:
    void expired() noexcept override { sleeper_.wake(); }
    waiter& sleeper_;
};

class deadline final : public timer {
public:
    explicit deadline(scope& limited) noexcept : limited_{limited} {}
    bool passed = false;

private:
    void expired() noexcept override
    {
        passed = true;
        limited_.cancel();
    }
    scope& limited_;
};

}  // namespace

awaitable<void> sleep(std::chrono::nanoseconds d)
{
    waiter sleeper;
    if (d <= d.zero()) {
        co_await sleeper.pass();
        co_return;
    }
    wake_timer alarm(sleeper);
    alarm.start_after(d);
    co_await sleeper.park();
}

awaitable<void> yield_now()
{
    waiter me;
    co_await me.pass();
}

awaitable<void> detail::timeout(std::chrono::nanoseconds limit, awaitable<void> operation,
                                std::string what)
{
    scope limited;
    deadline end(limited);
    limited.start(std::move(operation));
    if (!limited.empty()) end.start_after(limit);
    try {
        co_await limited.join();
    } catch (const cancelled&) {
        if (!end.passed || limited.cancelled_from_outside()) throw;
        const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(limit);
        throw timeout_error(what, whole);
    }
}

}  // namespace ferry
