#pragma once

#include "ferry/compress/decoder.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/http/headers.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http::detail {

/// Undoes the codings of Content-Encoding, the last one first. Memory stays flat, however much a
/// coding expands: output is made a piece at a time.
class content_decoder {
public:
    /// The codings that are known, for Accept-Encoding.
    static constexpr std::string_view accepted = "gzip, deflate, br, zstd";

    /// \return nothing if there is no Content-Encoding.
    /// \throws protocol_error  more codings, one on the other, than anybody means.
    static std::optional<content_decoder> for_headers(
        const headers& fields, const compress::limits& limits = compress::limits());

    /// Whether there is anything to undo; not if the outermost coding is unknown.
    bool changes() const noexcept { return !stages_.empty(); }

    /// The codings that stay on the body, as in the header.
    const std::string& undecoded() const noexcept { return undecoded_; }

    /// The next part of the body as it came. Only when take() has nothing more.
    void feed(ferry::bytes coded);

    /// What can be decoded now, 64 KiB at most; empty if more input is needed.
    /// \throws protocol_error with errc::undecodable_body, limit_error
    buffer take();

    /// Ends the input. \throws protocol_error  a coding is cut short.
    void finish() const;

private:
    struct stage {
        compress::decoder decoder;
        ferry::bytes input;
        std::span<const std::byte> rest;  ///< of the input
    };

    std::size_t produce(std::size_t index, std::span<std::byte> into);

    std::vector<stage> stages_;  ///< in the order in which they are undone
    std::string undecoded_;
};

}  // namespace ferry::http::detail
