#pragma once

#include "ferry/core/url.hpp"
#include "ferry/http/body.hpp"
#include "ferry/http/headers.hpp"

#include <string>
#include <string_view>

namespace ferry::http {

class prepared_request;

namespace detail {
class client_exchange;
}

/// A request that a session is sending, as hooks and authentication see it. Valid while they run.
class outgoing {
public:
    explicit outgoing(detail::client_exchange& of) noexcept : exchange_(of) {}
    outgoing(const outgoing&) = delete;
    outgoing& operator=(const outgoing&) = delete;

    const std::string& method() const noexcept;
    /// Without user and password.
    const ferry::url& url() const noexcept;
    /// The caller's own fields, without the session's.
    const http::headers& headers() const noexcept;
    const http::body& body() const noexcept;
    /// All that is sent: with the session's fields, cookies and authentication, which are secret.
    /// Cost: it is put together at each call.
    prepared_request prepared() const;
    /// From 1: how often the caller's request was sent, redirects included.
    int attempt() const noexcept;

    /// Sends a field from now on, in place of any other of this name; until a redirect.
    /// \throws error with errc::bad_header
    void set(std::string_view name, std::string_view value);

protected:
    ~outgoing() = default;
    detail::client_exchange& exchange() const noexcept { return exchange_; }

private:
    detail::client_exchange& exchange_;
};

}  // namespace ferry::http
