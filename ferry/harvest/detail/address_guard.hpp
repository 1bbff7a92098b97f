#pragma once

#include "ferry/harvest/detail/rules.hpp"
#include "ferry/harvest/recipe.hpp"
#include "ferry/http/session.hpp"
#include "ferry/net/address.hpp"

#include <memory>

namespace ferry::harvest::detail {

/// Whether an address is not on the public Internet: loopback, link-local, private, shared,
/// multicast, reserved; IPv4 inside IPv6 is looked at as IPv4.
bool is_private(const net::address& a);

/// Makes connections for a recipe's session. Names are resolved first and private addresses left
/// out, unless the host is one that the recipe trusts, so that a name cannot change its mind
/// between the check and the connection.
http::connector guarded_connector(scope::private_addresses allowed,
                                  std::shared_ptr<const url_rules> rules);

}  // namespace ferry::harvest::detail
