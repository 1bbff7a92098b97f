#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/net/stream.hpp"

namespace ferry::http::detail {

/// Ends a connection on which the peer may still be sending: what it sends into a closed socket
/// would reset the connection, and with it the last words on their way. Reads and drops for a
/// second, or 256 KiB, at most. The stream must outlive it.
/// \throws as reading a stream; the connection is then as good as closed.
awaitable<void> linger(net::stream& on);

}  // namespace ferry::http::detail
