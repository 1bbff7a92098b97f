#pragma once

#include "ferry/core/value.hpp"

#include <string>
#include <string_view>

namespace ferry::tasks::detail {

/// JSON as Python's json module reads and writes it, NaN and infinities included: what Celery
/// sends.
value parse_wire(std::string_view text);

/// As kombu's encoder: a decimal is a text, and a time in UTC ends in `Z`.
/// \throws type_error  it holds bytes.
std::string dump_wire(const value& v);

}  // namespace ferry::tasks::detail
