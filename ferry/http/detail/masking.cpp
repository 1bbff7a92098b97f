#include "ferry/http/detail/masking.hpp"

#include "ferry/http/detail/redirect.hpp"
#include "ferry/http/detail/syntax.hpp"

#include <algorithm>
#include <array>

namespace ferry::http::detail {
namespace {

constexpr std::string_view hidden = "***";

bool is_secret_name(std::string_view name)
{
    constexpr auto parts = std::to_array<std::string_view>(
        {"token", "password", "passwd", "secret", "api_key", "apikey", "api-key", "signature",
         "access_key", "private_key", "credential"});
    constexpr auto whole = std::to_array<std::string_view>({"key", "sig", "auth", "pwd", "code"});
    std::string low(name);
    std::ranges::transform(low, low.begin(), lower);
    return std::ranges::any_of(parts,
                               [&](std::string_view p) { return low.find(p) != low.npos; }) ||
           std::ranges::find(whole, low) != whole.end();
}

// `a=1; b=2` with the values hidden.
std::string mask_cookies(std::string_view value, bool first_only)
{
    std::string masked;
    for (bool first = true; !value.empty(); first = false) {
        const std::string_view pair = take_element(value, ';');
        if (!masked.empty()) masked += "; ";
        const std::size_t equals = pair.find('=');
        if (equals == pair.npos || (first_only && !first)) {
            masked += pair;
        } else {
            masked.append(pair.substr(0, equals + 1)).append(hidden);
        }
    }
    return masked;
}

}  // namespace

std::string mask_field(std::string_view name, std::string_view value)
{
    if (same(name, "Cookie")) return mask_cookies(value, false);
    if (same(name, "Set-Cookie")) return mask_cookies(value, true);
    if (same(name, "Authorization") || same(name, "Proxy-Authorization")) {
        const std::size_t space = value.find(' ');
        return std::string(space == value.npos ? std::string_view() : value.substr(0, space + 1)) +
               std::string(hidden);
    }
    if (is_sensitive(name) || is_secret_name(name)) return std::string(hidden);
    return std::string(value);
}

std::string mask_pairs(std::string_view pairs)
{
    std::string masked;
    for (bool first = true; !pairs.empty(); first = false) {
        const std::size_t end = std::min(pairs.find('&'), pairs.size());
        const std::string_view pair = pairs.substr(0, end);
        pairs.remove_prefix(std::min(end + 1, pairs.size()));
        if (!first) masked += '&';
        const std::size_t equals = pair.find('=');
        if (equals != pair.npos && is_secret_name(pair.substr(0, equals))) {
            masked.append(pair.substr(0, equals + 1)).append(hidden);
        } else {
            masked += pair;
        }
    }
    return masked;
}

std::string mask_url(const url& u)
{
    url shown = u;
    shown.set_credentials({}, {});
    shown.set_fragment(std::nullopt);
    std::string text(shown.href());
    const std::size_t mark = text.find('?');
    if (mark == text.npos) return text;
    return text.substr(0, mark + 1) + mask_pairs(std::string_view(text).substr(mark + 1));
}

}  // namespace ferry::http::detail
