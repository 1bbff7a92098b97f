#pragma once

#include "ferry/core/buffer.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/url.hpp"
#include "ferry/documents/json_lines.hpp"
#include "ferry/http/body.hpp"
#include "ferry/http/cookies.hpp"
#include "ferry/http/headers.hpp"
#include "ferry/http/status.hpp"
#include "ferry/net/transport.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

/// What a redirect asks for.
class follow_up {
public:
    std::string method;
    ferry::url url;
    bool keeps_body = false;   ///< 307, 308, and other methods than POST
    bool same_origin = false;  ///< otherwise credentials should stay behind
};

/// How long the parts of an exchange took: of the last one, after redirects and repetitions.
class timings {
public:
    using duration = std::chrono::nanoseconds;

    std::optional<duration> dns;      ///< the look-up; nothing on a kept connection
    std::optional<duration> connect;  ///< TCP
    std::optional<duration> tls;      ///< the handshake
    duration send{0};                 ///< the request's head and body
    duration first_byte{0};           ///< from then on to the response's head
    duration total{0};                ///< of the whole request, from its start to the body's end
};

/// What was sent, as it was sent: credentials and cookies are in it.
class sent_request {
public:
    sent_request() = default;

    std::string method;
    std::string target;  ///< path and query
    http::headers headers;
};

/// The answer to a request: what a session returns, and what a server's handler returns.
///
///     auto r = co_await http::get("http://127.0.0.1:8080/gists");
///     r.raise_for_status();
///     auto first = r.json()[0]["id"].as<int>();
///
/// Movable and copyable; the body is shared, not copied. As requests.Response.
class response {
public:
    response() = default;

    /// For handlers: `co_return http::response(201, http::json(made));`
    explicit response(int code, http::body carried = http::body())
        : status(code), content(std::move(carried))
    {
    }
    /// Status 200: `co_return http::json(found);`
    response(http::body carried) : content(std::move(carried)) {}

    /// The same response with one more header field.
    response with(std::string_view name, std::string_view value) &&;

    int status = 200;
    std::string reason;  ///< as received; a server sends the registered one if it is empty
    http::headers headers;
    http::body content;
    std::vector<response> history;        ///< the redirects that led here, oldest first
    std::chrono::nanoseconds elapsed{0};  ///< from the start to the end of the head
    http::timings timings;

    /// The status is below 400. As Response.ok.
    bool ok() const noexcept { return status < 400; }

    /// \throws status_error with the URL and the first 2 KiB of the body, for 400 and above.
    void raise_for_status() const;

    /// What was asked for at last, after redirects, with the fragment of the first URL.
    /// \throws error  the response did not come from a session.
    const ferry::url& url() const;

    /// What following this redirect would send, with redirects(0); nothing if it is none.
    /// \throws error with errc::bad_url or errc::refused_redirect  the Location leads out of HTTP.
    /// As Response.next.
    std::optional<follow_up> next_request() const;

    /// The request that this is the answer to; empty in a server's response. As
    /// Response.request. Cost: it is put together at each call.
    sent_request request() const;

    /// `HTTP/1.1`, `HTTP/1.0` or `HTTP/2`: what the server spoke.
    std::string_view http_version() const noexcept { return version_; }

    /// Version, cipher and the server's certificate; null for http. Lives as long as a copy of the
    /// response.
    const net::tls_info* tls() const noexcept { return tls_.get(); }

    /// The body, with its Content-Encoding undone.
    std::span<const std::byte> bytes() const& noexcept { return content.data().span(); }
    buffer bytes() && noexcept { return content.data(); }

    /// The body as UTF-8. Its encoding is told by a byte order mark, then Content-Type, then the
    /// first 1024 bytes of HTML and XML; else it is UTF-8 if valid as such, or windows-1252.
    /// Malformed input becomes U+FFFD. Requests takes text without charset for Latin-1.
    std::string text() const;

    /// The same, read in this encoding whatever else says otherwise. As setting Response.encoding.
    /// \throws error  the name is none of an encoding.
    std::string text(std::string_view encoding) const;

    /// The cookies that this response sets, as written; the session's jar decides which it keeps.
    /// As Response.cookies.
    std::vector<cookie> cookies() const;

    /// Of Content-Type, as written; empty without. As Response.encoding.
    std::string charset() const;

    /// Whether text() has no name of a known encoding to go by.
    bool charset_guessed() const;

    /// UTF-8, UTF-16 or UTF-32, as Response.json.
    /// \throws parse_error  the body is not JSON; the message shows its type and its first bytes.
    value json() const { return json<value>(); }
    /// \throws type_error, range_error, lookup_error  it is JSON, but no T.
    template <class T>
    T json() const
    {
        try {
            if constexpr (std::same_as<T, value>) {
                return ferry::json::parse(bytes());
            } else {
                return ferry::json::parse<T>(bytes());
            }
        } catch (const error&) {
            rethrow_about_body();
        }
    }

    /// The body in pieces of `bytes`, the last of which may be smaller; nothing is copied. As
    /// iter_content. See response_stream::chunks for a body that is not in memory.
    std::vector<buffer> chunks(std::size_t bytes) const;

    /// The lines of text(), without their ends, which are LF, CR LF or CR. As iter_lines.
    std::vector<std::string> lines() const;

    /// The JSON documents of a body that has one a line (NDJSON). \throws as json().
    template <class T = value>
    std::vector<T> json_lines() const
    {
        try {
            std::vector<T> all;
            for (auto&& one : ferry::json::lines<T>(as_text(bytes()))) all.push_back(one);
            return all;
        } catch (const error&) {
            rethrow_about_body();
        }
    }

    /// The links of the Link header, their URLs resolved against url(), which Requests leaves
    /// relative; those that are no URLs are left out. As Response.links.
    http::links links() const;

    /// Whether it was answered by the session's cache; see cache.hpp.
    bool from_cache() const noexcept { return from_cache_; }

    /// Codings of Content-Encoding that are still on the body, because ferry does not know them.
    const std::string& undecoded() const noexcept { return undecoded_; }

    /// The fields after a chunked body.
    const http::headers& trailers() const noexcept { return trailers_; }

private:
    friend class response_access;

    [[noreturn]] void rethrow_about_body() const;

    std::shared_ptr<const ferry::url> url_;
    std::string method_;  ///< of the request
    std::string sent_head_;
    std::shared_ptr<const net::tls_info> tls_;
    std::string_view version_ = "HTTP/1.1";
    std::string undecoded_;
    http::headers trailers_;
    bool from_cache_ = false;
};
static_assert(awaitable_argument<response>);

}  // namespace ferry::http
