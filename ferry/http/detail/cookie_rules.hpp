#pragma once

#include "ferry/http/cookies.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The decisions of RFC 6265bis that need no jar.
namespace ferry::http::detail {

/// Where a cookie comes from or goes to.
struct cookie_scope {
    std::string_view host;  ///< lower case, ASCII
    std::string_view path;  ///< begins with '/', without query
    bool secure = false;
};

/// Section 5.1.3. An address matches only itself.
bool domain_matches(std::string_view host, std::string_view domain) noexcept;

/// Section 5.1.4. An escape such as `%6F` and the letter it stands for are the same (RFC 3986
/// section 6.2.2.2).
bool path_matches(std::string_view request, std::string_view cookie);
std::string_view default_path(std::string_view request) noexcept;

/// A host that everybody shares: `com`, `co.uk`, `github.io`.
bool is_public_suffix(std::string_view domain);

bool is_address(std::string_view host) noexcept;

/// Fits a parsed cookie to the response it came in; nothing if that response may not set it.
std::optional<cookie> accept_cookie(cookie parsed, const cookie_scope& from);

/// Whether name and value can travel in a Cookie header.
bool may_keep(const cookie& c) noexcept;

bool may_send(const cookie& c, const cookie_scope& to, timestamp now);

}  // namespace ferry::http::detail
