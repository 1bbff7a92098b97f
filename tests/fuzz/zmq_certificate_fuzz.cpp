#include "ferry/core/bytes.hpp"
#include "ferry/core/error.hpp"
#include "ferry/zmq/certificate.hpp"
#include "ferry/zmq/detail/endpoint.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

// What is read is written and read again as the same; what is no certificate is an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry::zmq;
    const std::string_view in(reinterpret_cast<const char*>(data), size);
    try {
        const certificate first = certificate::parse(in);
        const certificate second = certificate::parse(first.dump(true));
        if (first.public_key() != second.public_key()) std::abort();
        if (first.secret_key() != second.secret_key()) std::abort();
    } catch (const ferry::error&) {
    }
    try {
        const std::string decoded = z85::decode(in);
        if (z85::encode(ferry::as_bytes(decoded)) != in) std::abort();
    } catch (const ferry::error&) {
    }
    try {
        if (detail::parse_tcp(in).port == 0) std::abort();
    } catch (const ferry::error&) {
    }
    return 0;
}
