#include "ferry/zmq/certificate.hpp"
#include "ferry/zmq/error.hpp"

#include <array>
#include <cstdint>

namespace ferry::zmq::z85 {
namespace {

constexpr std::string_view alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
static_assert(alphabet.size() == 85);

constexpr std::uint8_t none = 255;

constexpr auto values = [] {
    std::array<std::uint8_t, 256> all{};
    all.fill(none);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        all[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return all;
}();

}  // namespace

// ZeroMQ RFC 32.
std::string encode(std::span<const std::byte> data)
{
    if (data.size() % 4 != 0) {
        throw error(errc::bad_key, "z85: the length of the bytes is no multiple of 4");
    }
    std::string text;
    text.reserve(data.size() / 4 * 5);
    for (std::size_t at = 0; at < data.size(); at += 4) {
        std::uint32_t number = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            number = number << 8 | std::to_integer<std::uint32_t>(data[at + i]);
        }
        for (std::uint32_t divisor = 85 * 85 * 85 * 85; divisor > 0; divisor /= 85) {
            text += alphabet[number / divisor % 85];
        }
    }
    return text;
}

std::string decode(std::string_view text)
{
    if (text.size() % 5 != 0) {
        throw error(errc::bad_key, "z85: the length of the text is no multiple of 5");
    }
    std::string data;
    data.reserve(text.size() / 5 * 4);
    for (std::size_t at = 0; at < text.size(); at += 5) {
        std::uint64_t number = 0;
        for (const char c : text.substr(at, 5)) {
            const std::uint8_t digit = values[static_cast<unsigned char>(c)];
            if (digit == none) throw error(errc::bad_key, "z85: a character that is none of Z85's");
            number = number * 85 + digit;
        }
        if (number > UINT32_MAX) throw error(errc::bad_key, "z85: five characters of too much");
        for (int shift = 24; shift >= 0; shift -= 8) {
            data += static_cast<char>(number >> shift & 0xFF);
        }
    }
    return data;
}

}  // namespace ferry::zmq::z85
