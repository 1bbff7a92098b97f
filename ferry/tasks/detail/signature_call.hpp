#pragma once

#include "ferry/core/value.hpp"
#include "ferry/tasks/options.hpp"

/// Calls as Celery writes signatures, and back.
namespace ferry::tasks::detail {

value to_signature(const call_settings& call);

/// Adds what the signature of a task says to what is known of the call: its arguments go behind
/// those that are there, its options over what there is.
/// \throws error  what comes from outside is no signature.
void add_signature(call_settings& to, const value& signature);

}  // namespace ferry::tasks::detail
