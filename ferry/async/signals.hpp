#pragma once

#include "ferry/async/awaitable.hpp"

#include <memory>
#include <optional>

namespace ferry {

/// The signals that arrive at the process, one after the other, instead of their default effect.
///
///     signals stop(SIGINT, SIGTERM);
///     int number = co_await stop.next();
///
/// While one of these lives for a number, its default effect is off; several see the same signal.
/// Signals that come while nobody waits are kept, a few of each number. As loop.add_signal_handler.
class signals {
public:
    template <class... Number>
    explicit signals(int first, Number... rest) : signals()
    {
        add(first);
        (add(rest), ...);
    }
    signals(signals&&) noexcept;
    signals& operator=(signals&&) noexcept;
    ~signals();

    /// Waits for a signal and returns its number. Safe to cancel.
    awaitable<int> next();

    class impl;

private:
    signals();
    void add(int number);

    std::shared_ptr<impl> impl_;
};

}  // namespace ferry
