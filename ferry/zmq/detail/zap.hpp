#pragma once

#include "ferry/zmq/message.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::zmq::detail {

/// What a server socket asks about a client (ZeroMQ RFC 27).
class zap_request {
public:
    std::string request_id;
    std::string domain;
    std::string address;
    std::string routing_id;  ///< the server socket's
    std::string mechanism;   ///< NULL, PLAIN, CURVE, GSSAPI
    std::vector<std::string> credentials;
};

/// More frames, or bytes in one, are refused.
constexpr std::size_t max_zap_frames = 16;
constexpr std::size_t max_zap_frame_bytes = 64 * 1024;

/// \throws protocol_error  errc::bad_message
/// \throws limit_error  max_zap_frames, max_zap_frame_bytes
zap_request parse_zap_request(const multipart& frames);

/// The answer. \param metadata  becomes the messages' metadata; names of 1 to 255 bytes.
multipart zap_reply(std::string_view request_id, std::string_view status, std::string_view text,
                    std::string_view user_id = {},
                    const std::map<std::string, std::string>& metadata = {});

}  // namespace ferry::zmq::detail
