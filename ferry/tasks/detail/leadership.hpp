#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/time.hpp"
#include "ferry/tasks/detail/gate.hpp"
#include "ferry/tasks/lease.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace ferry::tasks::detail {

/// Which of several programs does what only one may do: the one that has the lease. For one
/// coroutine.
class leadership {
public:
    /// \param over  null: there are no others.
    leadership(std::unique_ptr<lease> over, std::chrono::milliseconds length)
        : lease_{std::move(over)}, length_{length}
    {
    }

    bool leads() const noexcept { return !lease_ || leads_; }

    /// Waits until it leads; what fails meanwhile is logged, and tried again.
    /// \return the note of the last leader; nothing if `stop` opened before, which takes that.
    static awaitable<std::optional<std::string>> take(leadership* self, std::shared_ptr<gate> stop);

    /// Leaves a note for the next leader. \return whether it leads on.
    static awaitable<bool> keep(leadership* self, std::string note);

    /// When keep() must be called at the latest; nothing if there are no others.
    std::optional<timestamp> renewal_due() const;

    /// Lets somebody else lead. Does not fail.
    static awaitable<void> resign(leadership* self);

private:
    std::unique_ptr<lease> lease_;
    std::chrono::milliseconds length_;
    bool leads_ = false;
    timestamp kept_{};
};

}  // namespace ferry::tasks::detail
