#pragma once

#include "ferry/compress/codec.hpp"
#include "ferry/core/bytes.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace ferry::compress {

namespace detail {
class compressor;
enum class action : unsigned char;
}  // namespace detail

/// Compresses data that come in pieces.
///
///     compress::encoder out(compress::codec::zstd);
///     for (const auto& record : records) out.update(as_bytes(record), file);
///     out.finish(file);
///
/// As Python's `zlib.compressobj`.
class encoder {
public:
    /// \param level  gzip and deflate 1 to 9 (6), zstd 1 to 19 (3), brotli 0 to 11 (5); what lies
    ///               outside is moved to the nearest.
    explicit encoder(codec c, std::optional<int> level = std::nullopt);
    encoder(encoder&&) noexcept;
    encoder& operator=(encoder&&) noexcept;
    ~encoder();

    /// Takes all of `data`; what is ready is put at the end of `to`, which may be nothing.
    void update(std::span<const std::byte> data, bytes& to);
    void update(std::string_view text, bytes& to) { update(as_bytes(text), to); }

    /// Puts out all that was taken, so that a reader can expand it; costs some size each time.
    void flush(bytes& to);

    /// Ends the member (gzip) or frame (zstd): what is in `to` then is whole, a file may be cut
    /// there. The next update begins another, which readers of gzip and zstd join to the first;
    /// those of deflate and brotli do not. No effect if nothing came since the last end.
    void finish(bytes& to);

private:
    void run(std::span<const std::byte> data, detail::action what, bytes& to);

    std::unique_ptr<detail::compressor> compressor_;
    bool finished_ = false;
};

/// The whole of `data` in one go. gzip and deflate are done by libdeflate. The gzip header has
/// neither name nor time: the same data give the same bytes.
bytes pack(std::span<const std::byte> data, codec c, std::optional<int> level = std::nullopt);

/// As Python's `gzip.compress(mtime=0)`, `zlib.compress`, `zstandard.compress`, `brotli.compress`.
inline bytes gzip(std::span<const std::byte> data, std::optional<int> level = std::nullopt)
{
    return pack(data, codec::gzip, level);
}
inline bytes deflate(std::span<const std::byte> data, std::optional<int> level = std::nullopt)
{
    return pack(data, codec::deflate, level);
}
inline bytes zstd(std::span<const std::byte> data, std::optional<int> level = std::nullopt)
{
    return pack(data, codec::zstd, level);
}
inline bytes brotli(std::span<const std::byte> data, std::optional<int> level = std::nullopt)
{
    return pack(data, codec::brotli, level);
}

}  // namespace ferry::compress
