#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace ferry::tasks::detail {

/// The news that a message has arrived, told by its result, which may come before the broker has
/// confirmed the message. Thread-safe.
class arrival {
public:
    void tell()
    {
        std::function<void()> f;
        {
            const std::lock_guard lock{mutex_};
            told_ = true;
            f.swap(then_);
        }
        if (f) f();
    }

    /// Calls `f` once it is told, on the thread that does so; now, if it is told already.
    void then(std::function<void()> f)
    {
        {
            const std::lock_guard lock{mutex_};
            if (!told_) {
                then_ = std::move(f);
                return;
            }
        }
        f();
    }

private:
    std::mutex mutex_;
    bool told_ = false;           ///< guarded
    std::function<void()> then_;  ///< guarded
};

}  // namespace ferry::tasks::detail
