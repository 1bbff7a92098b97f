#include "ferry/zmq/detail/mdp_machine.hpp"

#include <cstdint>
#include <string_view>

namespace {

using namespace ferry::zmq;

/// Frames between line ends.
multipart message_of(std::string_view lines)
{
    multipart m;
    for (;;) {
        const auto end = lines.find('\n');
        m.emplace_back(lines.substr(0, end));
        if (end == std::string_view::npos) return m;
        lines.remove_prefix(end + 1);
    }
}

}  // namespace

// The messages stand between `;`, and an empty one lets time go by. Whatever peers say, the broker
// answers them by the protocol and keeps its books.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view in(reinterpret_cast<const char*>(data), size);
    mdp::detail::broker_machine broker{mdp::options()};
    mdp::detail::broker_machine::time_point now{};
    std::size_t messages = 0;
    for (;;) {
        const auto end = in.find(';');
        const std::string_view one = in.substr(0, end);
        ++messages;
        const auto out = one.empty() ? broker.tick(now) : broker.receive(message_of(one), now);
        for (const multipart& m : out) {
            if (m.size() < 4 || !m[1].empty()) __builtin_trap();
        }
        if (one.empty()) now += std::chrono::seconds(3);
        if (broker.waiting() > messages || broker.workers() > messages) __builtin_trap();
        if (end == std::string_view::npos) return 0;
        in.remove_prefix(end + 1);
    }
}
