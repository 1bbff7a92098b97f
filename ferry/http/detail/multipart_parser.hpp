#pragma once

#include "ferry/core/bytes.hpp"
#include "ferry/http/headers.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// What a multipart body may hold at most. Passing one throws limit_error with the member's name.
struct multipart_limits {
    std::size_t parts = 1000;
    std::size_t part_head_bytes = 8 * 1024;
    std::size_t part_head_fields = 32;
    std::size_t preamble_bytes = 64 * 1024;
};

/// The head of a part of multipart/form-data (RFC 7578).
struct part_head {
    std::string name;
    std::optional<std::string> filename;  ///< nothing: a plain field
    std::string type;                     ///< Content-Type; empty without
    http::headers headers;
};

/// Reads a multipart body that comes in pieces. Holds no more of it than the last piece, a
/// boundary and a part's head.
///
///     for (each piece) {
///         parser.feed(piece);
///         for (auto e = parser.next(); e != event::none; e = parser.next()) ...
///     }
class multipart_parser {
public:
    explicit multipart_parser(std::string_view boundary,
                              multipart_limits limits = multipart_limits());

    void feed(std::span<const std::byte> piece);

    enum class event {
        none,  ///< feed more
        part,  ///< head()
        data,  ///< data(), of the part
        part_end,
        end,  ///< the last boundary; what follows is ignored
    };

    /// \throws protocol_error, limit_error  it is not multipart/form-data; unusable then.
    event next();

    const part_head& head() const noexcept { return head_; }
    /// Valid until the next call.
    std::span<const std::byte> data() const noexcept { return data_; }

    /// Whether the last boundary has come.
    bool done() const noexcept { return state_ == state::end; }

private:
    enum class state { preamble, delimiter, head, body, end };

    std::string_view rest() const noexcept { return std::string_view(buffer_).substr(at_); }
    bool read_delimiter_end();
    event read_head();
    event read_body();

    multipart_limits limits_;
    std::string delimiter_;  ///< CRLF, two dashes, boundary
    std::string buffer_;
    std::size_t at_ = 0;
    std::size_t scanned_ = 0;  ///< of a head, without its end
    std::size_t skipped_ = 0;
    std::size_t parts_ = 0;
    state state_ = state::preamble;
    bool is_fresh_ = false;  ///< the line end before a part's first byte is still there
    part_head head_;
    std::span<const std::byte> data_;
};

/// The boundary in a Content-Type. \throws problem  415: it is not multipart/form-data, 400: there
/// is no boundary, or a malformed one.
std::string multipart_boundary(const headers& fields);

}  // namespace ferry::http::detail
