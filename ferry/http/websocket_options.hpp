#pragma once

#include "ferry/core/error.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

/// How a websocket behaves, on either side.
class websocket_options {
public:
    websocket_options() = default;

    using duration = std::chrono::milliseconds;

    /// The longest message that is taken, expanded; 1 MiB (close code 1009). As `max_size`.
    websocket_options& max_message_bytes(std::size_t n) { return max_message_ = n, *this; }

    /// Whether permessage-deflate (RFC 7692) is offered and taken; yes.
    websocket_options& compression(bool yes) { return compression_ = yes, *this; }

    /// Lets each message be compressed with a view to those before: smaller by far if they resemble
    /// each other, but costs about 300 KiB a connection. No, at the start.
    websocket_options& context_takeover(bool yes = true) { return takeover_ = yes, *this; }

    /// After so long without a byte from the peer it is sent a ping; 20 s. 0: never.
    websocket_options& ping_interval(duration d) { return ping_interval_ = d, *this; }
    /// How long after that ping something must come; 20 s.
    websocket_options& ping_timeout(duration d) { return ping_timeout_ = d, *this; }
    /// How long the closing handshake may take; 10 s.
    websocket_options& close_timeout(duration d) { return close_timeout_ = d, *this; }
    /// How long each piece of a message may wait to be taken by the peer; 30 s.
    websocket_options& write_timeout(duration d) { return write_timeout_ = d, *this; }

    /// The subprotocols spoken, the best first. A server chooses the first that the client offers,
    /// and none is no failure.
    template <std::convertible_to<std::string_view>... Names>
        requires(sizeof...(Names) > 0)
    websocket_options& subprotocols(const Names&... names)
    {
        (subprotocols_.emplace_back(std::string_view(names)), ...);
        return *this;
    }

    /// Servers: pages of these origins, `https://a.example`, may open the websocket too. Without
    /// any, only pages of the server's own host may, and whatever is no browser.
    template <std::convertible_to<std::string_view>... Names>
        requires(sizeof...(Names) > 0)
    websocket_options& origins(const Names&... names)
    {
        (origins_.emplace_back(std::string_view(names)), ...);
        return *this;
    }
    /// Servers: pages of every origin may.
    websocket_options& any_origin(bool yes = true) { return any_origin_ = yes, *this; }

    std::size_t max_message_bytes() const noexcept { return max_message_; }
    bool compression() const noexcept { return compression_; }
    bool context_takeover() const noexcept { return takeover_; }
    duration ping_interval() const noexcept { return ping_interval_; }
    duration ping_timeout() const noexcept { return ping_timeout_; }
    duration close_timeout() const noexcept { return close_timeout_; }
    duration write_timeout() const noexcept { return write_timeout_; }
    const std::vector<std::string>& subprotocols() const noexcept { return subprotocols_; }
    const std::vector<std::string>& origins() const noexcept { return origins_; }
    bool any_origin() const noexcept { return any_origin_; }

private:
    std::size_t max_message_ = 1024 * 1024;
    bool compression_ = true;
    bool takeover_ = false;
    bool any_origin_ = false;
    duration ping_interval_{20'000};
    duration ping_timeout_{20'000};
    duration close_timeout_{10'000};
    duration write_timeout_{30'000};
    std::vector<std::string> subprotocols_;
    std::vector<std::string> origins_;
};
static_assert(awaitable_argument<websocket_options>);

}  // namespace ferry::http
