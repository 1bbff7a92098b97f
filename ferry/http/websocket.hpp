#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/core/error.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/websocket_options.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::http {

class request;

/// Why a websocket was closed (RFC 6455 section 7.4.1).
namespace close_code {

inline constexpr int normal = 1000;
inline constexpr int going_away = 1001;
inline constexpr int protocol_error = 1002;
inline constexpr int unsupported_data = 1003;
inline constexpr int no_status = 1005;  ///< the peer gave none; never sent
inline constexpr int abnormal = 1006;   ///< no closing handshake; never sent
inline constexpr int invalid_data = 1007;
inline constexpr int policy_violation = 1008;
inline constexpr int message_too_big = 1009;
inline constexpr int internal_error = 1011;
inline constexpr int service_restart = 1012;
inline constexpr int try_again_later = 1013;

}  // namespace close_code

/// The peer broke the rules of RFC 6455 or 7692, or passed a limit; it was told, and the connection
/// is closed.
class websocket_error : public protocol_error {
public:
    websocket_error(int close_code, std::string_view why);

    int close_code() const noexcept { return close_code_; }

private:
    int close_code_;
};

/// One message, whole. Cheap to copy.
class websocket_message {
public:
    websocket_message() = default;
    websocket_message(buffer data, bool is_text) noexcept
        : data_(std::move(data)), is_text_(is_text)
    {
    }

    bool is_text() const noexcept { return is_text_; }
    std::string_view text() const& noexcept { return data_.text(); }  ///< valid UTF-8 if is_text()
    std::string text() && { return std::string(data_.text()); }
    std::span<const std::byte> bytes() const& noexcept { return data_.span(); }
    const buffer& data() const noexcept { return data_; }

    /// \throws parse_error  it is not such JSON.
    template <class T = value>
    T json() const
    {
        return ferry::json::parse<T>(data_.text());
    }

private:
    buffer data_;
    bool is_text_ = false;
};

/// Messages both ways over one connection (RFC 6455), client's or server's end of it.
///
///     http::websocket ws = co_await http::connect_websocket("ws://127.0.0.1:8080/chat");
///     co_await ws.send("hello");
///     auto answer = co_await ws.receive();
///     co_await ws.close();
///
/// Pings are answered, and sent to a silent peer, by whoever receives: while nobody does, the peer
/// may lose patience. One coroutine may receive while others send; messages of several senders
/// follow each other whole. Destroying it ends the connection at once, close() in order. Belongs to
/// the loop that made it. As the package websockets' WebSocketCommonProtocol.
class websocket {
public:
    class impl;

    explicit websocket(std::shared_ptr<impl> i) noexcept;
    websocket(websocket&&) noexcept;
    websocket& operator=(websocket&&) noexcept;
    ~websocket();

    /// The next message; none once the peer has closed the connection in order, or close() has: see
    /// close_code(). Cancelled: nothing is lost.
    /// \throws websocket_error  the peer broke the rules, or websocket_options::max_message_bytes.
    /// \throws connection_error  the connection was lost.
    /// \throws timeout_error  the peer did not answer a ping. Closed in all three cases.
    awaitable<std::optional<websocket_message>> receive();

    /// Sends a message; returns when the system has taken it.
    /// \throws connection_error  the websocket is closed, or being closed.
    /// \throws error  the text is not UTF-8. Cancelled: closed.
    awaitable<void> send(std::string text);
    awaitable<void> send(buffer data);

    /// Sends one message in several parts. No other message may be sent until `last` was.
    awaitable<void> send_part(std::string text, bool last);
    awaitable<void> send_part(buffer data, bool last);

    /// Sends a ping of at most 125 bytes; the answer is not waited for.
    awaitable<void> ping(std::string data = {});

    /// Closes in order: tells the peer, drops what still comes, waits for its consent, for
    /// websocket_options::close_timeout at most. Does nothing if it is closed.
    /// \param code  1000, 1001, 1003, 1007 to 1014, or 3000 to 4999. \throws error  another.
    /// \param reason  at most 123 bytes of UTF-8.
    awaitable<void> close(int code = close_code::normal, std::string reason = {});

    bool is_open() const noexcept;

    /// What the peer closed with: its code, no_status, or abnormal; 0 while it is open.
    int close_code() const noexcept;
    const std::string& close_reason() const noexcept;

    /// What both sides have agreed on; empty if nothing.
    const std::string& subprotocol() const noexcept;
    bool compressed() const noexcept;

    std::string remote_endpoint() const;

private:
    std::shared_ptr<impl> impl_;
};

/// Called for each websocket of a server. Both arguments live until it is done.
using websocket_handler = std::function<awaitable<void>(websocket&, request&)>;

}  // namespace ferry::http
