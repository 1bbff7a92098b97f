#pragma once

#include "ferry/core/url.hpp"
#include "ferry/http/detail/redirect.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/detail/transfer_meter.hpp"
#include "ferry/http/headers.hpp"
#include "ferry/http/options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::http::detail {

/// A proxy of http that requests are sent to whole: in absolute form, with what it asks for.
class forward_proxy {
public:
    std::string authorization;  ///< of the proxy; empty without

    explicit forward_proxy(std::string a) : authorization(std::move(a)) {}
};

/// A request as it stands: what the caller asked for, changed by redirects, authentication and
/// hooks. Every attempt sends it, in the words of its own protocol; nothing is decided there.
class outgoing_request {
public:
    /// \throws error  what can be known to be wrong before anything is sent.
    outgoing_request(std::shared_ptr<session_core> session, call_ptr what);
    outgoing_request(const outgoing_request&) = delete;
    outgoing_request& operator=(const outgoing_request&) = delete;

    const std::string& method() const noexcept { return method_; }
    const ferry::url& url() const noexcept { return *url_; }
    const std::shared_ptr<const ferry::url>& shared_url() const noexcept { return url_; }
    const http::body& body() const noexcept { return with_.body; }
    /// The caller's, with the session's defaults where they have to be known here.
    const request_options& options() const noexcept { return with_; }
    session_core& session() const noexcept { return *session_; }

    /// Writes the head of HTTP/1.1, its empty line included, over `into`.
    /// \param proxy  the request goes to this proxy instead of the origin; null without.
    void write_http1(std::string& into, const forward_proxy* proxy = nullptr) const;

    using visitor = std::function<void(std::string_view name, std::string_view value)>;

    /// The fields in their order, for HTTP/2, mocks and HAR: without Host, which is authority(),
    /// and Transfer-Encoding; with Content-Length if it is known.
    void each_field(const visitor& visit) const;
    std::string_view authority() const noexcept;

    /// Bytes of the body, if they are known; 0 without one.
    std::optional<std::uint64_t> body_length() const;

    /// Counts what is received, for the options `progress` and `max_rate`; null without them.
    transfer_meter* meter() const noexcept { return meter_.get(); }

    /// Whether HTTP/1.1 asks for permission before it sends the body.
    bool expects_continue() const;
    /// The server does not know how to give it.
    void send_unasked() noexcept { with_.expect_continue = false; }

    /// Repeating it changes nothing (RFC 9110 section 9.2.2).
    bool is_idempotent() const noexcept;

    /// Puts a streamed body back to its start. False: it cannot be sent again.
    bool rewind() const;
    /// Whether rewind() would succeed.
    bool can_rewind() const { return rewind(); }

    /// The authentication that has to be asked for each attempt; null if there is none, or not for
    /// this origin.
    std::shared_ptr<const auth_flow> flow() const noexcept
    {
        return at_home_ && own_authorization_.empty() ? with_.auth.flow() : nullptr;
    }

    /// Fields that ferry adds, over the caller's of the same name: authentication, tracing.
    http::headers& added() noexcept { return added_; }

    /// Whether this is still the origin that the caller named, or credentials have to stay behind.
    bool at_home() const noexcept { return at_home_; }

    void follow(redirect_step step);

private:
    void merge_defaults();
    void take_credentials();
    void look_up_credentials();
    template <class Visit>
    void visit_fields(const Visit& visit, const std::string& authorized) const;
    template <class Visit>
    void visit_own_fields(const Visit& visit, bool authorized) const;
    template <class Visit>
    void visit_body_fields(const Visit& visit) const;
    bool may_go(std::string_view name) const noexcept;
    std::string authorization() const;
    std::string cookies() const;

    std::shared_ptr<session_core> session_;
    call_ptr call_;
    std::string& method_;
    request_options& with_;
    std::shared_ptr<const ferry::url> url_;
    http::headers added_;
    std::shared_ptr<transfer_meter> meter_;
    std::string own_authorization_;  ///< of this URL: from its user and password, or from .netrc
    bool at_home_ = true;
};

/// Whether what is sent there can be read on the way: plain http to another machine.
bool is_exposed(const url& to) noexcept;

}  // namespace ferry::http::detail
