#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/proxy_rules.hpp"
#include "ferry/net/stream.hpp"

#include <string>

namespace ferry::http::detail {

/// The value of Proxy-Authorization for user and password, by Basic; empty without them.
std::string proxy_authorization(const proxy_server& proxy);

/// Asks a proxy for a tunnel to `host:port` by CONNECT (RFC 9110 section 9.3.6), and returns the
/// stream, which then leads there; no stream if it answers 407.
/// \param proof  the value of Proxy-Authorization; empty for none
/// \param answer  the head of its answer; must stay valid
/// \throws proxy_error  it refused otherwise; the code is its status, in status_category().
awaitable<net::stream> connect_tunnel(net::stream over, std::string authority,
                                      proxy_rules::server proxy, std::string proof,
                                      response_head* answer);

/// \throws proxy_error
[[noreturn]] void throw_no_tunnel(const proxy_server& proxy, const std::string& authority,
                                  const response_head& answer);

}  // namespace ferry::http::detail
