#pragma once

#include "ferry/core/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace ferry::http {

/// The exact failures of HTTP itself. Those of the layers below keep their own classes:
/// `resolve_error`, `connection_error`, `tls_error`, `timeout_error`, `limit_error`.
enum class errc {
    bad_url = 1,            ///< not an absolute http or https URL
    bad_header,             ///< a header's name, its value or a method breaks RFC 9110
    bad_message,            ///< the peer's bytes are not an HTTP/1.1 message
    closed_early,           ///< the peer closed before it had sent a whole head
    incomplete_body,        ///< the connection ended before the body did
    undecodable_body,       ///< the body is not what Content-Encoding says
    too_many_redirects,     ///< the chain is longer than `redirects`, or turns in a circle
    refused_redirect,       ///< the redirect leads from https to http, or out of HTTP
    unrewindable_body,      ///< a streamed body would have to be sent a second time
    body_consumed,          ///< a streamed body was read before
    insecure_credentials,   ///< a bearer token would travel over plain http
    peer_speaks_tls,        ///< plain http was spoken to a TLS port
    peer_speaks_something,  ///< the first bytes belong to another protocol
    wrong_checksum,         ///< a downloaded file is not the one that was meant
    private_address,        ///< block_private() does not let this address be connected to
    circuit_open,           ///< breaker(): the host has failed too often just now
    token_refused,          ///< an OAuth 2 token endpoint gave no token
    bad_challenge,          ///< a server's WWW-Authenticate cannot be answered
};
std::error_code make_error_code(errc e) noexcept;

/// What a request was doing, when it failed or at a moment asked for.
enum class phase : unsigned char {
    prepare,  ///< nothing was sent yet: options, authentication, waiting for a rate limit
    pool,     ///< waiting for a free connection
    connect,  ///< the name, and TCP
    tls,      ///< the handshake
    send,     ///< the request's head and body
    head,     ///< waiting for the response, up to the end of its head
    body,     ///< the response's body
};
inline constexpr std::size_t phase_count = 7;

/// `prepare`, `pool`, `connect`...
std::string_view name(phase p) noexcept;

/// The category in which a response's status is itself the code: `error_code(404,
/// status_category())` compares equal to `condition::not_found`.
const std::error_category& status_category() noexcept;

/// The connection ended, or was reset, before the whole body had arrived. Requests returns such a
/// body as if it were whole.
class incomplete_body : public connection_error {
public:
    /// \param expected  bytes announced, or -1 for a chunked body, which announces none.
    incomplete_body(std::uint64_t received, std::int64_t expected, std::string endpoint,
                    std::string_view cause = {});

    std::uint64_t received() const noexcept { return received_; }
    std::int64_t expected() const noexcept { return expected_; }

private:
    std::uint64_t received_;
    std::int64_t expected_;
};

/// `raise_for_status()` met a status of 400 or more. As requests.HTTPError.
class status_error : public protocol_error {
public:
    /// \param url      as shown in the message: without user, password and fragment.
    /// \param excerpt  the first 2 KiB of the body at most.
    status_error(int status, std::string_view reason, std::string url, std::string excerpt);

    int status() const noexcept { return status_; }
    const std::string& url() const noexcept { return url_; }
    const std::string& excerpt() const noexcept { return excerpt_; }

private:
    int status_;
    std::string url_;
    std::string excerpt_;
};

/// What a server's handler throws to answer with a status and a problem document (RFC 9457):
///
///     throw http::problem(http::status::not_found, "no task has this number");
///
/// `code()` is the status, in status_category().
class problem : public protocol_error {
public:
    /// \param detail  for the client's eyes; empty for the status alone.
    explicit problem(int status, std::string detail = {});

    int status() const noexcept { return code().value(); }
};

/// One send of a request that failed, and was made up for by another.
class failed_attempt {
public:
    std::chrono::nanoseconds at{0};  ///< since the start of the request
    std::string peer;                ///< address; empty if there was no connection
    std::string cause;
};

/// What was going on when a request failed, beside the error that it failed with. Every error that
/// leaves a session has it:
///
///     catch (const error& e) {
///         if (auto* d = http::details_of(e)) print(name(d->phase), d->peer, d->attempt);
class failure_details {
public:
    std::string method;
    std::string url;  ///< of the last attempt; a password is shown as ***
    int attempt = 0;  ///< from 1, redirects included; 0 if nothing was sent
    http::phase phase = http::phase::prepare;
    std::string peer;                    ///< the address spoken to; empty without
    std::uint64_t bytes_sent = 0;        ///< of the request's body
    std::uint64_t bytes_received = 0;    ///< of the response's body, as it came
    std::vector<failed_attempt> before;  ///< the attempts that retry() made up for
};

/// Null if the error did not come from a request.
const failure_details* details_of(const std::exception& e) noexcept;

/// As requests.TooManyRedirects.
class too_many_redirects : public protocol_error {
public:
    /// \param chain  every URL that was asked for, in order, redacted.
    too_many_redirects(std::string_view why, std::vector<std::string> chain);

    const std::vector<std::string>& chain() const noexcept { return chain_; }

private:
    std::vector<std::string> chain_;
};

}  // namespace ferry::http

template <>
struct std::is_error_code_enum<ferry::http::errc> : std::true_type {};
