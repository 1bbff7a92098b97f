#include "ferry/core/error.hpp"
#include "ferry/zmq/detail/clone_machine.hpp"

#include <cstdint>
#include <string_view>

namespace {

using namespace ferry::zmq;

/// Frames between bytes of 255.
multipart message_of(std::string_view text)
{
    multipart m;
    for (;;) {
        const auto end = text.find('\xFF');
        m.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return m;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

// The messages stand between bytes of 254, and an empty one lets time go by. What is taken for a
// change is sent on as the same change, and the server never holds more keys than were set.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view in(reinterpret_cast<const char*>(data), size);
    clone::detail::server_machine server;
    clone::detail::client_machine client("");
    clone::detail::server_machine::time_point now{};
    std::size_t messages = 0;
    for (;;) {
        const auto end = in.find('\xFE');
        const multipart m = message_of(in.substr(0, end));
        ++messages;
        try {
            clone::change c = clone::decode(m);
            if (clone::decode(clone::encode(c)) != c) __builtin_trap();
            client.update(m);
            client.snapshot(m);
        } catch (const ferry::error&) {
        }
        server.collect(m, now);
        server.snapshot(m);
        if (m.size() == 1 && m[0].empty()) now += std::chrono::seconds(3);
        for (const multipart& news : server.tick(now)) clone::decode(news);
        if (server.size() > messages || client.size() > 2 * messages) __builtin_trap();
        if (end == std::string_view::npos) return 0;
        in.remove_prefix(end + 1);
    }
}
