#pragma once

#include "ferry/tasks/broker.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ferry::tasks::detail {

/// Whether among the parts of a chord are groups, whose results stay a list of their own.
/// \param header  the header's result, as Celery writes it: `[[id, parent], members]`.
bool is_nested(const value& header);

/// What a store keeps of the header, as Celery's keep a group's: `{"result": [[id, parent],
/// members]}`.
std::string kept_header(value header);

/// The parts as the header has them: those of a group inside of it become one, with the list of
/// their results. What the header does not know comes last. Unchanged if one has failed, if some
/// are not there, or if the header, which may be anybody's, is no such result.
/// \param kept  as kept_header() makes it.
std::vector<chord_part> arranged(std::vector<chord_part> flat, std::string_view kept);

}  // namespace ferry::tasks::detail
