#pragma once

#include "ferry/core/bytes.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// permessage-deflate (RFC 7692): what both sides agree on, and the messages.
namespace ferry::http::detail {

/// How messages are compressed. A side without takeover starts each message anew, and so keeps
/// nothing between them.
struct deflate_agreement {
    bool server_takeover = true;
    bool client_takeover = true;
    int server_bits = 15;  ///< the server's window, 9 to 15
    int client_bits = 15;

    friend bool operator==(const deflate_agreement&, const deflate_agreement&) = default;
};

/// The server's side: the first offer in Sec-WebSocket-Extensions that can be met.
/// \param takeover  whether the server is willing to remember.
std::optional<deflate_agreement> choose_deflate(std::string_view offers, bool takeover);

/// The server's answer for the header.
std::string answer_deflate(const deflate_agreement& agreed);

/// The client's offer, and what the server's answer means; nothing if the server declines.
/// \throws protocol_error  an answer to what was not offered.
std::string offer_deflate(bool takeover);
std::optional<deflate_agreement> read_deflate_answer(std::string_view answer);

class deflate_stream;
class inflate_stream;

class message_deflater {
public:
    message_deflater(int window_bits, bool takeover);
    ~message_deflater();

    /// Puts the message, or its part up to here, at the end of `to`.
    /// \param last  ends the message.
    void compress(std::span<const std::byte> data, bool last, bytes& to);

private:
    int bits_;
    bool takeover_;
    std::unique_ptr<deflate_stream> stream_;
};

class message_inflater {
public:
    message_inflater(int window_bits, bool takeover);
    ~message_inflater();

    /// Expands a piece of a message to the end of `to`, which may become `limit` bytes long.
    /// \throws websocket_error  1007: the data are corrupt; 1009: the limit.
    void expand(std::span<const std::byte> data, bytes& to, std::size_t limit);

    /// The message has ended.
    void finish(bytes& to, std::size_t limit);

private:
    int bits_;
    bool takeover_;
    std::unique_ptr<inflate_stream> stream_;
};

}  // namespace ferry::http::detail
