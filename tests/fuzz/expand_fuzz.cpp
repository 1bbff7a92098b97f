#include "ferry/compress/compress.hpp"
#include "ferry/core/error.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

// The first byte chooses the codec. Whole and in pieces the result must be the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    if (size == 0) return 0;
    const auto codec = static_cast<compress::codec>(data[0] % 4U);
    const auto packed = std::as_bytes(std::span{data, size}).subspan(1);
    const auto limits = compress::limits().max_output_bytes(1 << 20);
    bytes whole;
    bool whole_failed = false;
    try {
        whole = compress::expand(packed, codec, limits);
    } catch (const error&) {
        whole_failed = true;
    }
    bytes pieces;
    bool pieces_failed = false;
    try {
        compress::decoder in{codec, limits};
        std::array<std::byte, 64> room{};
        std::span<const std::byte> rest = packed;
        while (const std::size_t n = in.read(rest, room)) append(pieces, std::span{room}.first(n));
        in.finish();
        pieces_failed = !rest.empty();
    } catch (const error&) {
        pieces_failed = true;
    }
    if (whole_failed != pieces_failed) std::abort();
    if (!whole_failed && whole != pieces) std::abort();
    return 0;
}
