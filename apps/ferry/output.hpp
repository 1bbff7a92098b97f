#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ferry::command {

/// A file's bytes; "-" is standard input.
/// \throws error        the file cannot be read.
/// \throws limit_error  it is longer than max_input_bytes.
std::string read_input(const std::string& path);
constexpr std::size_t max_input_bytes = std::size_t{1} << 30;

/// Writes all of `data` to a file; "-" is standard output.
/// \throws error  it cannot be written.
void write_output(const std::string& path, std::string_view data);

}  // namespace ferry::command
