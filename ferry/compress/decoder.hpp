#pragma once

#include "ferry/compress/codec.hpp"
#include "ferry/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

namespace ferry::compress {

/// What compressed data may grow to. Not an aggregate, so that it may be written inside a co_await
/// expression.
class limits {
public:
    limits() = default;

    /// Bytes that come out in all; 256 MiB by default.
    limits& max_output_bytes(std::uint64_t bytes)
    {
        max_output_bytes_ = bytes;
        return *this;
    }
    /// Bytes out for each byte in, checked once 1 MiB has come out; 1000 by default, which no
    /// honest content reaches and every bomb does.
    limits& max_ratio(std::uint64_t ratio)
    {
        max_ratio_ = ratio;
        return *this;
    }
    /// No limit to either: for content of one's own.
    static limits none()
    {
        constexpr auto most = std::numeric_limits<std::uint64_t>::max();
        return limits{}.max_output_bytes(most).max_ratio(most);
    }

    std::uint64_t max_output_bytes() const noexcept { return max_output_bytes_; }
    std::uint64_t max_ratio() const noexcept { return max_ratio_; }

private:
    std::uint64_t max_output_bytes_ = std::uint64_t{256} * 1024 * 1024;
    std::uint64_t max_ratio_ = 1000;
};

namespace detail {
class expander;
}

/// Expands data that come in pieces.
///
///     compress::decoder in(compress::codec::gzip);
///     while (auto piece = co_await source.read()) in.update(*piece, text);
///     in.finish();                                     // or: unexpected end
///
/// Memory: the window of the format (32 KiB; zstd 8 MiB, brotli 16 MiB at most) and what is asked
/// for. An error leaves it unusable. As Python's `zlib.decompressobj`.
class decoder {
public:
    explicit decoder(codec c, const limits& with = limits());
    decoder(decoder&&) noexcept;
    decoder& operator=(decoder&&) noexcept;
    ~decoder();

    /// Expands from the front of `data`, which moves on, into `into`. Returns the bytes written. If
    /// they fill `into` there may be more: call again, even with empty data. What follows the end
    /// of the content stays in `data`.
    /// \throws parse_error  the data are corrupt; `where().offset` counts all data taken.
    /// \throws limit_error  max_output_bytes, max_ratio or max_window_bytes.
    std::size_t read(std::span<const std::byte>& data, std::span<std::byte> into);

    /// Expands all of `data` to the end of `to`. Returns the bytes taken: fewer than given if the
    /// content has ended.
    /// \throws as `read`; `to` then has some of what was expanded before.
    std::size_t update(std::span<const std::byte> data, bytes& to);

    /// To be called when there is no more data. No data at all are an empty content.
    /// \throws parse_error  errc::truncated, `gzip: unexpected end`: the content is not whole.
    void finish() const;

    /// True where the content may end: at its end, between two members, before the first byte.
    bool done() const noexcept { return state_ != state::inside; }

    std::uint64_t bytes_in() const noexcept { return bytes_in_; }
    std::uint64_t bytes_out() const noexcept { return bytes_out_; }

private:
    /// `fresh` before the first byte, `between` two members, `ended` behind the last.
    enum class state : unsigned char { fresh, inside, between, ended };

    bool begin_member(std::span<const std::byte>& data);
    void check_limits() const;

    std::unique_ptr<detail::expander> expander_;
    limits limits_;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
    codec codec_;
    state state_ = state::fresh;
};

/// The content of `data`, whose codec is recognised: gzip, zlib or zstd.
/// \throws error        errc::unsupported, the codec is not recognised.
/// \throws parse_error  corrupt, cut short, or something follows the content.
/// \throws limit_error  as decoder.
/// Cost: a small gzip content in one pass by libdeflate.
bytes expand(std::span<const std::byte> data, const limits& with = limits());
bytes expand(std::span<const std::byte> data, codec c, const limits& with = limits());

/// As Python's `gzip.decompress`.
inline bytes gunzip(std::span<const std::byte> data, const limits& with = limits())
{
    return expand(data, codec::gzip, with);
}

}  // namespace ferry::compress
