#include "ferry/compress/detail/backend.hpp"

#include <zlib.h>

#include <array>
#include <new>

namespace ferry::compress::detail {
namespace {

constexpr int raw_bits = -15;
constexpr int zlib_bits = 15;
constexpr int gzip_bits = 31;

void give(z_stream& z, std::span<const std::byte> in, std::span<std::byte> out)
{
    // zlib takes the input without const but does not write to it.
    z.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    z.avail_in = static_cast<uInt>(std::min(in.size(), max_step_bytes));
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(std::min(out.size(), max_step_bytes));
}

progress since(const z_stream& z, std::span<const std::byte> in, std::span<std::byte> out)
{
    return {.taken = std::min(in.size(), max_step_bytes) - z.avail_in,
            .written = std::min(out.size(), max_step_bytes) - z.avail_out};
}

class inflater {
public:
    explicit inflater(int window_bits)
    {
        if (inflateInit2(&z_, window_bits) != Z_OK) throw std::bad_alloc{};
    }
    inflater(const inflater&) = delete;
    inflater& operator=(const inflater&) = delete;
    ~inflater() { inflateEnd(&z_); }

    progress step(std::span<const std::byte> in, std::span<std::byte> out)
    {
        give(z_, in, out);
        const int result = inflate(&z_, Z_NO_FLUSH);
        progress p = since(z_, in, out);
        switch (result) {
            case Z_OK:
            case Z_BUF_ERROR: break;
            case Z_STREAM_END: p.ended = true; break;
            case Z_NEED_DICT: p.wrong = "needs a dictionary"; break;
            case Z_MEM_ERROR: throw std::bad_alloc{};
            default: p.wrong = z_.msg != nullptr ? z_.msg : "invalid data"; break;
        }
        return p;
    }
    void restart(int window_bits) { inflateReset2(&z_, window_bits); }

private:
    z_stream z_{};
};

class gzip_expander final : public expander {
public:
    progress step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        return z_.step(in, out);
    }
    void restart() override { z_.restart(gzip_bits); }

private:
    inflater z_{gzip_bits};
};

/// Waits for two bytes to tell zlib's header from raw data: no compressor begins raw data with what
/// looks like one, since the spare bits of a stored block are zero.
class deflate_expander final : public expander {
public:
    progress step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        if (decided_) return z_.step(in, out);
        progress p;
        while (seen_ < head_.size() && p.taken < in.size()) head_.at(seen_++) = in[p.taken++];
        if (seen_ < head_.size()) return p;
        decided_ = true;
        const auto first = std::to_integer<unsigned>(head_[0]);
        const auto second = std::to_integer<unsigned>(head_[1]);
        const bool zlib = (first & 0x8FU) == 8 && (first * 256 + second) % 31 == 0;
        if (!zlib) z_.restart(raw_bits);
        // The two bytes hold too little to fill any output, and may be all of a raw stream.
        const progress head = z_.step(head_, out);
        p.written = head.written;
        p.ended = head.ended;
        p.wrong = head.wrong;
        return p;
    }
    void restart() override
    {
        decided_ = false;
        seen_ = 0;
        z_.restart(zlib_bits);
    }

private:
    inflater z_{zlib_bits};
    std::array<std::byte, 2> head_{};
    std::size_t seen_ = 0;
    bool decided_ = false;
};

class deflater final : public compressor {
public:
    deflater(int level, int window_bits)
    {
        constexpr int memory_level = 8;
        if (deflateInit2(&z_, level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY) !=
            Z_OK) {
            throw std::bad_alloc{};
        }
    }
    deflater(const deflater&) = delete;
    deflater& operator=(const deflater&) = delete;
    ~deflater() override { deflateEnd(&z_); }

    progress step(std::span<const std::byte> in, std::span<std::byte> out, action what) override
    {
        give(z_, in, out);
        const bool all = in.size() <= max_step_bytes;
        const int flush = what == action::run || !all ? Z_NO_FLUSH
                          : what == action::flush     ? Z_SYNC_FLUSH
                                                      : Z_FINISH;
        const int result = ::deflate(&z_, flush);
        progress p = since(z_, in, out);
        // Room left in the output means that nothing is held back.
        p.ended = what == action::finish ? result == Z_STREAM_END : z_.avail_out > 0 && all;
        return p;
    }
    void restart() override { deflateReset(&z_); }

private:
    z_stream z_{};
};

}  // namespace

std::unique_ptr<expander> make_gzip_expander()
{
    return std::make_unique<gzip_expander>();
}

std::unique_ptr<expander> make_deflate_expander()
{
    return std::make_unique<deflate_expander>();
}

std::unique_ptr<compressor> make_gzip_compressor(int level)
{
    return std::make_unique<deflater>(level, gzip_bits);
}

std::unique_ptr<compressor> make_deflate_compressor(int level)
{
    return std::make_unique<deflater>(level, zlib_bits);
}

}  // namespace ferry::compress::detail
