#pragma once

#include "ferry/tasks/message.hpp"
#include "ferry/tasks/sealed_envelope.hpp"

namespace ferry::tasks::detail {

/// As decode(). \param into  a message as it is made; what is in it after a failure is of no use.
void decode_into(message& into, const sealed_envelope& e, const accept_content& accept);

}  // namespace ferry::tasks::detail
