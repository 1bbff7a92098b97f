#include "ferry/core/uuid.hpp"

#include "ferry/core/random.hpp"

#include <array>
#include <cstddef>

namespace ferry {
namespace {

constexpr std::size_t length = 36;

constexpr bool is_dash(std::size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

std::string uuid4()
{
    std::array<std::byte, 16> id;
    fill_random(id);
    id[6] = (id[6] & std::byte{0x0F}) | std::byte{0x40};
    id[8] = (id[8] & std::byte{0x3F}) | std::byte{0x80};
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(length, '-');
    std::size_t at = 0;
    for (const std::byte b : id) {
        if (is_dash(at)) ++at;
        text[at++] = digits[std::to_integer<unsigned>(b) >> 4U];
        text[at++] = digits[std::to_integer<unsigned>(b) & 15U];
    }
    return text;
}

bool is_uuid(std::string_view text) noexcept
{
    if (text.size() != length) return false;
    for (std::size_t i = 0; i < length; ++i) {
        const char c = text[i];
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (is_dash(i) ? c != '-' : !hex) return false;
    }
    return true;
}

}  // namespace ferry
