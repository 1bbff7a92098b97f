#include "ferry/compress/detail/backend.hpp"
#include "ferry/core/error.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <new>
#include <string>

namespace ferry::compress::detail {
namespace {

class zstd_expander final : public expander {
public:
    zstd_expander() : z_{ZSTD_createDCtx()}
    {
        if (!z_) throw std::bad_alloc{};
        ZSTD_DCtx_setParameter(z_.get(), ZSTD_d_windowLogMax, max_window_log);
    }

    progress step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        ZSTD_inBuffer from{in.data(), in.size(), 0};
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        const std::size_t result = ZSTD_decompressStream(z_.get(), &to, &from);
        progress p{.taken = from.pos, .written = to.pos};
        if (ZSTD_isError(result) == 0U) {
            p.ended = result == 0;
            return p;
        }
        switch (ZSTD_getErrorCode(result)) {
            case ZSTD_error_frameParameter_windowTooLarge:
                throw limit_error{"max_window_bytes", std::uint64_t{1} << max_window_log};
            case ZSTD_error_memory_allocation: throw std::bad_alloc{};
            default: p.wrong = ZSTD_getErrorName(result);
        }
        return p;
    }
    void restart() override { ZSTD_DCtx_reset(z_.get(), ZSTD_reset_session_only); }

private:
    struct deleter {
        void operator()(ZSTD_DCtx* z) const noexcept { ZSTD_freeDCtx(z); }
    };
    std::unique_ptr<ZSTD_DCtx, deleter> z_;
};

class zstd_compressor final : public compressor {
public:
    explicit zstd_compressor(int level) : z_{ZSTD_createCCtx()}
    {
        if (!z_) throw std::bad_alloc{};
        ZSTD_CCtx_setParameter(z_.get(), ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(z_.get(), ZSTD_c_checksumFlag, 1);
        // What ferry writes, ferry reads.
        if (level > 16) ZSTD_CCtx_setParameter(z_.get(), ZSTD_c_windowLog, max_window_log);
    }

    progress step(std::span<const std::byte> in, std::span<std::byte> out, action what) override
    {
        ZSTD_inBuffer from{in.data(), in.size(), 0};
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        const ZSTD_EndDirective end = what == action::run     ? ZSTD_e_continue
                                      : what == action::flush ? ZSTD_e_flush
                                                              : ZSTD_e_end;
        const std::size_t left = ZSTD_compressStream2(z_.get(), &to, &from, end);
        if (ZSTD_isError(left) != 0U) {
            throw error{errc::invalid_state, std::string{"zstd: "} + ZSTD_getErrorName(left)};
        }
        return {.taken = from.pos,
                .written = to.pos,
                .ended = from.pos == in.size() && (what == action::run || left == 0)};
    }
    void restart() override { ZSTD_CCtx_reset(z_.get(), ZSTD_reset_session_only); }

private:
    struct deleter {
        void operator()(ZSTD_CCtx* z) const noexcept { ZSTD_freeCCtx(z); }
    };
    std::unique_ptr<ZSTD_CCtx, deleter> z_;
};

}  // namespace

std::unique_ptr<expander> make_zstd_expander()
{
    return std::make_unique<zstd_expander>();
}

std::unique_ptr<compressor> make_zstd_compressor(int level)
{
    return std::make_unique<zstd_compressor>(level);
}

}  // namespace ferry::compress::detail
