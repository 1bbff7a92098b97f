#pragma once

#include "ferry/async/awaitable.hpp"

#include <memory>

namespace ferry::amqp::detail {

class channel_core;

/// Whether a publish may be queued at once.
bool admitted(const channel_core& core) noexcept;

/// Waits for whatever keeps it: a lost connection, the broker's alarm, too much that is queued.
/// \throws what ended the channel for good
awaitable<void> admission(std::shared_ptr<channel_core> core);

}  // namespace ferry::amqp::detail
