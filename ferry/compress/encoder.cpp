#include "ferry/compress/encoder.hpp"

#include "ferry/compress/detail/backend.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <new>
#include <utility>

namespace ferry::compress {
namespace {

int level_of(codec c, std::optional<int> wanted)
{
    const detail::codec_entry& e = detail::entry_of(c);
    return std::clamp(wanted.value_or(e.default_level), e.lowest_level, e.highest_level);
}

bytes pack_by_libdeflate(std::span<const std::byte> data, codec c, int level)
{
    struct deleter {
        void operator()(libdeflate_compressor* z) const noexcept { libdeflate_free_compressor(z); }
    };
    const std::unique_ptr<libdeflate_compressor, deleter> z{libdeflate_alloc_compressor(level)};
    if (!z) throw std::bad_alloc{};
    const auto bound =
        c == codec::gzip ? libdeflate_gzip_compress_bound : libdeflate_zlib_compress_bound;
    const auto compress = c == codec::gzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
    bytes out(bound(z.get(), data.size()));
    out.resize(compress(z.get(), data.data(), data.size(), out.data(), out.size()));
    return out;
}

}  // namespace

encoder::encoder(codec c, std::optional<int> level)
    : compressor_{detail::entry_of(c).make_compressor(level_of(c, level))}
{
}
encoder::encoder(encoder&&) noexcept = default;
encoder& encoder::operator=(encoder&&) noexcept = default;
encoder::~encoder() = default;

void encoder::run(std::span<const std::byte> data, detail::action what, bytes& to)
{
    constexpr std::size_t room = 16 * 1024;
    if (std::exchange(finished_, false)) compressor_->restart();
    for (;;) {
        const std::size_t begin = to.size();
        to.resize(begin + room);
        const detail::progress p = compressor_->step(data, std::span{to}.subspan(begin), what);
        to.resize(begin + p.written);
        data = data.subspan(p.taken);
        if (p.ended && data.empty()) return;
    }
}

void encoder::update(std::span<const std::byte> data, bytes& to)
{
    if (!data.empty()) run(data, detail::action::run, to);
}

void encoder::flush(bytes& to)
{
    if (finished_) return;
    run({}, detail::action::flush, to);
}

void encoder::finish(bytes& to)
{
    if (finished_) return;
    run({}, detail::action::finish, to);
    finished_ = true;
}

bytes pack(std::span<const std::byte> data, codec c, std::optional<int> level)
{
    if (c == codec::gzip || c == codec::deflate) {
        return pack_by_libdeflate(data, c, level_of(c, level));
    }
    bytes out;
    encoder all{c, level};
    all.update(data, out);
    all.finish(out);
    return out;
}

}  // namespace ferry::compress
