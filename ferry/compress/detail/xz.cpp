#include "ferry/compress/detail/backend.hpp"
#include "ferry/core/error.hpp"

#include <lzma.h>

#include <new>

namespace ferry::compress::detail {
namespace {

constexpr std::uint64_t max_memory = std::uint64_t{128} << 20U;

class stream {
public:
    stream() = default;
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream() { lzma_end(&raw); }

    lzma_ret run(std::span<const std::byte> in, std::span<std::byte> out, lzma_action what,
                 progress& p)
    {
        raw.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
        raw.avail_in = in.size();
        raw.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        raw.avail_out = out.size();
        const lzma_ret result = lzma_code(&raw, what);
        p.taken = in.size() - raw.avail_in;
        p.written = out.size() - raw.avail_out;
        if (result == LZMA_MEM_ERROR) throw std::bad_alloc{};
        return result;
    }

    lzma_stream raw{};
};

class xz_expander final : public expander {
public:
    xz_expander() { open(); }

    progress step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        progress p;
        switch (z_.run(in, out, LZMA_RUN, p)) {
            case LZMA_OK:
            case LZMA_BUF_ERROR: break;
            case LZMA_STREAM_END: p.ended = true; break;
            case LZMA_MEMLIMIT_ERROR: throw limit_error{"max_window_bytes", max_memory};
            default: p.wrong = "corrupt data";
        }
        return p;
    }
    void restart() override { open(); }

private:
    void open()
    {
        if (lzma_stream_decoder(&z_.raw, max_memory, 0) != LZMA_OK) throw std::bad_alloc{};
    }

    stream z_;
};

class xz_compressor final : public compressor {
public:
    explicit xz_compressor(int level) : level_{static_cast<std::uint32_t>(level)} { open(); }

    progress step(std::span<const std::byte> in, std::span<std::byte> out, action what) override
    {
        progress p;
        const bool running = what == action::run;
        const lzma_ret result = z_.run(in, out,
                                       running                 ? LZMA_RUN
                                       : what == action::flush ? LZMA_SYNC_FLUSH
                                                               : LZMA_FINISH,
                                       p);
        if (result != LZMA_OK && result != LZMA_STREAM_END && result != LZMA_BUF_ERROR) {
            throw error{errc::invalid_state, "xz: the calls are out of order"};
        }
        p.ended = p.taken == in.size() && (running || result == LZMA_STREAM_END);
        return p;
    }
    void restart() override { open(); }

private:
    void open()
    {
        if (lzma_easy_encoder(&z_.raw, level_, LZMA_CHECK_CRC64) != LZMA_OK) {
            throw std::bad_alloc{};
        }
    }

    std::uint32_t level_;
    stream z_;
};

}  // namespace

std::unique_ptr<expander> make_xz_expander()
{
    return std::make_unique<xz_expander>();
}

std::unique_ptr<compressor> make_xz_compressor(int level)
{
    return std::make_unique<xz_compressor>(level);
}

}  // namespace ferry::compress::detail
