#include "ferry/http/detail/redirect.hpp"

#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ferry::http::detail {
namespace {

// Old servers send Latin-1 or raw UTF-8 here; the URL parser wants text.
std::optional<url> resolve(const url& from, std::string_view location)
{
    auto to = from.try_resolve(location);
    if (to && from.has_fragment() && !to->has_fragment()) to->set_fragment(from.fragment());
    return to;
}

}  // namespace

std::optional<redirect_step> plan_redirect(int status, const headers& fields, const url& from,
                                           std::string_view method, bool allow_downgrade)
{
    if (!is_redirect(status)) return std::nullopt;
    const auto location = fields.get("Location");
    if (!location) return std::nullopt;
    auto to = resolve(from, *location);
    const bool is_http = to && (to->scheme() == "http" || to->scheme() == "https");
    if (!to || (is_http && to->hostname().empty())) {
        throw error(errc::bad_url,
                    fmt::format("redirect to a malformed URL of {} bytes", location->size()));
    }
    if (!is_http) {
        throw error(errc::refused_redirect, fmt::format("redirect to the scheme {}", to->scheme()));
    }
    if (from.scheme() == "https" && to->scheme() == "http" && !allow_downgrade) {
        throw error(errc::refused_redirect,
                    fmt::format("redirect from https to {}", to->redacted()));
    }
    const bool to_get =
        status == 303 ? method != "HEAD" : (status == 301 || status == 302) && method == "POST";
    redirect_step step;
    step.same_origin = to->scheme() == from.scheme() && to->hostname() == from.hostname() &&
                       to->port_or_default() == from.port_or_default();
    step.to = std::move(*to);
    step.method = to_get ? "GET" : method;
    step.keeps_body = !to_get && status != 303;
    return step;
}

void redirect_chain::visit(std::string_view method, const url& at)
{
    const std::string shown = at.redacted();
    const std::string key = fmt::format("{} {}", method, shown);
    const auto times = std::ranges::count(visited_, key);
    visited_.push_back(key);
    if (times >= 2) throw too_many_redirects("redirect loop at " + shown, visited_);
    if (visited_.size() > static_cast<std::size_t>(limit_) + 1) {
        throw too_many_redirects(fmt::format("more than {} redirects", limit_), visited_);
    }
}

bool is_sensitive(std::string_view name) noexcept
{
    constexpr std::array names = std::to_array<std::string_view>(
        {"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "X-Auth-Token", "Api-Key"});
    return std::ranges::any_of(names, [&](std::string_view n) { return same(n, name); });
}

}  // namespace ferry::http::detail
