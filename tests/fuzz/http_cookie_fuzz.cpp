// Set-Cookie lines into a jar, and the Cookie header out of it.
#include "ferry/core/url.hpp"
#include "ferry/http/cookies.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const ferry::url from = ferry::url::parse("https://www.example.com/a/b");
    std::string_view input(reinterpret_cast<const char*>(data), size);
    ferry::http::cookie_jar jar;
    while (!input.empty()) {
        const std::size_t end = std::min(input.find('\n'), input.size());
        jar.store(from, input.substr(0, end));
        input.remove_prefix(std::min(end + 1, input.size()));
    }
    if (jar.header(from).find_first_of("\r\n") != std::string::npos) std::abort();
    return 0;
}
