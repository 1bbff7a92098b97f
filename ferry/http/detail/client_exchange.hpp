#pragma once

#include "ferry/http/detail/body_reader.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/content_decoder.hpp"
#include "ferry/http/detail/pool.hpp"
#include "ferry/http/detail/redirect.hpp"
#include "ferry/http/detail/session_core.hpp"
#include "ferry/http/response.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ferry::http::detail {

/// One request of the caller's, from its URL to the last byte of the body: redirects, kept
/// connections that turn out dead, limits. Used by one coroutine.
class client_exchange {
public:
    /// \throws error  what can be known to be wrong before anything is sent.
    client_exchange(std::shared_ptr<session_core> session, std::string method, std::string target,
                    request_options with);

    /// Sends the request, and those that redirects ask for, up to the head of the final response.
    awaitable<void> run();

    const http::response& head() const noexcept { return response_; }

    /// The rest of the body, whole. Afterwards the exchange is over.
    awaitable<http::response> read();

    /// The next part of the body; empty at the end.
    awaitable<buffer> next();

    /// Puts "GET http://..." in front of an error's message.
    void describe(error& e) const;

private:
    enum class outcome { answered, stale };

    awaitable<void> attempt();
    awaitable<outcome> send_and_read_head(bool may_be_stale);
    awaitable<void> get_connection(bool check);
    awaitable<bool> send();
    awaitable<void> send_source(body_source& source);
    awaitable<bool> read_head();
    std::size_t parse_head(head_reader& reader, const net::stream& from);
    awaitable<ferry::bytes> read_body(std::uint64_t limit);
    bool take_small_body(std::uint64_t limit, ferry::bytes& into);
    awaitable<ferry::bytes> read_decoded(std::uint64_t limit);
    awaitable<void> discard_body();
    void write_head(std::string& to) const;
    void append_fields(std::string& to) const;
    void append_body_fields(std::string& to) const;
    std::string authorization() const;
    void store_cookies();
    void follow(redirect_step step);
    bool body_can_repeat() const;
    void finish_connection();
    void restrict_time();
    std::chrono::nanoseconds time_left() const;
    void take_credentials();
    bool has_idempotent_method() const noexcept;
    bool decodes() const noexcept;
    std::uint64_t max_body() const noexcept;

    std::shared_ptr<session_core> session_;
    std::shared_ptr<connection_pool> pool_;
    std::string method_;
    std::shared_ptr<const url> url_;
    request_options with_;
    time_limits limits_;
    std::chrono::steady_clock::time_point started_;
    std::string url_authorization_;    ///< from the URL's user and password
    bool credentials_allowed_ = true;  ///< still at the origin that the caller named

    connection_pool::lease lease_;
    response_head head_;
    body_plan plan_;
    std::optional<body_reader> reader_;
    std::optional<content_decoder> decoder_;
    http::response response_;
    std::vector<http::response> history_;
};

}  // namespace ferry::http::detail
