// A user's .netrc.
#include "ferry/core/error.hpp"
#include "ferry/http/detail/netrc.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    try {
        const auto all = ferry::http::detail::netrc::parse(input);
        static_cast<void>(all.find("a.example", 80));
    } catch (const ferry::error&) {
    }
    return 0;
}
