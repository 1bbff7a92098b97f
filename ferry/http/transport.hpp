#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/url.hpp"
#include "ferry/http/headers.hpp"
#include "ferry/http/response.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace ferry::http {

class session_options;

/// A request as it goes out: with every field that a session adds. A value.
class prepared_request {
public:
    prepared_request() = default;

    std::string method;
    ferry::url url;  ///< without user, password and fragment
    http::headers headers;
    buffer content;
    bool streamed = false;  ///< the body is made while it is sent; content is empty

    /// A command for a shell that sends the same request. Secrets are shown as `***`: those of the
    /// fields Authorization, Cookie and their like, and of parameters such as `token`. A body that
    /// is streamed, or long, comes from standard input.
    std::string to_curl() const;
};
static_assert(awaitable_argument<prepared_request>);

/// What answers a session's requests in place of connections: for tests, and for whatever is like
/// HTTP. Redirects, cookies, authentication, retries and codings go on above it. Used by any thread
/// that uses the session. As httpx's transports and Requests' adapters.
class transport {
public:
    transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    virtual ~transport() = default;

    /// \return the answer; its body may have a source. Whatever is thrown ends the request.
    virtual awaitable<response> send(prepared_request what) = 0;
};

/// Lets `t` answer all requests of a session.
class transport_by {
public:
    explicit transport_by(std::shared_ptr<transport> t) : transport_(std::move(t)) {}
    void apply_to(session_options& to) const;

private:
    std::shared_ptr<transport> transport_;
};

/// A request and its answer, as they were on the wire: each redirect and each retry is one of its
/// own.
class recorded_exchange {
public:
    using clock = std::chrono::system_clock;
    using duration = std::chrono::nanoseconds;

    recorded_exchange() = default;

    prepared_request request;
    int status = 0;
    std::string reason;
    std::string_view version;  ///< `HTTP/2`
    http::headers headers;
    ferry::bytes body;      ///< with its Content-Encoding
    bool complete = false;  ///< the body was read to its end, and is not too long to be kept
    std::string peer;

    clock::time_point started;
    duration connect{-1};  ///< name, TCP and a proxy; -1 on a kept connection
    duration tls{-1};      ///< -1 without
    duration send{0};
    duration wait{0};  ///< for the answer's head
    duration receive{0};
};

/// What is told about every exchange of a session, when its body was read, or given up.
class exchange_observer {
public:
    exchange_observer() = default;
    exchange_observer(const exchange_observer&) = delete;
    exchange_observer& operator=(const exchange_observer&) = delete;
    virtual ~exchange_observer() = default;

    /// Called on the thread of the exchange; must not wait for it. What it throws is logged.
    virtual void finished(const recorded_exchange& what) = 0;
};

/// Bodies of more bytes than this are not kept in a recorded_exchange.
inline constexpr std::uint64_t max_recorded_body = 64ULL * 1024 * 1024;

static_assert(awaitable_argument<transport_by>);

}  // namespace ferry::http
