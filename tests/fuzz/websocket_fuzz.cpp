// A websocket's reader, server's and client's, with and without compression: the first byte
// chooses.
#include "ferry/core/bytes.hpp"
#include "ferry/core/utf8.hpp"
#include "ferry/http/detail/websocket_machine.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace ferry::http::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    constexpr std::size_t limit = 64 * 1024;
    const unsigned mode = data[0];
    std::optional<deflate_agreement> deflate;
    if ((mode & 1U) != 0) deflate.emplace();
    websocket_machine machine((mode & 2U) != 0 ? role::client : role::server, limit, deflate, true);
    const std::size_t step = (mode & 4U) != 0 ? 3 : size;
    std::string pending;
    try {
        for (std::size_t at = 1; at < size; at += step) {
            pending.append(reinterpret_cast<const char*>(data) + at, std::min(step, size - at));
            for (bool more = true; more;) {
                auto rest = ferry::as_bytes(pending);
                const auto happened = machine.read(rest);
                pending.erase(0, pending.size() - rest.size());
                more = happened != websocket_machine::event::none;
                if (happened == websocket_machine::event::close) return 0;
                if (happened == websocket_machine::event::message) {
                    const auto message = machine.take_message();
                    if (message.bytes().size() > limit) std::abort();
                    if (message.is_text() && !ferry::utf8::valid(message.text())) std::abort();
                }
            }
        }
    } catch (const ferry::http::websocket_error& e) {
        if (!is_close_code(e.close_code())) std::abort();
    }
    return 0;
}
