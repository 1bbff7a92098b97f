#pragma once

#include "ferry/core/buffer.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/http/detail/message_deflate.hpp"
#include "ferry/http/detail/websocket_codec.hpp"
#include "ferry/http/websocket.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace ferry::http::detail {

/// One end of a websocket without a socket: bytes in, events out, and the bytes to send. Knows all
/// rules about the order of frames; who waits, and for how long, is the driver's business.
class websocket_machine {
public:
    websocket_machine(role self, std::size_t max_message_bytes,
                      std::optional<deflate_agreement> deflate, bool own_takeover);

    /// \name What comes
    /// @{
    enum class event {
        none,     ///< more bytes are needed
        message,  ///< take_message()
        ping,     ///< control_payload() is to be sent back as a pong
        pong,
        close,  ///< closed_by(): the peer's last word
    };

    /// Reads from the front of `in`, which moves on, up to the next event. After `close` it reads
    /// nothing more. \throws websocket_error  the peer broke the rules.
    event read(std::span<const std::byte>& in);

    websocket_message take_message();
    std::span<const std::byte> control_payload() const noexcept
    {
        return std::span(control_).first(control_size_);
    }
    const close_reason& closed_by() const noexcept { return closed_by_; }
    /// @}

    /// \name What goes
    /// @{
    /// A frame of a message: two pieces that are sent one after the other.
    struct outgoing {
        std::string head;  ///< with the payload behind it, if that had to be masked
        bytes compressed;
        std::span<const std::byte> payload;  ///< of `compressed`, or the caller's own
    };

    /// \param first, last  of the frames of one message.
    outgoing write_data(bool is_text, std::span<const std::byte> payload, bool first, bool last);
    std::string write_control(opcode op, std::span<const std::byte> payload);
    std::string write_close(int code, std::string_view reason);
    /// @}

    bool compresses() const noexcept { return agreed_.has_value(); }

private:
    event end_frame();
    void begin_data();
    void take_data(std::span<const std::byte> part);
    void check_text(std::size_t from);
    std::array<std::byte, 4> fresh_mask();
    std::string masked_frame(frame_head head, std::span<const std::byte> payload);

    role self_;
    std::size_t max_message_;
    std::optional<deflate_agreement> agreed_;

    frame_head frame_;
    bool in_frame_ = false;
    std::uint64_t taken_ = 0;  ///< of the frame's payload

    bool in_message_ = false;
    bool is_text_ = false;
    bool is_compressed_ = false;
    bytes message_;
    utf8_checker text_;
    std::optional<message_inflater> inflater_;

    std::array<std::byte, max_control_bytes> control_{};
    std::size_t control_size_ = 0;
    close_reason closed_by_{0, {}};
    bool closed_ = false;

    std::optional<message_deflater> deflater_;
    bool sending_compressed_ = false;
    std::array<std::byte, 256> random_{};
    std::size_t random_used_ = sizeof random_;
};

}  // namespace ferry::http::detail
