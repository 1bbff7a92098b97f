#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/response.hpp"

#include <memory>
#include <string>

namespace ferry::http::detail {

class client_exchange;

/// One request with all its policies, and the whole of its body. What session::get and its like do.
awaitable<response> send_whole(std::shared_ptr<session_core> core, call_ptr what);

/// The same up to the head.
awaitable<std::unique_ptr<client_exchange>> send_to_head(std::shared_ptr<session_core> core,
                                                         call_ptr what);

}  // namespace ferry::http::detail
