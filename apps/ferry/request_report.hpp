#pragma once

#include "ferry/http/response.hpp"
#include "ferry/http/transport.hpp"

#include <string>
#include <string_view>

namespace ferry::command {

/// How an answer is shown: on a terminal coloured and formatted, into a pipe as it came.
class report_style {
public:
    bool colours = false;
    bool formatted = false;
    bool terminal = false;  ///< standard output is one

    /// \param pretty  all, colors, format, none, or empty for what fits standard output. NO_COLOR
    ///                in the environment takes the colours away. \throws usage_error
    /// \param formats  without `pretty`: format in any case.
    static report_style from(const std::string& pretty, bool formats = false);
};

/// `POST /path HTTP/1.1` and the request's fields, with an empty line behind.
std::string head_of(const http::prepared_request& q, const report_style& style);

/// The status line and the fields, with an empty line behind.
std::string head_of(const http::response& r, const report_style& style);

/// The body for people: JSON indented, text in UTF-8. \return empty if it is binary.
std::string body_of(const http::response& r, const report_style& style);

/// The body of the request, if it is in memory and text, else what it is.
std::string body_of(const http::prepared_request& q);

/// A line of a body: coloured if it is JSON and colours are wanted.
std::string formatted_line(std::string_view line, const report_style& style);

/// JSON text with colours.
std::string coloured_json(std::string_view text);

/// Whether the bytes are something else than text.
bool is_binary(std::string_view body) noexcept;

}  // namespace ferry::command
