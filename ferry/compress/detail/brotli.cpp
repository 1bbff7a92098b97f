#include "ferry/compress/detail/backend.hpp"
#include "ferry/core/error.hpp"

#include <brotli/decode.h>
#include <brotli/encode.h>

#include <new>

namespace ferry::compress::detail {
namespace {

class brotli_expander final : public expander {
public:
    brotli_expander() { start(); }

    progress step(std::span<const std::byte> in, std::span<std::byte> out) override
    {
        std::size_t in_left = in.size();
        std::size_t out_left = out.size();
        const auto* from = reinterpret_cast<const std::uint8_t*>(in.data());
        auto* to = reinterpret_cast<std::uint8_t*>(out.data());
        const BrotliDecoderResult result =
            BrotliDecoderDecompressStream(z_.get(), &in_left, &from, &out_left, &to, nullptr);
        progress p{.taken = in.size() - in_left,
                   .written = out.size() - out_left,
                   .ended = result == BROTLI_DECODER_RESULT_SUCCESS};
        if (result == BROTLI_DECODER_RESULT_ERROR) {
            p.wrong = BrotliDecoderErrorString(BrotliDecoderGetErrorCode(z_.get()));
        }
        return p;
    }
    void restart() override { start(); }

private:
    void start()
    {
        z_.reset(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
        if (!z_) throw std::bad_alloc{};
    }
    struct deleter {
        void operator()(BrotliDecoderState* z) const noexcept { BrotliDecoderDestroyInstance(z); }
    };
    std::unique_ptr<BrotliDecoderState, deleter> z_;
};

class brotli_compressor final : public compressor {
public:
    explicit brotli_compressor(int level) : level_{level} { start(); }

    progress step(std::span<const std::byte> in, std::span<std::byte> out, action what) override
    {
        std::size_t in_left = in.size();
        std::size_t out_left = out.size();
        const auto* from = reinterpret_cast<const std::uint8_t*>(in.data());
        auto* to = reinterpret_cast<std::uint8_t*>(out.data());
        const BrotliEncoderOperation operation = what == action::run     ? BROTLI_OPERATION_PROCESS
                                                 : what == action::flush ? BROTLI_OPERATION_FLUSH
                                                                         : BROTLI_OPERATION_FINISH;
        if (BrotliEncoderCompressStream(z_.get(), operation, &in_left, &from, &out_left, &to,
                                        nullptr) == BROTLI_FALSE) {
            throw error{errc::invalid_state, "brotli: cannot compress"};
        }
        const bool held = BrotliEncoderHasMoreOutput(z_.get()) != BROTLI_FALSE;
        return {
            .taken = in.size() - in_left,
            .written = out.size() - out_left,
            .ended = in_left == 0 && !held &&
                     (what != action::finish || BrotliEncoderIsFinished(z_.get()) != BROTLI_FALSE)};
    }
    void restart() override { start(); }

private:
    void start()
    {
        z_.reset(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr));
        if (!z_) throw std::bad_alloc{};
        BrotliEncoderSetParameter(z_.get(), BROTLI_PARAM_QUALITY,
                                  static_cast<std::uint32_t>(level_));
    }
    struct deleter {
        void operator()(BrotliEncoderState* z) const noexcept { BrotliEncoderDestroyInstance(z); }
    };
    std::unique_ptr<BrotliEncoderState, deleter> z_;
    int level_;
};

}  // namespace

std::unique_ptr<expander> make_brotli_expander()
{
    return std::make_unique<brotli_expander>();
}

std::unique_ptr<compressor> make_brotli_compressor(int level)
{
    return std::make_unique<brotli_compressor>(level);
}

}  // namespace ferry::compress::detail
