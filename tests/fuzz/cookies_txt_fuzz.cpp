// cookies.txt and LWP's format into cookies, and what was read out and in again.
#include "ferry/core/error.hpp"
#include "ferry/http/cookie_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    try {
        static_cast<void>(ferry::http::read_lwp_cookies(input));
    } catch (const ferry::error&) {
    }
    try {
        const auto all = ferry::http::read_cookies_txt(input);
        const std::string written = ferry::http::write_cookies_txt(all);
        if (ferry::http::read_cookies_txt(written).size() > all.size()) std::abort();
    } catch (const ferry::error&) {
    }
    return 0;
}
