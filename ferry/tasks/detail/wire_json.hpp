#pragma once

#include "ferry/documents/json.hpp"

#include <string>
#include <string_view>

namespace ferry::tasks::detail {

/// JSON as Python's json module reads and writes it, NaN and infinities included: what Celery
/// sends.
inline value parse_wire(std::string_view text)
{
    return json::parse(text, json::parse_options().allow_nan().overflow_to_infinity());
}

inline std::string dump_wire(const value& v)
{
    return json::dump(v, json::dump_options().nan(json::nan_policy::literal));
}

}  // namespace ferry::tasks::detail
