#pragma once

#include "ferry/core/value.hpp"

#include <string>
#include <string_view>

namespace ferry::tasks::detail {

/// JSON as Python's json module reads and writes it, NaN and infinities included: what Celery
/// sends.
value parse_wire(std::string_view text);

/// The name of Python's type of what is first found in a value that JSON cannot say: "bytes", or,
/// if `sets` are to be told from lists, "set"; null: it can be written.
const char* missing_in_json(const value& v, bool sets);

/// As kombu's encoder: a decimal is a text, and a time in UTC ends in `Z`.
/// \throws type_error  it holds bytes.
std::string dump_wire(const value& v);

}  // namespace ferry::tasks::detail
