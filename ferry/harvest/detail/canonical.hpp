#pragma once

#include "ferry/core/url.hpp"
#include "ferry/harvest/recipe.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::harvest::detail {

/// A URL as it is fetched, and the two parts that rules look at.
struct target {
    std::string url;              ///< canonical
    std::uint32_t host_at = 0;    ///< where `host[:port]` begins in `url`
    std::uint32_t host_size = 0;  ///< its bytes
    std::string_view scheme() const { return std::string_view{url}.substr(0, url.find(':')); }
    std::string_view host() const { return std::string_view{url}.substr(host_at, host_size); }
    /// Path and query, from the `/` on.
    std::string_view path() const { return std::string_view{url}.substr(host_at + host_size); }
};

/// Longest URL that is followed.
inline constexpr std::size_t max_url_bytes = 2'048;
/// Query parameters of a URL that is followed.
inline constexpr std::size_t max_query_parameters = 20;

/// Makes one URL of the many spellings of it: the WHATWG parser's form, then escapes in upper case,
/// unreserved octets decoded, the query sorted by name (stable) and thinned, `+` made `%20`, an
/// empty query dropped, the fragment dropped unless it begins with `!`.
/// \param base     an absolute URL, or empty if `link` is one.
/// \param scratch  its room is used again by the next call.
/// \returns nothing for other schemes than http and https, for what is no URL, for credentials in
///          it, and beyond the limits above.
std::optional<target> canonical(std::string_view link, const url& base, const deduplication& rules,
                                url& scratch);
std::optional<target> canonical(std::string_view absolute, const deduplication& rules);

/// Splits what `canonical` made.
target split_canonical(std::string url);

/// `link` made absolute, otherwise as the WHATWG parser writes it.
std::optional<std::string> resolve(std::string_view link, std::string_view base);

/// `Example.ORG:80` as `canonical` writes it: `example.org`. \throws error  it is no host.
std::string canonical_host(std::string_view host);

/// \throws error  not an absolute http or https URL.
void check_start_url(std::string_view url);

}  // namespace ferry::harvest::detail
