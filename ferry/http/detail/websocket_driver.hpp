#pragma once

#include "ferry/async/sync.hpp"
#include "ferry/http/detail/websocket_machine.hpp"
#include "ferry/http/websocket.hpp"
#include "ferry/http/websocket_options.hpp"
#include "ferry/net/stream.hpp"

#include <memory>
#include <optional>
#include <string>

namespace ferry::http {

/// Moves bytes between a stream and the machine, keeps time, and ends the connection.
class websocket::impl {
public:
    using self = std::shared_ptr<impl>;

    impl(net::stream on, detail::role side, const websocket_options& with,
         std::optional<detail::deflate_agreement> deflate, std::string protocol);

    static awaitable<std::optional<websocket_message>> receive(self s);
    static awaitable<void> send(self s, bool is_text, buffer data, bool last);
    static awaitable<void> send_control(self s, detail::opcode op, std::string payload);
    static awaitable<void> close(self s, int code, std::string reason);

    /// Closes with 1001 as soon as somebody receives, or at once if somebody does.
    void go_away() noexcept;

    net::stream stream;
    const detail::role side;
    const websocket_options with;
    const std::string protocol;
    detail::websocket_machine machine;
    int code = 0;  ///< what the peer closed with; 0: open
    std::string reason;

private:
    enum class waiting { arrived, ended, silent, interrupted };

    static awaitable<std::optional<websocket_message>> next(self s);
    static awaitable<waiting> wait_for_bytes(self s);
    static awaitable<void> keep_alive(self s);
    static awaitable<void> answer_close(self s);
    static awaitable<void> send_close(self s, int code, std::string reason);
    static awaitable<void> fail(self s, int code, std::string reason);
    static awaitable<void> finish(self s);
    void lost() noexcept;
    void check_open() const;

    bool reading_ = false;
    std::size_t writing_ = 0;
    bool pinged_ = false;  ///< and nothing has come since
    bool close_sent_ = false;
    bool leaving_ = false;     ///< go_away() was called
    bool in_message_ = false;  ///< between two send_part()
    bool sends_text_ = false;
    event over_;
};

}  // namespace ferry::http
