#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/zap.hpp"
#include "ferry/zmq/monitor.hpp"

#include <cstdint>
#include <string_view>

// The input's lines are the frames. A request is read or refused; the parts of one that is read are
// its frames.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry::zmq;
    std::string_view in(reinterpret_cast<const char*>(data), size);
    multipart frames;
    for (;;) {
        const auto end = in.find('\n');
        frames.emplace_back(in.substr(0, end));
        if (end == std::string_view::npos) break;
        in.remove_prefix(end + 1);
    }
    try {
        const detail::zap_request r = detail::parse_zap_request(frames);
        if (r.credentials.size() + 6 != frames.size()) __builtin_trap();
        const multipart reply = detail::zap_reply(r.request_id, "200", "OK", r.address);
        if (reply.size() != 6 || reply[1] != r.request_id) __builtin_trap();
    } catch (const ferry::error&) {
    }
    try {
        static_cast<void>(name(parse_monitor_message(frames).type));
    } catch (const ferry::error&) {
    }
    return 0;
}
