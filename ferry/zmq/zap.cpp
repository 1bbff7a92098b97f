#include "ferry/zmq/detail/zap.hpp"

#include "ferry/core/error.hpp"
#include "ferry/zmq/error.hpp"

namespace ferry::zmq::detail {
namespace {

constexpr std::string_view zap_version = "1.0";
constexpr std::size_t fixed_frames = 6;

}  // namespace

zap_request parse_zap_request(const multipart& frames)
{
    if (frames.size() > max_zap_frames) throw limit_error("max_zap_frames", max_zap_frames);
    for (const message& m : frames) {
        if (m.size() > max_zap_frame_bytes) {
            throw limit_error("max_zap_frame_bytes", max_zap_frame_bytes);
        }
    }
    if (frames.size() < fixed_frames) {
        throw protocol_error(errc::bad_message, "zap: a request has six frames at least");
    }
    if (frames[0] != zap_version) {
        throw protocol_error(errc::bad_message, "zap: the version is not 1.0");
    }
    zap_request r;
    r.request_id = frames[1].to_string();
    r.domain = frames[2].to_string();
    r.address = frames[3].to_string();
    r.routing_id = frames[4].to_string();
    r.mechanism = frames[5].to_string();
    for (std::size_t i = fixed_frames; i < frames.size(); ++i) {
        r.credentials.push_back(frames[i].to_string());
    }
    return r;
}

multipart zap_reply(std::string_view request_id, std::string_view status, std::string_view text,
                    std::string_view user_id, const std::map<std::string, std::string>& metadata)
{
    std::string properties;
    for (const auto& [name, said] : metadata) {
        if (name.empty() || name.size() > 255) {
            throw error(errc::bad_message, "zap: the name of a property has 1 to 255 bytes");
        }
        properties += static_cast<char>(name.size());
        properties += name;
        for (int shift = 24; shift >= 0; shift -= 8) {
            properties += static_cast<char>(said.size() >> shift & 0xFF);
        }
        properties += said;
    }
    return parts(zap_version, request_id, status, text, user_id, properties);
}

}  // namespace ferry::zmq::detail
