// The client's reader: heads and chunked bodies, in pieces whose sizes come from the input too.
#include "ferry/core/error.hpp"
#include "ferry/http/detail/codec.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace ferry::http::detail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t step = input.empty() ? 1 : 1 + data[0] % 64;
    try {
        head_reader reader;
        response_head head;
        std::size_t used = 0;
        for (std::size_t n = step; used == 0 && n < size + step; n += step) {
            used = reader.response(input.substr(0, n), head);
        }
        if (used == 0) return 0;
        input.remove_prefix(used);
        if (plan_response(head, false, true).kind != framing::chunked) return 0;
        chunked_reader chunks(side::response);
        while (!chunks.done() && !input.empty()) {
            const std::string_view piece = input.substr(0, step);
            std::size_t n = 0;
            if (chunks.remaining() > 0) {
                n = std::min<std::uint64_t>(chunks.remaining(), piece.size());
                chunks.took(n);
            } else {
                n = chunks.feed(piece);
            }
            input.remove_prefix(n);
        }
    } catch (const ferry::error&) {
    }
    return 0;
}
