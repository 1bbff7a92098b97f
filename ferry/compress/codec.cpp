#include "ferry/compress/codec.hpp"

#include "ferry/compress/detail/backend.hpp"
#include "ferry/core/bytes.hpp"

#include <algorithm>
#include <array>

namespace ferry::compress {
namespace {

/// Compares as far as both go.
bool begins(std::span<const std::byte> head, std::string_view magic)
{
    const std::size_t size = std::min(head.size(), magic.size());
    return as_text(head.first(size)) == magic.substr(0, size);
}

bool is_gzip(std::span<const std::byte> head)
{
    return begins(head, "\x1F\x8B\x08");
}

bool is_zlib(std::span<const std::byte> head)
{
    if (head.size() < 2) return true;
    const auto first = std::to_integer<unsigned>(head[0]);
    return (first & 0x8FU) == 8 && (first * 256 + std::to_integer<unsigned>(head[1])) % 31 == 0;
}

bool is_zstd(std::span<const std::byte> head)
{
    if (begins(head, "\x28\xB5\x2F\xFD")) return true;
    // Skippable frames have sixteen magic numbers.
    return (head[0] & std::byte{0xF0}) == std::byte{0x50} &&
           begins(head.subspan(1), "\x2A\x4D\x18");
}

bool is_bzip2(std::span<const std::byte> head)
{
    return begins(head, "BZh");
}

bool is_xz(std::span<const std::byte> head)
{
    return begins(head, std::string_view{"\xFD"
                                         "7zXZ\0",
                                         6});
}

bool never(std::span<const std::byte>)
{
    return false;
}

using namespace detail;

// In the order of the enumeration.
constexpr std::array<codec_entry, 6> entries{
    {{"gzip", "x-gzip", ".gz", 1, 6, 9, true, is_gzip, make_gzip_expander, make_gzip_compressor},
     {"deflate", "deflate", ".zz", 1, 6, 9, false, is_zlib, make_deflate_expander,
      make_deflate_compressor},
     {"zstd", "zstd", ".zst", 1, 3, 19, true, is_zstd, make_zstd_expander, make_zstd_compressor},
     {"br", "br", ".br", 0, 5, 11, false, never, make_brotli_expander, make_brotli_compressor},
     {"bzip2", "x-bzip2", ".bz2", 1, 9, 9, true, is_bzip2, make_bzip2_expander,
      make_bzip2_compressor},
     {"xz", "x-xz", ".xz", 0, 6, 9, true, is_xz, make_xz_expander, make_xz_compressor}}};

bool same_word(std::string_view a, std::string_view lower_case)
{
    return std::ranges::equal(a, lower_case, {}, [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
}

template <class Test>
std::optional<codec> first_that(Test test)
{
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (test(entries.at(i))) return static_cast<codec>(i);
    }
    return std::nullopt;
}

}  // namespace

namespace detail {
const codec_entry& entry_of(codec c) noexcept
{
    return entries.at(static_cast<std::size_t>(c));
}
}  // namespace detail

std::optional<codec> find(std::string_view token) noexcept
{
    return first_that([&](const codec_entry& e) {
        return same_word(token, e.token) || same_word(token, e.other_token);
    });
}

std::string_view token(codec c) noexcept
{
    return entry_of(c).token;
}

std::optional<codec> detect(std::span<const std::byte> head) noexcept
{
    if (head.size() < 4) return std::nullopt;
    return first_that([&](const codec_entry& e) { return e.recognises(head); });
}

std::optional<codec> find_by_name(std::string_view file_name) noexcept
{
    return first_that([&](const codec_entry& e) { return file_name.ends_with(e.suffix); });
}

std::string_view suffix(codec c) noexcept
{
    return entry_of(c).suffix;
}

}  // namespace ferry::compress
