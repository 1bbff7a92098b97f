#pragma once

#include "ferry/http/detail/dialer.hpp"
#include "ferry/http/detail/governor.hpp"
#include "ferry/http/detail/hedge_book.hpp"
#include "ferry/http/detail/netrc.hpp"
#include "ferry/http/detail/pool.hpp"
#include "ferry/http/session.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace ferry::http::detail {

struct attempt_context;

/// The limits of one request, with nothing left open.
struct time_limits {
    using duration = timeout_option::duration;

    time_limits(const timeout_option& request, const timeout_option& session) noexcept;

    duration connect;
    duration tls;
    duration pool;
    duration read;
    duration write;
    std::optional<duration> total;
};

/// What all threads that use a session share. What changes locks.
class session_core {
public:
    explicit session_core(session_options options);
    ~session_core();
    session_core(const session_core&) = delete;
    session_core& operator=(const session_core&) = delete;

    const session_options& options() const noexcept { return options_; }
    cookie_jar& cookies() noexcept { return cookies_; }

    /// When requests may be sent: rate limits, pauses, the breaker.
    detail::governor& governor() noexcept { return governor_; }

    /// When requests are late, for those that learn that.
    hedge_book& hedges() noexcept { return hedges_; }

    /// The user's .netrc, read on first use; null without one, or if the environment has no say.
    const netrc* user_netrc();

    /// The default fields and those of the session, as they go on the wire.
    const std::string& default_fields() const noexcept { return default_fields_; }

    /// Calls `visit(name, value)` for each of them.
    template <class Visit>
    void each_default(const Visit& visit) const
    {
        for (const auto [name, value] : own_defaults_) {
            if (!options_.defaults.headers.contains(name)) visit(name, value);
        }
        for (const auto [name, value] : options_.defaults.headers) visit(name, value);
    }

    /// The connections of the calling thread's loop.
    std::shared_ptr<connection_pool> pool_here();

    /// Closes what is idle on the calling thread; the other threads notice by and by.
    void close_here() noexcept;

    /// Parses a request's URL, which may be relative to base_url. The last few are remembered.
    /// \throws error with errc::bad_url
    std::shared_ptr<const url> parse(std::string_view text) const;

    /// Of a cached answer in the background: false while one is under way. Thread-safe.
    bool begin_validation(const std::string& of);
    void end_validation(const std::string& of) noexcept;

    dialer& connections() noexcept { return dialer_; }

    /// A connection for something else than requests: through a proxy by a tunnel, HTTP/1.1 by
    /// ALPN.
    /// \throws timeout_error, which names the phase; connection_error
    awaitable<net::stream> connect(std::shared_ptr<const url> to, attempt_context with);

private:
    session_options options_;
    dialer dialer_;
    std::once_flag netrc_read_;
    std::unique_ptr<const netrc> netrc_;
    detail::governor governor_;
    hedge_book hedges_;
    http::headers own_defaults_;
    std::string default_fields_;
    cookie_jar cookies_;
    std::mutex validating_mutex_;
    std::set<std::string> validating_;
    std::uint64_t id_;
    std::shared_ptr<const void> alive_ = std::make_shared<char>();  ///< expires with the session
};

}  // namespace ferry::http::detail
