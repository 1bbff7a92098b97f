#pragma once

#include "ferry/redis/options.hpp"

namespace ferry::redis::detail {

/// Asks one sentinel after the other where the master is. \throws connection_error  none knows.
awaitable<net::endpoint> find_master(options with);

}  // namespace ferry::redis::detail
