// Any bytes are a value or an error, whole and as a stream. What is read is written and read again
// to the same.

#include "ferry/core/error.hpp"
#include "ferry/formats/msgpack.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry;
    const auto input = std::as_bytes(std::span{data, size});
    const auto with = msgpack::load_options().any_key().raw_texts(size % 2 == 0);
    try {
        const value first = msgpack::load(input, with);
        const bytes written = msgpack::dump(first);
        if (msgpack::dump(msgpack::load(written, with)) != written) std::abort();
    } catch (const error&) {
    }
    try {
        msgpack::unpacker stream(with, 1U << 16U);
        for (const auto& b : input) {
            stream.feed({&b, 1});
            while (stream.next()) {
            }
        }
    } catch (const error&) {
    }
    return 0;
}
