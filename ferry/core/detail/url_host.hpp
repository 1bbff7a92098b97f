#pragma once

#include <string>
#include <string_view>

namespace ferry::detail {

/// Puts the host that `text` names at the end of `to`, as the URL Standard's host parser and
/// serializer (sections 3.5 to 3.7) have it. Returns null, or what is wrong; `to` may then have
/// anything behind its old end.
/// \param special  the URL's scheme is special: domains and IPv4 addresses are recognised.
const char* append_host(std::string& to, std::string_view text, bool special);

}  // namespace ferry::detail
