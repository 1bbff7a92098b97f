// The framing of chunked bodies, as clients and as servers read it: whole and in pieces it must be
// the same body, or the same failure.
#include "ferry/core/error.hpp"
#include "ferry/http/detail/codec.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace ferry::http::detail;

namespace {

// The body, and the failure behind it.
std::string read_in_pieces(side reader, std::string_view input, std::size_t piece_bytes)
{
    chunked_reader chunks(reader);
    std::string body;
    try {
        while (!chunks.done() && !input.empty()) {
            const std::string_view piece = input.substr(0, piece_bytes);
            std::size_t n = 0;
            if (chunks.remaining() > 0) {
                n = std::min<std::uint64_t>(chunks.remaining(), piece.size());
                body += piece.substr(0, n);
                chunks.took(n);
            } else {
                n = chunks.feed(piece);
            }
            input.remove_prefix(n);
        }
    } catch (const ferry::error& e) {
        body += e.what();
    }
    return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t step = input.empty() ? 1 : 1 + data[size - 1] % 16;
    for (const side reader : {side::response, side::request}) {
        const std::string whole = read_in_pieces(reader, input, input.size());
        if (read_in_pieces(reader, input, step) != whole) std::abort();
    }
    return 0;
}
