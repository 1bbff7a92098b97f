// An event stream, whole and in pieces: the events are the same.
#include "ferry/core/error.hpp"
#include "ferry/http/detail/sse_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

std::string events_of(std::string_view text, std::size_t piece)
{
    ferry::http::detail::sse_parser parser(256);
    std::string all;
    try {
        while (!text.empty()) {
            parser.feed(text.substr(0, piece));
            text.remove_prefix(std::min(piece, text.size()));
            while (const auto e = parser.next()) all += e->event + '\1' + e->data + '\1' + e->id;
        }
    } catch (const ferry::limit_error&) {
        return "too long";
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (events_of(input, size + 1) != events_of(input, 3)) std::abort();
    return 0;
}
