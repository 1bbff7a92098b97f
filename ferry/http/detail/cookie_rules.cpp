#include "ferry/http/detail/cookie_rules.hpp"

#include "ferry/http/detail/syntax.hpp"

#include <libpsl.h>

#include <algorithm>

namespace ferry::http::detail {
namespace {

bool starts_without_case(std::string_view text, std::string_view prefix) noexcept
{
    return same(text.substr(0, prefix.size()), prefix);
}

// Section 5.4: the prefixes are promises about the attributes; a Path must be there and be "/".
bool keeps_prefix_promise(const cookie& c, bool has_root_path) noexcept
{
    if (starts_without_case(c.name, "__Secure-")) return c.secure;
    if (starts_without_case(c.name, "__Host-")) return c.secure && c.host_only && has_root_path;
    return true;
}

int hex_digit(char c) noexcept
{
    if (is_digit(c)) return c - '0';
    const char low = lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool is_unreserved(char c) noexcept
{
    const char low = lower(c);
    return is_digit(c) || (low >= 'a' && low <= 'z') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

// Without the escapes that need not be there.
std::string plain_path(std::string_view path)
{
    std::string plain;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '%' && i + 2 < path.size()) {
            const int high = hex_digit(path[i + 1]);
            const int low = hex_digit(path[i + 2]);
            const auto c = static_cast<char>(high * 16 + low);
            if (high >= 0 && low >= 0 && is_unreserved(c)) {
                plain += c;
                i += 2;
                continue;
            }
        }
        plain += path[i];
    }
    return plain;
}

bool is_path_prefix(std::string_view request, std::string_view cookie) noexcept
{
    return request.starts_with(cookie) && (request.size() == cookie.size() ||
                                           cookie.ends_with('/') || request[cookie.size()] == '/');
}

}  // namespace

bool is_address(std::string_view host) noexcept
{
    if (host.starts_with('[')) return true;
    const auto is_numeric = [](char ch) { return is_digit(ch) || ch == '.'; };
    return !host.empty() && std::ranges::all_of(host, is_numeric);
}

bool domain_matches(std::string_view host, std::string_view domain) noexcept
{
    if (host == domain) return true;
    return host.size() > domain.size() && host.ends_with(domain) &&
           host[host.size() - domain.size() - 1] == '.' && !is_address(host);
}

bool path_matches(std::string_view request, std::string_view cookie)
{
    const bool escaped = request.find('%') != request.npos || cookie.find('%') != cookie.npos;
    if (!escaped) return is_path_prefix(request, cookie);
    return is_path_prefix(plain_path(request), plain_path(cookie));
}

std::string_view default_path(std::string_view request) noexcept
{
    const std::size_t slash = request.rfind('/');
    if (!request.starts_with('/') || slash == 0) return "/";
    return request.substr(0, slash);
}

bool is_public_suffix(std::string_view domain)
{
    const psl_ctx_t* const list = psl_builtin();
    return psl_is_public_suffix(list, std::string(domain).c_str()) != 0;
}

std::optional<cookie> accept_cookie(cookie c, const cookie_scope& from)
{
    if (!c.domain.empty() && c.domain != from.host && is_public_suffix(c.domain)) {
        return std::nullopt;
    }
    if (c.domain.empty()) {
        c.host_only = true;
        c.domain = from.host;
    } else {
        if (!domain_matches(from.host, c.domain)) return std::nullopt;
        c.host_only = is_address(from.host) || is_public_suffix(c.domain);
    }
    const bool has_root_path = c.path == "/";
    if (!c.path.starts_with('/')) c.path = default_path(from.path);
    if (c.secure && !from.secure) return std::nullopt;
    if (c.same_site == same_site::none && !c.secure) return std::nullopt;
    if (!keeps_prefix_promise(c, has_root_path)) return std::nullopt;
    return c;
}

bool may_keep(const cookie& c) noexcept
{
    const auto is_cookie_char = [](char ch) { return is_value_char(ch) && ch != ';'; };
    return !c.name.empty() && c.name.find('=') == std::string::npos &&
           std::ranges::all_of(c.name, is_cookie_char) &&
           std::ranges::all_of(c.value, is_cookie_char);
}

bool may_send(const cookie& c, const cookie_scope& to, timestamp now)
{
    return (c.host_only ? to.host == c.domain : domain_matches(to.host, c.domain)) &&
           path_matches(to.path, c.path) && (!c.secure || to.secure) &&
           (!c.expires || *c.expires > now);
}

}  // namespace ferry::http::detail
