#pragma once

#include "ferry/http/request.hpp"
#include "ferry/http/response.hpp"
#include "ferry/http/websocket.hpp"
#include "ferry/http/websocket_options.hpp"

#include <memory>

namespace ferry::http::detail {

/// What a websocket route is made of.
struct websocket_route {
    websocket_handler handler;
    websocket_options with;
};

/// The server's half of the opening handshake (RFC 6455 section 4.2): a response of 101 that takes
/// over the connection. The request must live until then.
/// \throws problem  400, 403; other refusals are returned.
response upgrade_to_websocket(request& q, std::shared_ptr<const websocket_route> route);

}  // namespace ferry::http::detail
