#pragma once

#include "ferry/tasks/broker.hpp"

#include <vector>

namespace ferry::tasks::detail {

/// Whether among the parts of a chord are groups, whose results stay a list of their own.
/// \param header  the header's result, as Celery writes it: `[[id, parent], members]`.
bool is_nested(const value& header);

/// The parts as the header has them: those of a group inside of it become one, with the list of
/// their results. What the header does not know comes last. Unchanged if one has failed, or if some
/// are not there.
/// \throws error, limit_error  the header is no such result.
std::vector<chord_part> arranged(std::vector<chord_part> flat, const value& header);

}  // namespace ferry::tasks::detail
