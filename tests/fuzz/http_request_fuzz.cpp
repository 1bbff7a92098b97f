// The server's reader: heads, targets and chunked bodies.
#include "ferry/core/error.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/router.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace ferry::http::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view input(reinterpret_cast<const char*>(data), size);
    try {
        head_reader reader;
        request_head head;
        const std::size_t used = reader.request(input, head);
        if (used == 0) return 0;
        if (used > size) std::abort();
        input.remove_prefix(used);
        for (const std::string& segment : parse_target(head.target).segments) {
            if (segment == ".." || segment.find('\0') != std::string::npos) std::abort();
        }
        if (plan_request(head).kind != framing::chunked) return 0;
        chunked_reader chunks(side::request);
        while (!chunks.done() && !input.empty()) {
            std::size_t n = 0;
            if (chunks.remaining() > 0) {
                n = std::min<std::uint64_t>(chunks.remaining(), input.size());
                chunks.took(n);
            } else {
                n = chunks.feed(input);
            }
            input.remove_prefix(n);
        }
    } catch (const ferry::error&) {
    }
    return 0;
}
