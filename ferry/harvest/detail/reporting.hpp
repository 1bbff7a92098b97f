#pragma once

#include "ferry/core/sqlite.hpp"
#include "ferry/harvest/run.hpp"

#include <string>

namespace ferry::harvest::detail {

/// What make_report() needs to know of a recipe, as text for the state: records, fields, outputs.
std::string layout_of(const recipe& r);

/// Reads a report out of a state.
report make_report(sqlite::database& db, const std::string& directory);

}  // namespace ferry::harvest::detail
