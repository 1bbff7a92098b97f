#pragma once

#include "ferry/redis/reply.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::redis::detail {

/// What a server may send at most. Passing one throws limit_error with its name.
struct reply_limits {
    std::size_t bulk_bytes = 512U << 20U;
    std::size_t line_bytes = 64U << 10U;
    std::size_t depth = 64;
    std::size_t elements = 1U << 30U;
};

/// Bytes to replies, RESP2 and RESP3, in pieces of any size. Never recursive; memory grows with
/// what has arrived, not with what was announced.
class reply_parser {
public:
    explicit reply_parser(reply_limits limits = {}) : limits_{limits} {}

    /// Takes bytes up to the end of one reply, or all but an unfinished line.
    /// \return how many were taken.
    /// \throws protocol_error(errc::bad_reply), limit_error; the parser is of no use then.
    std::size_t parse(std::string_view in);

    bool ready() const noexcept { return ready_; }

    /// The reply; the next may be parsed then.
    reply take();

    /// Room for the rest of a long string, to read into directly; empty if none is under way.
    std::span<std::byte> bulk_space();
    void bulk_received(std::size_t count);

private:
    struct frame {
        reply::kind kind;
        bool attribute;  ///< belongs to the next reply, and is dropped
        bool streamed;   ///< ends with a `.` of its own
        std::size_t remaining;
        std::vector<reply> items;
    };
    enum class text_kind : unsigned char { bulk, error, verbatim, chunk };

    void take_line(char type, std::string_view line);
    void begin_text(text_kind kind, std::string_view line);
    void begin_aggregate(reply::kind kind, std::string_view line, std::size_t per_element,
                         bool attribute);
    std::size_t take_text(std::string_view in);
    void end_text();
    void put(reply r);
    void close_frame();
    std::size_t length(std::string_view line) const;

    reply_limits limits_;
    std::vector<frame> stack_;
    reply result_;
    bool ready_ = false;

    bool in_text_ = false;
    bool streaming_text_ = false;
    text_kind text_kind_ = text_kind::bulk;
    std::size_t text_size_ = 0;    ///< announced
    std::size_t text_filled_ = 0;  ///< arrived
    std::string text_;
};

}  // namespace ferry::redis::detail
