#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/outgoing.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

class request_options;
class response;

/// What an authentication of one's own works with: the request, and the means to send it.
class auth_context : public outgoing {
public:
    using outgoing::outgoing;
    ~auth_context() = default;

    /// Sends the request as it now stands, and waits for the head of the answer. A body that was
    /// not read before is dropped. \return the status.
    awaitable<int> send();

    /// The head of the last answer; no body. \throws error  nothing was sent yet.
    const response& answer() const;

    /// Sends another request by the same session, without authentication unless an option says so;
    /// for tokens, nonces and the like.
    awaitable<response> request(std::string method, std::string url, request_options with);
};

/// An authentication of one's own: called for each attempt at the origin that the caller named, it
/// must call send() once at least. The answer to its last send() is the answer.
///
///     http::custom_auth([](http::auth_context& c) -> awaitable<void> {
///         c.set("X-Signature", sign(c.method(), c.url()));
///         const int status = co_await c.send();
///         ...
///     });
///
/// As httpx's `Auth.auth_flow` and Requests' `AuthBase`.
using auth_flow = std::function<awaitable<void>(auth_context&)>;

/// An Authorization that ferry itself sends, and takes away when a redirect leaves the origin.
class auth_option {
public:
    enum class scheme { none, basic, bearer, flow, off };

    auth_option() = default;
    auth_option(scheme kind, std::string value) : kind_(kind), value_(std::move(value)) {}
    explicit auth_option(auth_flow flow)
        : kind_(scheme::flow), flow_(std::make_shared<const auth_flow>(std::move(flow)))
    {
    }

    /// Lets a bearer token travel over plain http to a host that is not this machine.
    auth_option& insecure_ok()
    {
        insecure_ok_ = true;
        return *this;
    }

    /// Encodes user and password of basic_auth() in Latin-1, as Requests does.
    /// \throws error with errc::bad_header  a character is not in Latin-1.
    auth_option& latin1();

    scheme kind() const noexcept { return kind_; }
    const std::string& value() const noexcept { return value_; }  ///< of the Authorization header
    const std::shared_ptr<const auth_flow>& flow() const noexcept { return flow_; }
    bool allows_insecure() const noexcept { return insecure_ok_; }

    void apply_to(request_options& to) const;

private:
    scheme kind_ = scheme::none;
    std::string value_;
    std::shared_ptr<const auth_flow> flow_;
    bool insecure_ok_ = false;
};

/// User and password, in UTF-8 (RFC 7617; Requests sends Latin-1). As `auth=(user, password)`.
auth_option basic_auth(std::string_view user, std::string_view password);

/// A token (RFC 6750). It is refused over plain http unless the host is this machine.
auth_option bearer(std::string_view token);

/// User and password by challenge and response (RFC 7616): MD5, SHA-256, SHA-512-256 (and SHA-512,
/// which httpbin has), each with `-sess`; qop auth and auth-int, userhash. A nonce is used again,
/// with a count, by later requests that are given the same value or the same session's default; so
/// only the first costs a round trip. A body that is not in memory cannot be sent with auth-int.
/// As requests.auth.HTTPDigestAuth.
auth_option digest_auth(std::string user, std::string password);

auth_option custom_auth(auth_flow flow);

/// Neither the session's authentication nor what .netrc has.
auth_option no_auth();

/// OAuth 2 (RFC 6749): asks the token endpoint for an access token and sends it as a bearer token.
///
///     http::session api(http::oauth2("https://id.local/token", id, secret, "orders:read"));
///
/// The token is kept until 30 s before it expires, and shared by all copies of this value, in any
/// thread. However many requests need a new one, one asks for it. A 401 throws the token away and
/// sends the request once more. The endpoint is asked through the session that sends the request.
/// \throws protocol_error with errc::token_refused  the endpoint said no; it is quoted.
/// As requests-oauthlib's OAuth2Session.
class oauth2 {
public:
    /// Client credentials. \param scopes  separated by spaces.
    oauth2(std::string token_url, std::string id, std::string secret, std::string scopes = {});

    /// Uses a refresh token; a new one in an answer takes its place. Without a secret the client is
    /// a public one.
    oauth2& refresh_token(std::string token);
    /// Puts id and secret into the form instead of an Authorization, for endpoints that want that.
    oauth2& credentials_in_body();
    /// One more field of the form: `audience`, `resource`...
    oauth2& parameter(std::string name, std::string value);
    /// Lets secrets travel over plain http to a host that is not this machine.
    oauth2& insecure_ok();

    void apply_to(request_options& to) const;

    class state;

private:
    std::shared_ptr<state> state_;
};

static_assert(awaitable_argument<auth_option> && awaitable_argument<oauth2>);

}  // namespace ferry::http
