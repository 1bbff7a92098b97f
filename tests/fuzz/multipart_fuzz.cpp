// The parser of forms with files: cut differently, a body says the same.
#include "ferry/core/bytes.hpp"
#include "ferry/core/error.hpp"
#include "ferry/http/detail/multipart_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace ferry::http::detail;

namespace {

std::string tell(std::string_view wire, std::size_t step)
{
    std::string told;
    multipart_parser parser("B");
    try {
        for (std::size_t at = 0; at < wire.size(); at += step) {
            parser.feed(ferry::as_bytes(wire.substr(at, step)));
            for (auto e = parser.next(); e != multipart_parser::event::none; e = parser.next()) {
                if (e == multipart_parser::event::part) told += "[" + parser.head().name + ":";
                if (e == multipart_parser::event::data) told += ferry::as_text(parser.data());
                if (e == multipart_parser::event::part_end) told += "]";
                if (e == multipart_parser::event::end) told += ".";
            }
        }
    } catch (const ferry::error&) {
        told += "!";
    }
    return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2) return 0;
    const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string whole = tell(wire, wire.size());
    const std::string pieces = tell(wire, 1 + data[0] % 16U);
    // Where a body is wrong, what is told before may end earlier or later.
    if (whole.ends_with('.') && whole != pieces) std::abort();
    return 0;
}
