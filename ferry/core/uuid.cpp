#include "ferry/core/uuid.hpp"

#include "ferry/core/random.hpp"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <span>

namespace ferry {
namespace {

constexpr std::size_t length = 36;

constexpr bool is_dash(std::size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

/// Grows with every fork: what was drawn before it is the parent's.
std::atomic<unsigned> forks{0};

/// Random bytes of one thread, drawn many at a time: a system call costs more than the rest of a
/// UUID.
class random_pool {
public:
    std::array<std::byte, 16> next()
    {
        static const int watching = ::pthread_atfork(nullptr, nullptr, [] { ++forks; });
        if (used_ == bytes_.size() || watching != 0 || forks_ != forks) {
            forks_ = forks;
            fill_random(bytes_);
            used_ = 0;
        }
        const auto piece = std::span{bytes_}.subspan(used_, 16);
        std::array<std::byte, 16> taken;
        std::ranges::copy(piece, taken.begin());
        std::ranges::fill(piece, std::byte{0});
        used_ += 16;
        return taken;
    }

private:
    std::array<std::byte, 1024> bytes_;
    std::size_t used_ = 1024;
    unsigned forks_ = 0;
};

}  // namespace

std::string uuid4()
{
    thread_local random_pool pool;
    std::array<std::byte, 16> id = pool.next();
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
