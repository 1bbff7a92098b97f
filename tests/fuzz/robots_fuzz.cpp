#include "ferry/harvest/robots.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Any text is a robots.txt; the first line is the path that is asked for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace ferry::harvest;
    const std::string_view all{reinterpret_cast<const char*>(data), size};
    const auto end = all.find('\n');
    const auto path = all.substr(0, end);
    const auto text = end == std::string_view::npos ? std::string_view{} : all.substr(end + 1);
    const auto read = robots::parse(text, "fuzz-bot/1.0");
    read.allowed(path);
    if (!read.allowed("/robots.txt")) __builtin_trap();
    if (read.delay() && read.delay()->count() > 86'400'000) __builtin_trap();
    return 0;
}
