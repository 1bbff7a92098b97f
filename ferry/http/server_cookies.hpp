#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/http/cookies.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::http {

/// A cookie that a server sets: the value of one Set-Cookie header. For the whole site, hidden from
/// scripts, and not sent along by other sites' forms, unless it is told otherwise.
///
///     co_return http::response(200).with("Set-Cookie", http::set_cookie("cart", "17").text());
class set_cookie {
public:
    /// \throws error  the name is no token, or the value cannot travel in a Cookie header.
    set_cookie(std::string_view name, std::string_view value);

    set_cookie& path(std::string_view p) { return path_ = p, *this; }      ///< `/`
    set_cookie& domain(std::string_view d) { return domain_ = d, *this; }  ///< this host only
    set_cookie& max_age(std::chrono::seconds d) { return max_age_ = d, *this; }
    set_cookie& secure(bool yes = true) { return secure_ = yes, *this; }
    set_cookie& http_only(bool yes) { return http_only_ = yes, *this; }         ///< yes
    set_cookie& same_site(http::same_site s) { return same_site_ = s, *this; }  ///< lax

    /// Takes the cookie away again: a set_cookie of the same name, path and domain.
    static set_cookie removed(std::string_view name)
    {
        return set_cookie(name, "").max_age(std::chrono::seconds(0));
    }

    /// \throws error  the path or domain cannot travel.
    std::string text() const;

private:
    std::string name_;
    std::string value_;
    std::string path_ = "/";
    std::string domain_;
    std::optional<std::chrono::seconds> max_age_;
    bool secure_ = false;
    bool http_only_ = true;
    http::same_site same_site_ = http::same_site::lax;
};
static_assert(awaitable_argument<set_cookie>);

/// Signs the values of cookies, so that a client can read them but not change them, move them to
/// another name, or keep them for longer than allowed (HMAC-SHA256).
///
///     http::cookie_signer signer(secret);
///     http::set_cookie("user", signer.sign("user", "17"));
///     if (auto user = signer.verify("user", q.cookie("user").value_or(""), 24h)) ...
///
/// As `itsdangerous.TimestampSigner(secret, salt=name, key_derivation="hmac",
/// digest_method=hashlib.sha256)`: either reads what the other wrote.
class cookie_signer {
public:
    /// \param secret  at least 32 unpredictable bytes: `secrets::token_bytes()`, kept.
    explicit cookie_signer(std::string secret) : secret_(std::move(secret)) {}

    std::string sign(std::string_view name, std::string_view value,
                     timestamp now = ferry::now()) const;

    /// The value, if the signature is right and no older than `max_age`.
    std::optional<std::string> verify(std::string_view name, std::string_view signed_value,
                                      std::optional<std::chrono::seconds> max_age = std::nullopt,
                                      timestamp now = ferry::now()) const;

private:
    std::string signature(std::string_view name, std::string_view text) const;

    std::string secret_;
};

}  // namespace ferry::http
