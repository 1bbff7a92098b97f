#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/router.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The middleware that most servers need. The order matters: what is used first is the outermost.
///
///     site.use(http::access_log()).use(http::request_ids()).use(http::security_headers());
///     site.use(http::compress_responses());
///     auto api = site.group("/api");
///     api.use(http::limit_rate(10)).use(http::require_token("secret"));
namespace ferry::http {

/// What the access log says about one request.
struct access_entry {
    const request* asked;
    int status;
    std::optional<std::uint64_t> bytes;  ///< of the body; nothing for one that is streamed
    std::chrono::nanoseconds took;       ///< until the response was there, not until it was sent
};

/// Tells `sink` about every request that was answered; without one, log::info() gets a record with
/// method, path, status, bytes, milliseconds, peer, user and id.
middleware access_log(std::function<void(const access_entry&)> sink = {});

/// Gives each request an id of 128 random bits, or keeps the one that came in X-Request-Id (at most
/// 128 visible characters): request::id, and X-Request-Id of the response.
middleware request_ids();

/// Decides about a user and password, for example by the module crypto's password hashes.
using password_check = std::function<awaitable<bool>(std::string user, std::string password)>;

/// Lets in whoever has a user name and a password (Basic, RFC 7617): 401 otherwise. The name is in
/// request::user. Over anything but TLS everybody in between can read both.
middleware require_password(password_check check, std::string realm = "ferry");
/// The same for one pair, compared in constant time.
middleware require_password(std::string user, std::string password, std::string realm = "ferry");

/// Lets in whoever shows one of the tokens (Bearer, RFC 6750), compared in constant time: 401
/// otherwise.
middleware require_tokens(std::vector<std::string> tokens);
inline middleware require_token(std::string token)
{
    return require_tokens(std::vector<std::string>(1, std::move(token)));
}

/// What pages of other origins may do (the Fetch Standard's CORS protocol).
///
///     site.use(http::cors(http::cors_options().origins("https://app.example").credentials()));
class cors_options {
public:
    cors_options() = default;

    /// The origins that may read responses; without any, all may, but without credentials.
    template <std::convertible_to<std::string_view>... Names>
        requires(sizeof...(Names) > 0)
    cors_options& origins(const Names&... names)
    {
        (origins_.emplace_back(std::string_view(names)), ...);
        return *this;
    }
    /// Requests with cookies may be made. Takes origins() to name them.
    cors_options& credentials(bool yes = true) { return credentials_ = yes, *this; }
    /// Methods and headers beyond the simple ones; `GET, HEAD, POST, PUT, PATCH, DELETE`, and what
    /// is asked for.
    cors_options& methods(std::string list) { return methods_ = std::move(list), *this; }
    cors_options& headers(std::string list) { return headers_ = std::move(list), *this; }
    /// Response headers that scripts may see.
    cors_options& expose(std::string list) { return expose_ = std::move(list), *this; }
    /// How long a browser may remember the answer to its preflight; 10 minutes.
    cors_options& max_age(std::chrono::seconds d) { return max_age_ = d, *this; }

    const std::vector<std::string>& origins() const noexcept { return origins_; }
    bool credentials() const noexcept { return credentials_; }
    const std::string& methods() const noexcept { return methods_; }
    const std::string& headers() const noexcept { return headers_; }
    const std::string& expose() const noexcept { return expose_; }
    std::chrono::seconds max_age() const noexcept { return max_age_; }

private:
    std::vector<std::string> origins_;
    bool credentials_ = false;
    std::string methods_ = "GET, HEAD, POST, PUT, PATCH, DELETE";
    std::string headers_;
    std::string expose_;
    std::chrono::seconds max_age_{600};
};

/// Answers preflights, and marks responses for the origins that may read them.
/// \throws error  credentials for every origin.
middleware cors(cors_options with = cors_options());

/// Compresses what is text by its Content-Type and at least `least_bytes` long, or streamed, for
/// clients that take zstd, br or gzip. What has a Content-Encoding, a range, or
/// `Cache-Control: no-transform` stays as it is; ETags become weak.
middleware compress_responses(std::size_t least_bytes = 1024);

/// Lets each client ask for `per_second` requests on the average, and `burst` at once (0: twice
/// as many): 429 with Retry-After otherwise.
/// \param who  what clients are told apart by; the address without the port by default. Behind a
///             proxy that is the proxy's.
middleware limit_rate(double per_second, double burst = 0,
                      std::function<std::string(const request&)> who = {});

/// Sends what keeps pages safe, where the handler has not: X-Content-Type-Options: nosniff,
/// Referrer-Policy: same-origin, X-Frame-Options: DENY, and the Content-Security-Policy.
/// Over TLS, Strict-Transport-Security too, for a year.
middleware security_headers(
    std::string content_security_policy = "default-src 'self'; frame-ancestors 'none'");

}  // namespace ferry::http
