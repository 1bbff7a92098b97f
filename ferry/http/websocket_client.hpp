#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/session_options.hpp"
#include "ferry/http/websocket.hpp"
#include "ferry/http/websocket_options.hpp"

#include <chrono>
#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace ferry::http {

/// What may be given after a websocket's URL: websocket_options, and whatever a session or a
/// request takes: headers, basic_auth, bearer, cookies, timeout, verify, cert, tls, connect_by.
template <class T>
concept websocket_option =
    session_option<T> || std::same_as<std::remove_cvref_t<T>, websocket_options>;

/// All of them together.
class websocket_settings {
public:
    websocket_settings() = default;
    template <websocket_option... Options>
        requires(sizeof...(Options) > 0)
    explicit websocket_settings(const Options&... options)
    {
        (add(options), ...);
    }

    session_options session;
    websocket_options socket;

private:
    template <websocket_option Option>
    void add(const Option& option)
    {
        if constexpr (std::same_as<Option, websocket_options>) {
            socket = option;
        } else {
            detail::apply(option, session);
        }
    }
};
static_assert(awaitable_argument<websocket_settings>);

namespace detail {

awaitable<websocket> open_websocket(std::string url,
                                    std::shared_ptr<const websocket_settings> with);

}  // namespace detail

/// Opens a websocket. As the package websockets' `connect`, and aiohttp's `ws_connect`.
///
///     auto ws = co_await http::connect_websocket("wss://a.local/feed", http::bearer(token));
///
/// \param url  ws, wss, http or https.
/// \throws error             a bad URL, header or option, before anything is sent
/// \throws connection_error  unreachable, reset; resolve_error, tls_error
/// \throws timeout_error     timeout(): connect, tls, read for the answer, total
/// \throws status_error      the server answered with another status than 101
/// \throws protocol_error    its answer breaks RFC 6455
template <websocket_option... Options>
awaitable<websocket> connect_websocket(std::string url, const Options&... options)
{
    return detail::open_websocket(std::move(url),
                                  std::make_shared<const websocket_settings>(options...));
}

/// Opens the same websocket again and again: `for (;;)` over next() is a subscription that survives
/// restarts of the server. As `async for ws in websockets.connect(...)`.
///
///     http::websocket_reconnector feed("ws://127.0.0.1:8080/feed");
///     for (;;) {
///         auto ws = co_await feed.next();
///         try { co_await follow(ws); } catch (const connection_error&) {}
///     }
class websocket_reconnector {
public:
    template <websocket_option... Options>
    explicit websocket_reconnector(std::string url, const Options&... options)
        : url_(std::move(url)), with_(std::make_shared<const websocket_settings>(options...))
    {
    }

    using duration = std::chrono::milliseconds;

    /// The wait after the first failure, and the longest; 500 ms and 60 s. Each wait is up to twice
    /// the one before, with jitter. A websocket that was open for longer than the longest wait
    /// starts it anew.
    websocket_reconnector& backoff(duration first, duration longest)
    {
        first_ = first;
        longest_ = longest;
        return *this;
    }

    /// A fresh websocket, as soon as there is one. What time may heal is tried again: connections
    /// that fail, time limits, and the statuses 429, 500, 502, 503 and 504.
    /// \throws what else connect_websocket() throws. Cancelled: unchanged.
    awaitable<websocket> next();

    /// Attempts since the last that succeeded.
    int failures() const noexcept { return failures_; }

private:
    duration pause() const;

    std::string url_;
    std::shared_ptr<const websocket_settings> with_;
    duration first_{500};
    duration longest_{60'000};
    int failures_ = 0;
    std::chrono::steady_clock::time_point opened_{};
};

}  // namespace ferry::http
