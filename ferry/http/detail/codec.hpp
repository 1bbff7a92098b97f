#pragma once

#include "ferry/http/error.hpp"
#include "ferry/http/headers.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// HTTP/1.1 on the wire (RFC 9112): heads in, framing out. Pure functions over bytes; no socket, no
/// clock. Everything here is strict where leniency would let two readers see two messages.
namespace ferry::http::detail {

/// What a peer may send at most. Passing one throws limit_error with the member's name.
struct codec_limits {
    std::size_t start_line_bytes = 8 * 1024;
    std::size_t head_bytes = 64 * 1024;
    std::size_t head_fields = 256;
    std::size_t chunk_line_bytes = 1024;
    std::size_t trailer_bytes = 64 * 1024;
};

/// Responses may use what old servers use: bare LF line ends and folded fields. Requests may not.
enum class side { response, request };

/// What the fields say about framing and connection.
struct message_facts {
    std::optional<std::uint64_t> content_length;
    bool transfer_encoding = false;  ///< the field is present
    bool chunked = false;            ///< and says exactly "chunked"
    bool close = false;              ///< Connection: close
    bool keep_alive = false;         ///< Connection: keep-alive
    bool expects_continue = false;
    bool expects_more = false;  ///< something else than 100-continue
    int hosts = 0;
    bool bad_host = false;  ///< one of them breaks RFC 3986
};

struct response_head {
    int status = 0;
    int major = 1;
    int minor = 1;  ///< of the version, HTTP/major.minor
    std::string reason;
    http::headers headers;
    message_facts facts;
};

struct request_head {
    std::string method;
    std::string target;
    int minor = 1;
    http::headers headers;
    message_facts facts;
};

/// Finds and parses one head at the front of a growing buffer. Linear in the bytes received,
/// however they are cut into pieces.
class head_reader {
public:
    explicit head_reader(codec_limits limits = codec_limits()) noexcept : limits_(limits) {}

    /// \param buffered  everything received and not yet consumed; on a later call, the same bytes
    ///                  and more.
    /// \return bytes to consume: the head is in `into`. 0: more bytes are needed.
    /// \throws protocol_error, limit_error
    std::size_t response(std::string_view buffered, response_head& into);

    /// \throws problem with 400, 414, 431 or 505
    std::size_t request(std::string_view buffered, request_head& into);

private:
    std::size_t end_of_head(std::string_view buffered);

    codec_limits limits_;
    std::size_t scanned_ = 0;
};

/// Parses the fields of a head or trailer, line ends and the empty line included.
class field_parser {
public:
    static void parse(std::string_view text, side from, const codec_limits& limits, headers& into);
};

/// \throws protocol_error for lengths and codings that contradict each other (section 6.3)
message_facts facts_of(const headers& fields);

enum class framing { none, length, chunked, until_close };

/// How a message's body ends, and whether the connection can carry another message after it.
struct body_plan {
    framing kind = framing::none;
    std::uint64_t length = 0;
    bool reusable = true;
};

/// \param lenient  a Content-Length beside Transfer-Encoding is ignored, not an error.
/// \throws protocol_error
body_plan plan_response(const response_head& head, bool answers_head, bool lenient = false);

/// \throws problem with 400 or 501
body_plan plan_request(const request_head& head);

/// The framing of a chunked body, between the data. Usage, until `done()`:
/// with `remaining() > 0` that many bytes of data come next: take some, report them by `took`;
/// otherwise hand over what is buffered by `feed`, which returns how much of it was framing.
class chunked_reader {
public:
    explicit chunked_reader(side from, codec_limits limits = codec_limits()) noexcept
        : side_(from), limits_(limits)
    {
    }

    bool done() const noexcept { return state_ == state::done; }
    std::uint64_t remaining() const noexcept { return state_ == state::data ? remaining_ : 0; }
    void took(std::uint64_t bytes) noexcept;

    /// \return bytes consumed; fewer than given only when data comes next or the body is done.
    /// \throws protocol_error, limit_error
    std::size_t feed(std::string_view buffered);

    /// The fields after the last chunk.
    headers& trailers() noexcept { return trailers_; }

private:
    enum class state { size, extension, size_lf, data, data_cr, data_lf, trailer, done };

    void end_size_line();
    void feed_char(char c);

    side side_;
    codec_limits limits_;
    state state_ = state::size;
    int digits_ = 0;
    std::size_t line_ = 0;
    std::uint64_t remaining_ = 0;
    std::string trailer_text_;
    headers trailers_;
};

/// \param before  how many 1xx responses came before this status.
/// \throws protocol_error  it is one more than is waited for, or an upgrade that nobody asked for.
void check_informational(int status, std::size_t before);

/// At most 60 bytes of foreign input, printable, in quotes.
std::string quoted(std::string_view bytes);

/// The decimal number that is all of `text`; nothing if it holds anything else or overflows.
std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept;

}  // namespace ferry::http::detail
