#pragma once

#include "ferry/http/detail/line_splitter.hpp"
#include "ferry/http/sse.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::http::detail {

/// Reads an event stream (HTML Standard section 9.2.6). What stands behind the last empty line is
/// no event.
class sse_parser {
public:
    explicit sse_parser(std::size_t max_event_bytes, std::string last_id = {});

    void feed(std::string_view text);

    /// \throws limit_error `max_event_bytes`
    std::optional<sse_event> next();

    /// What a new connection is told to go on from.
    const std::string& last_id() const noexcept { return last_id_; }

    /// What the server set last.
    std::optional<std::chrono::milliseconds> retry() const noexcept { return retry_; }

private:
    void take_line(std::string_view line);
    std::optional<sse_event> dispatch();

    line_splitter lines_;
    std::size_t max_event_bytes_;
    std::string head_;  ///< the first bytes, until it is known whether they are a byte order mark
    bool begun_ = false;
    std::string type_;
    std::string data_;
    std::string id_;  ///< of the event that is being read
    std::string last_id_;
    std::optional<std::chrono::milliseconds> retry_;
    bool retry_is_new_ = false;
};

}  // namespace ferry::http::detail
