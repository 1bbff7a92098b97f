#include "ferry/compress/decoder.hpp"

#include "ferry/compress/detail/backend.hpp"
#include "ferry/core/error.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <string>
#include <utility>

namespace ferry::compress {
namespace {

constexpr std::uint64_t ratio_free_bytes = 1024 * 1024;
constexpr std::size_t magic_bytes = 4;

parse_error wrong(errc code, codec c, std::string_view what, std::uint64_t offset)
{
    return {code,
            std::string{token(c)} + ": " + std::string{what},
            {.offset = offset, .line = 0, .column = 0}};
}

/// Whether so many bytes in may become so many out.
bool ratio_allows(std::uint64_t in, std::uint64_t out, std::uint64_t ratio)
{
    return out <= ratio_free_bytes || out / ratio < in || (out / ratio == in && out % ratio == 0);
}

/// One small member by libdeflate, which needs to know the size; the trailer claims it. Empty if it
/// is anything else, also if it is corrupt: the decoder finds the exact fault.
std::optional<bytes> expand_small_gzip(std::span<const std::byte> data, const limits& with)
{
    constexpr std::size_t smallest_member = 18;
    constexpr std::uint64_t small_bytes = 8 * 1024 * 1024;
    if (data.size() < smallest_member) return std::nullopt;
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        size |= std::to_integer<std::uint64_t>(data[data.size() - 4 + i]) << (8 * i);
    }
    if (size > small_bytes || size > with.max_output_bytes() ||
        !ratio_allows(data.size(), size, with.max_ratio())) {
        return std::nullopt;
    }
    struct deleter {
        void operator()(libdeflate_decompressor* d) const noexcept
        {
            libdeflate_free_decompressor(d);
        }
    };
    thread_local const std::unique_ptr<libdeflate_decompressor, deleter> expander{
        libdeflate_alloc_decompressor()};
    if (!expander) return std::nullopt;
    bytes out(size);
    std::size_t taken = 0;
    std::size_t written = 0;
    // An empty content needs a place to be written to all the same.
    std::byte none{};
    const auto result =
        libdeflate_gzip_decompress_ex(expander.get(), data.data(), data.size(),
                                      size == 0 ? &none : out.data(), size, &taken, &written);
    if (result != LIBDEFLATE_SUCCESS || taken != data.size() || written != size) {
        return std::nullopt;
    }
    return out;
}

}  // namespace

decoder::decoder(codec c, const limits& with)
    : expander_{detail::entry_of(c).make_expander()}, limits_{with}, codec_{c}
{
}
decoder::decoder(decoder&&) noexcept = default;
decoder& decoder::operator=(decoder&&) noexcept = default;
decoder::~decoder() = default;

void decoder::check_limits() const
{
    if (bytes_out_ > limits_.max_output_bytes()) {
        throw limit_error{"max_output_bytes", limits_.max_output_bytes()};
    }
    if (!ratio_allows(bytes_in_, bytes_out_, limits_.max_ratio())) {
        throw limit_error{"max_ratio", limits_.max_ratio()};
    }
}

/// Between two members: steps over the padding of zeros, then looks whether another follows.
bool decoder::begin_member(std::span<const std::byte>& data)
{
    const bool padded = codec_ == codec::gzip || codec_ == codec::xz;
    while (padded && !data.empty() && data.front() == std::byte{}) {
        data = data.subspan(1);
        ++bytes_in_;
    }
    if (data.empty()) return false;
    if (!detail::entry_of(codec_).recognises(data.first(std::min(data.size(), magic_bytes)))) {
        state_ = state::ended;
        return false;
    }
    expander_->restart();
    state_ = state::inside;
    return true;
}

std::size_t decoder::read(std::span<const std::byte>& data, std::span<std::byte> into)
{
    std::size_t written = 0;
    if (state_ == state::fresh && !data.empty()) state_ = state::inside;
    while (written < into.size() && state_ != state::ended && state_ != state::fresh) {
        if (state_ == state::between && !begin_member(data)) break;
        const detail::progress p = expander_->step(data, into.subspan(written));
        data = data.subspan(p.taken);
        bytes_in_ += p.taken;
        bytes_out_ += p.written;
        written += p.written;
        if (p.wrong != nullptr) throw wrong(errc::malformed, codec_, p.wrong, bytes_in_);
        check_limits();
        if (p.ended) {
            state_ = detail::entry_of(codec_).joins_members ? state::between : state::ended;
        } else if (p.taken == 0 && p.written == 0) {
            break;
        }
    }
    return written;
}

std::size_t decoder::update(std::span<const std::byte> data, bytes& to)
{
    constexpr std::size_t smallest_room = 512;
    constexpr std::size_t largest_room = 256 * 1024;
    const std::size_t given = data.size();
    std::size_t room = std::clamp(given * 4, smallest_room, largest_room);
    for (;;) {
        const std::size_t begin = to.size();
        if (to.capacity() - begin < room) to.reserve(std::max(begin + room, begin * 2));
        to.resize(begin + room);
        std::size_t written = 0;
        try {
            written = read(data, std::span{to}.subspan(begin));
        } catch (...) {
            to.resize(begin);
            throw;
        }
        to.resize(begin + written);
        if (written < room) return given - data.size();
        room = largest_room;
    }
}

void decoder::finish() const
{
    if (!done()) throw wrong(errc::truncated, codec_, "unexpected end", bytes_in_);
}

bytes expand(std::span<const std::byte> data, codec c, const limits& with)
{
    if (c == codec::gzip) {
        if (auto small = expand_small_gzip(data, with)) return *std::move(small);
    }
    bytes out;
    decoder in{c, with};
    const std::size_t taken = in.update(data, out);
    in.finish();
    if (taken < data.size()) throw wrong(errc::malformed, c, "data behind the end", taken);
    return out;
}

bytes expand(std::span<const std::byte> data, const limits& with)
{
    const auto c = detect(data);
    if (!c) throw error{errc::unsupported, "expand: no codec is recognised"};
    return expand(data, *c, with);
}

}  // namespace ferry::compress
