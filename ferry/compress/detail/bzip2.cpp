#include "ferry/compress/detail/backend.hpp"
#include "ferry/core/error.hpp"

#include <bzlib.h>

#include <new>

namespace ferry::compress::detail {
namespace {

/// bzip2 has no const and counts in 32 bits.
void lend(bz_stream& z, std::span<const std::byte> in, std::span<std::byte> out) noexcept
{
    z.next_in = reinterpret_cast<char*>(const_cast<std::byte*>(in.data()));
    z.avail_in = static_cast<unsigned>(std::min(in.size(), max_step_bytes));
    z.next_out = reinterpret_cast<char*>(out.data());
    z.avail_out = static_cast<unsigned>(std::min(out.size(), max_step_bytes));
}

progress moved(const bz_stream& z, std::span<const std::byte> in, std::span<std::byte> out) noexcept
{
    progress p;
    p.taken = std::min(in.size(), max_step_bytes) - z.avail_in;
    p.written = std::min(out.size(), max_step_bytes) - z.avail_out;
    return p;
}

class bzip2_expander final : public expander {
public:
    bzip2_expander() { open(); }
    bzip2_expander(const bzip2_expander&) = delete;
    bzip2_expander& operator=(const bzip2_expander&) = delete;
    ~bzip2_expander() override { BZ2_bzDecompressEnd(&z_); }

    progress step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        lend(z_, in, out);
        const int result = BZ2_bzDecompress(&z_);
        progress p = moved(z_, in, out);
        switch (result) {
            case BZ_OK: break;
            case BZ_STREAM_END: p.ended = true; break;
            case BZ_MEM_ERROR: throw std::bad_alloc{};
            default: p.wrong = "corrupt data";
        }
        return p;
    }
    void restart() override
    {
        BZ2_bzDecompressEnd(&z_);
        open();
    }

private:
    void open()
    {
        z_ = {};
        if (BZ2_bzDecompressInit(&z_, 0, 0) != BZ_OK) throw std::bad_alloc{};
    }

    bz_stream z_{};
};

class bzip2_compressor final : public compressor {
public:
    explicit bzip2_compressor(int level) : level_{level} { open(); }
    bzip2_compressor(const bzip2_compressor&) = delete;
    bzip2_compressor& operator=(const bzip2_compressor&) = delete;
    ~bzip2_compressor() override { BZ2_bzCompressEnd(&z_); }

    progress step(std::span<const std::byte> in, std::span<std::byte> out, action what) override
    {
        lend(z_, in, out);
        const bool running = what == action::run;
        if (running && in.empty()) return {.ended = true};
        const int result = BZ2_bzCompress(&z_, running                 ? BZ_RUN
                                               : what == action::flush ? BZ_FLUSH
                                                                       : BZ_FINISH);
        if (result < 0) throw error{errc::invalid_state, "bzip2: the calls are out of order"};
        progress p = moved(z_, in, out);
        p.ended = p.taken == in.size() && (result == BZ_RUN_OK || result == BZ_STREAM_END);
        return p;
    }
    void restart() override
    {
        BZ2_bzCompressEnd(&z_);
        open();
    }

private:
    void open()
    {
        z_ = {};
        if (BZ2_bzCompressInit(&z_, level_, 0, 0) != BZ_OK) throw std::bad_alloc{};
    }

    int level_;
    bz_stream z_{};
};

}  // namespace

std::unique_ptr<expander> make_bzip2_expander()
{
    return std::make_unique<bzip2_expander>();
}

std::unique_ptr<compressor> make_bzip2_compressor(int level)
{
    return std::make_unique<bzip2_compressor>(level);
}

}  // namespace ferry::compress::detail
