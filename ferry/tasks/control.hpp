#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/value.hpp"
#include "ferry/tasks/broker.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ferry::tasks {

/// A question or an order to workers, of ferry or of Python. As Celery's `app.control.broadcast`.
///
///     auto replies = co_await broadcast(app.open_broker(), remote_command("ping"));
///     for (const auto& [node, reply] : replies.items()) ...                // {"ok": "pong"}
class remote_command {
public:
    explicit remote_command(std::string method) : method_{std::move(method)} {}

    remote_command& arguments(value all) { return arguments_ = std::move(all), *this; }
    /// Only these nodes; none: all.
    remote_command& destination(std::vector<std::string> nodes)
    {
        return destination_ = std::move(nodes), *this;
    }
    /// How long to wait for replies; 1 s. With a destination no longer than its last reply.
    remote_command& timeout(std::chrono::milliseconds d) { return timeout_ = d, *this; }

    const std::string& method() const noexcept { return method_; }
    const value& arguments() const noexcept { return arguments_; }
    const std::vector<std::string>& destination() const noexcept { return destination_; }
    std::chrono::milliseconds timeout() const noexcept { return timeout_; }

private:
    std::string method_;
    value arguments_ = value::object();
    std::vector<std::string> destination_;
    std::chrono::milliseconds timeout_{1000};
};
static_assert(awaitable_argument<remote_command>);

/// Sends it and collects the replies, an object with a member for each node.
/// \throws error  unsupported: the broker has no remote control.
awaitable<value> broadcast(std::shared_ptr<message_broker> over, remote_command what);

/// Sends it and waits for nobody.
awaitable<void> cast(std::shared_ptr<message_broker> over, remote_command what);

}  // namespace ferry::tasks
