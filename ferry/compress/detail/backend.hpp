#pragma once

#include "ferry/compress/codec.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace ferry::compress::detail {

/// What one step of a codec did.
struct progress {
    std::size_t taken = 0;
    std::size_t written = 0;
    bool ended = false;           ///< the member or frame is complete
    const char* wrong = nullptr;  ///< why the data are corrupt
};

/// The largest step: zlib counts in 32 bits.
inline constexpr std::size_t max_step_bytes = std::size_t{1} << 30U;

/// zstd's larger windows are refused, as RFC 8878 section 3.1.1.1.2 advises.
inline constexpr unsigned max_window_log = 23;

class expander {
public:
    virtual ~expander() = default;

    /// Expands what it can of `in` into `out`. Neither taking nor writing means: more input.
    /// \throws limit_error  max_window_bytes.
    virtual progress step(std::span<const std::byte> in, std::span<std::byte> out) = 0;

    /// Makes ready for another member.
    virtual void restart() = 0;
};

enum class action : unsigned char { run, flush, finish };

class compressor {
public:
    virtual ~compressor() = default;

    /// `ended` once `flush` or `finish` has put out all.
    virtual progress step(std::span<const std::byte> in, std::span<std::byte> out, action what) = 0;
    virtual void restart() = 0;
};

/// One row of the table in codec.cpp.
struct codec_entry {
    std::string_view token;
    std::string_view other_token;
    std::string_view suffix;
    int lowest_level;
    int default_level;
    int highest_level;
    bool joins_members;
    /// Whether data begin as the codec's do; of fewer than four bytes, whether they may.
    bool (*recognises)(std::span<const std::byte> head);
    std::unique_ptr<expander> (*make_expander)();
    std::unique_ptr<compressor> (*make_compressor)(int level);
};
const codec_entry& entry_of(codec c) noexcept;

std::unique_ptr<expander> make_gzip_expander();
std::unique_ptr<expander> make_deflate_expander();
std::unique_ptr<expander> make_zstd_expander();
std::unique_ptr<expander> make_brotli_expander();
std::unique_ptr<expander> make_bzip2_expander();
std::unique_ptr<expander> make_xz_expander();
std::unique_ptr<compressor> make_gzip_compressor(int level);
std::unique_ptr<compressor> make_deflate_compressor(int level);
std::unique_ptr<compressor> make_zstd_compressor(int level);
std::unique_ptr<compressor> make_brotli_compressor(int level);
std::unique_ptr<compressor> make_bzip2_compressor(int level);
std::unique_ptr<compressor> make_xz_compressor(int level);

}  // namespace ferry::compress::detail
