#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/tasks/broker.hpp"

#include <atomic>
#include <memory>

namespace ferry::tasks::detail {

/// Stores a result, however long the store is down: who calls has published what follows, and must
/// not do so again for that.
/// \param d          must outlive the operation.
/// \param giving_up  the failure is thrown instead of waiting once this is set.
/// \throws error  bad_input: the result cannot be stored by anybody.
awaitable<void> store_at_last(std::shared_ptr<result_store> in, const result_document* d,
                              std::shared_ptr<const std::atomic<bool>> giving_up);

}  // namespace ferry::tasks::detail
