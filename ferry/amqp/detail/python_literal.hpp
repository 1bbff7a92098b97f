#pragma once

#include "ferry/core/value.hpp"

#include <string_view>

namespace ferry::amqp::detail {

/// Reads a Python dictionary of texts, numbers, True, False, None and dictionaries of these, as
/// pika does in URLs: `{'certfile': 'a.pem', 'n': 1}`. Dictionaries may be 8 deep.
/// \throws parse_error
value parse_python_dictionary(std::string_view text);

}  // namespace ferry::amqp::detail
