#include "ferry/http/server_cookies.hpp"

#include "ferry/core/base64.hpp"
#include "ferry/crypto/hmac.hpp"
#include "ferry/crypto/secrets.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"

#include <algorithm>

namespace ferry::http {
namespace {

// RFC 6265 section 4.1.1.
bool is_cookie_value(std::string_view text) noexcept
{
    return std::ranges::all_of(text, [](char c) {
        return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
    });
}

void check_attribute(std::string_view text)
{
    if (detail::is_field_value(text) && text.find(';') == std::string_view::npos) return;
    throw error(errc::bad_header, "set_cookie: an attribute cannot travel in a header");
}

std::string encode(std::span<const std::byte> data)
{
    return base64::encode(data, base64::alphabet::urlsafe, base64::padding::without);
}

std::string encode_time(timestamp t)
{
    auto seconds = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count());
    ferry::bytes big;
    for (; seconds > 0; seconds >>= 8) big.insert(big.begin(), static_cast<std::byte>(seconds));
    return encode(big);
}

std::optional<std::chrono::seconds> decode_time(std::string_view text)
{
    const auto big = base64::try_decode(text, base64::alphabet::urlsafe);
    if (!big || big->size() > 7) return std::nullopt;
    std::int64_t seconds = 0;
    for (const std::byte b : *big) seconds = seconds << 8 | std::to_integer<std::int64_t>(b);
    return std::chrono::seconds(seconds);
}

}  // namespace

set_cookie::set_cookie(std::string_view name, std::string_view value) : name_(name), value_(value)
{
    if (!detail::is_token(name) || !is_cookie_value(value)) {
        throw error(errc::bad_header, "set_cookie: the name or value cannot travel in a cookie");
    }
}

std::string set_cookie::text() const
{
    check_attribute(path_);
    check_attribute(domain_);
    std::string out = name_ + "=" + value_;
    if (!path_.empty()) out += "; Path=" + path_;
    if (!domain_.empty()) out += "; Domain=" + domain_;
    if (max_age_) out += "; Max-Age=" + std::to_string(max_age_->count());
    // Browsers take SameSite=None from secure cookies only.
    if (secure_ || same_site_ == http::same_site::none) out += "; Secure";
    if (http_only_) out += "; HttpOnly";
    switch (same_site_) {
        case http::same_site::unset: break;
        case http::same_site::none: out += "; SameSite=None"; break;
        case http::same_site::lax: out += "; SameSite=Lax"; break;
        case http::same_site::strict: out += "; SameSite=Strict"; break;
    }
    return out;
}

std::string cookie_signer::signature(std::string_view name, std::string_view text) const
{
    const hash::digest key = hmac::sha256(secret_, name);
    return encode(hmac::sha256(key.span(), as_bytes(text)).span());
}

std::string cookie_signer::sign(std::string_view name, std::string_view value, timestamp now) const
{
    std::string text = std::string(value) + "." + encode_time(now);
    return text + "." + signature(name, text);
}

std::optional<std::string> cookie_signer::verify(std::string_view name,
                                                 std::string_view signed_value,
                                                 std::optional<std::chrono::seconds> max_age,
                                                 timestamp now) const
{
    const std::size_t last = signed_value.rfind('.');
    if (last == std::string_view::npos) return std::nullopt;
    const std::string_view text = signed_value.substr(0, last);
    if (!secrets::compare_digest(signature(name, text), signed_value.substr(last + 1))) {
        return std::nullopt;
    }
    const std::size_t dot = text.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto signed_at = decode_time(text.substr(dot + 1));
    if (!signed_at) return std::nullopt;
    const auto age = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) - *signed_at;
    if (max_age && (age > *max_age || age < std::chrono::seconds(0))) return std::nullopt;
    return std::string(text.substr(0, dot));
}

}  // namespace ferry::http
