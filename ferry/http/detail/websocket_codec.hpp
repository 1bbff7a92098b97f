#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Websockets on the wire (RFC 6455 sections 4 and 5): frames, masks, closing codes. Pure
/// functions. Whatever the peer does wrong throws websocket_error with the code to close with.
namespace ferry::http::detail {

enum class role { client, server };

enum class opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

constexpr bool is_control(opcode op) noexcept
{
    return static_cast<std::uint8_t>(op) >= 8;
}

inline constexpr std::size_t max_control_bytes = 125;
inline constexpr std::size_t max_frame_head_bytes = 14;

struct frame_head {
    opcode op = opcode::continuation;
    bool last = true;         ///< FIN
    bool compressed = false;  ///< RSV1
    bool masked = false;
    std::array<std::byte, 4> mask{};
    std::uint64_t size = 0;  ///< of the payload
};

/// Reads the head of a frame.
/// \param self  who reads: a server takes masked frames only, a client only others.
/// \param compression  whether RSV1 has a meaning.
/// \return bytes read; 0: more are needed.
std::size_t read_frame_head(std::span<const std::byte> in, role self, bool compression,
                            frame_head& into);

/// Puts the head of a frame at the end of `to`.
void write_frame_head(const frame_head& head, std::string& to);

/// Copies and (un)masks; `offset` is the number of the payload's bytes before these.
void copy_masked(std::span<const std::byte> from, std::byte* to,
                 const std::array<std::byte, 4>& mask, std::uint64_t offset) noexcept;

/// What a close frame says.
struct close_reason {
    int code;
    std::string text;
};
close_reason read_close(std::span<const std::byte> payload);

/// Codes that may travel (section 7.4).
constexpr bool is_close_code(int code) noexcept
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key (section 4.2.2).
std::string accept_key(std::string_view key);

/// Whether a Sec-WebSocket-Key is 16 bytes in Base64.
bool is_websocket_key(std::string_view key);

/// Checks UTF-8 that comes in pieces, and fails with the first byte that cannot be right.
class utf8_checker {
public:
    /// False: what came so far is not, and cannot become, UTF-8.
    bool feed(std::span<const std::byte> piece) noexcept;

    /// Whether it may end here; starts anew.
    bool finish() noexcept;

private:
    std::array<char, 4> pending_{};  ///< the beginning of a code point
    std::size_t pending_size_ = 0;
};

}  // namespace ferry::http::detail
