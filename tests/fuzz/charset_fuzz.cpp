#include "ferry/core/bytes.hpp"
#include "ferry/core/charset.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/utf8.hpp"

#include <cstdint>
#include <cstdlib>

// The first byte chooses the encoding.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    if (size == 0) return 0;
    const auto from = static_cast<charset::encoding>(data[0] % 40U);
    const auto rest = std::as_bytes(std::span{data, size}).subspan(1);
    const std::string text = charset::decode(rest, from);
    if (!utf8::valid(text)) std::abort();
    static_cast<void>(charset::encode_with_references(as_text(rest), from));
    try {
        if (charset::decode_strict(rest, from) != text) std::abort();
    } catch (const parse_error& e) {
        if (e.where().offset >= rest.size()) std::abort();
    }
    return 0;
}
