#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/http/detail/codec.hpp"
#include "ferry/net/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ferry::http::detail {

/// Reads one message's body off a stream, without its framing. The stream must outlive it.
class body_reader {
public:
    body_reader(net::stream& from, const body_plan& plan, side peer,
                const codec_limits& limits = codec_limits());

    /// Reads what there is, one byte at least, straight into `into`. \return 0 at the body's end.
    /// \throws incomplete_body  the connection ended first.
    /// \throws protocol_error, limit_error  the framing is wrong.
    awaitable<std::size_t> read_some(std::span<std::byte> into);

    /// The same, from what the stream has buffered only: 0 if that is not enough, or at the end.
    std::size_t read_buffered(std::span<std::byte> into);

    /// Whether all of it was read.
    bool done() const noexcept;

    /// Bytes to come, if that is known.
    std::uint64_t length_left() const noexcept { return left_; }
    framing kind() const noexcept { return kind_; }

    headers& trailers() noexcept { return chunks_.trailers(); }

private:
    std::uint64_t wanted(std::size_t room);
    void feed();
    void took(std::size_t bytes) noexcept;
    awaitable<std::size_t> receive(std::span<std::byte> into);
    [[noreturn]] void ended(std::string_view cause) const;

    net::stream* from_;
    framing kind_;
    std::uint64_t left_;
    std::uint64_t expected_;
    std::uint64_t received_ = 0;
    bool at_end_ = false;
    chunked_reader chunks_;
    side side_;
};

}  // namespace ferry::http::detail
