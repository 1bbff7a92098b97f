#pragma once

#include <cstddef>
#include <string>

namespace ferry::harvest {

/// The first records that a run has written, as a table for people: the records of each JSON Lines
/// output (compressed or not), a line each, cells cut to the width.
/// \param directory  the run's state directory.
/// \param count      records of each output.
/// \param width      columns of the terminal.
/// \throws error  there is no run; its outputs cannot be read, or none of them is JSON Lines.
std::string show(const std::string& directory, std::size_t count, std::size_t width);

}  // namespace ferry::harvest
