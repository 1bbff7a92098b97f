#include "ferry/http/detail/codec.hpp"

#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace ferry::http::detail {
namespace {

constexpr std::size_t usual_field_bytes = 24;

[[noreturn]] void malformed(std::string why)
{
    throw protocol_error(errc::bad_message, std::move(why));
}

// Which protocol sends these first bytes, for the error's reader.
std::string_view lookalike(std::string_view bytes) noexcept
{
    if (bytes.starts_with("SSH-")) return "SSH";
    if (bytes.starts_with("220")) return "FTP or SMTP";
    if (bytes.starts_with("+OK")) return "POP3";
    if (bytes.starts_with("* OK")) return "IMAP";
    if (bytes.starts_with("AMQP")) return "AMQP";
    return {};
}

[[noreturn]] void not_http(std::string_view bytes)
{
    // A TLS record: alert or handshake, version 3.x.
    if (bytes.size() >= 2 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 0x03) {
        throw protocol_error(errc::peer_speaks_tls, "the peer speaks TLS on this port: use https");
    }
    if (const std::string_view name = lookalike(bytes); !name.empty()) {
        throw protocol_error(errc::peer_speaks_something,
                             fmt::format("the answer looks like {}: {}", name, quoted(bytes)));
    }
    malformed(fmt::format("bad status line {}", quoted(bytes)));
}

// The line at the front without its end, and the bytes it takes with it. `text` holds a whole line.
struct line_view {
    std::string_view text;
    std::size_t size;
    bool crlf;
};

line_view first_line(std::string_view text) noexcept
{
    const std::size_t lf = std::min(text.find('\n'), text.size() - 1);
    const bool crlf = lf > 0 && text[lf - 1] == '\r';
    return {text.substr(0, crlf ? lf - 1 : lf), lf + 1, crlf};
}

// Where the first character stands that no field value may hold; eight at a time.
char* first_bad(char* at, char* end) noexcept
{
    constexpr std::uint64_t each = 0x0101010101010101;
    constexpr std::uint64_t high = 0x80 * each;
    while (std::endian::native == std::endian::little && end - at >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        const std::uint64_t below_blank = (word - 0x20 * each) & ~word;
        const std::uint64_t other = word ^ (0x7f * each);
        const std::uint64_t is_delete = (other - each) & ~other;
        const std::uint64_t found = (below_blank | is_delete) & high;
        if (found == 0) {
            at += 8;
            continue;
        }
        at += std::countr_zero(found) / 8;  // exact for the first one
        if (*at != '\t') return at;
        ++at;
    }
    while (at != end && is_value_char(*at)) ++at;
    return at;
}

// `rest` begins with a line that has no name before its colon, or no colon at all.
[[noreturn]] void bad_line(std::string_view rest)
{
    const std::string_view line = first_line(rest).text;
    const auto* const after = std::ranges::find_if_not(line, is_token_char);
    if (after != line.begin() && after != line.end() && is_blank(*after)) {
        malformed(fmt::format("blank before the colon in header line {}", quoted(line)));
    }
    malformed(fmt::format("bad header line {}", quoted(line)));
}

void parse_status_line(std::string_view line, response_head& into)
{
    // HTTP/1.x SP 3DIGIT [SP reason]
    const bool well_formed = line.size() >= 12 && line.starts_with("HTTP/1.") &&
                             is_digit(line[7]) && line[8] == ' ' && is_digit(line[9]) &&
                             is_digit(line[10]) && is_digit(line[11]) && line[9] != '0' &&
                             (line.size() == 12 || line[12] == ' ') && is_field_value(line);
    if (!well_formed) not_http(line);
    into.minor = line[7] - '0';
    into.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    into.reason = line.size() > 13 ? line.substr(13) : std::string_view();
}

void parse_request_line(std::string_view line, request_head& into, const codec_limits& limits)
{
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        throw problem(status::bad_request, "bad request line");
    }
    const std::string_view method = line.substr(0, first);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(method)) throw problem(status::bad_request, "bad method");
    if (target.size() > limits.start_line_bytes) {
        throw problem(status::uri_too_long, "the target is too long");
    }
    const auto is_visible = [](char c) { return c > 0x20 && c < 0x7f; };
    if (target.empty() || !std::ranges::all_of(target, is_visible)) {
        throw problem(status::bad_request, "bad request target");
    }
    if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7])) {
        throw problem(status::bad_request, "bad version");
    }
    if (version[5] != '1') {
        throw problem(status::http_version_not_supported, "only HTTP/1.1 is spoken here");
    }
    into.method = method;
    into.target = target;
    into.minor = version[7] - '0';
}

void read_connection(std::string_view list, message_facts& facts)
{
    while (!list.empty()) {
        const std::string_view element = take_element(list);
        if (same(element, "close")) facts.close = true;
        if (same(element, "keep-alive")) facts.keep_alive = true;
    }
}

// "3, 3" and a second field with the same number are one length, anything else is a smuggler's.
void read_content_length(std::string_view list, message_facts& facts)
{
    const std::string_view whole = list;
    do {
        const std::string_view element = take_element(list);
        const auto length = parse_decimal(element);
        if (!length) malformed(fmt::format("bad Content-Length {}", quoted(whole)));
        if (facts.content_length && *facts.content_length != *length) {
            malformed(
                fmt::format("two Content-Lengths, {} and {}", *facts.content_length, *length));
        }
        facts.content_length = length;
    } while (!list.empty());
}

}  // namespace

void check_informational(int status, std::size_t before)
{
    constexpr std::size_t most = 16;
    if (status == status::switching_protocols) {
        throw protocol_error(errc::bad_message, "unexpected status 101");
    }
    if (is_informational(status) && before >= most) {
        throw protocol_error(errc::bad_message, "more than 16 informational responses");
    }
}

std::string quoted(std::string_view bytes)
{
    constexpr std::size_t shown = 60;
    std::string text = "\"";
    for (const char c : bytes.substr(0, shown)) {
        text += c >= 0x20 && c < 0x7f && c != '"' ? c : '.';
    }
    text += bytes.size() > shown ? "...\"" : "\"";
    return text;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept
{
    if (text.empty()) return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (number > (std::numeric_limits<std::int64_t>::max() - digit) / 10) return std::nullopt;
        number = number * 10 + digit;
    }
    return number;
}

std::size_t head_reader::end_of_head(std::string_view buffered)
{
    std::size_t at = scanned_;
    for (;;) {
        const std::size_t lf = buffered.find('\n', at);
        if (lf == std::string_view::npos) {
            scanned_ = buffered.size();
            return 0;
        }
        const std::string_view rest = buffered.substr(lf + 1, 2);
        if (rest.starts_with('\n')) return lf + 2;
        if (rest == "\r\n") return lf + 3;
        if (rest.empty() || rest == "\r") {
            scanned_ = lf;
            return 0;
        }
        at = lf + 1;
    }
}

std::size_t head_reader::response(std::string_view buffered, response_head& into)
{
    // Foreign protocols show in the first bytes; their peers may wait for ours for ever.
    constexpr std::string_view start = "HTTP/1.";
    if (!buffered.starts_with(start.substr(0, std::min(start.size(), buffered.size())))) {
        not_http(buffered.substr(0, std::min(buffered.find('\n'), buffered.size())));
    }
    const std::size_t end = end_of_head(buffered);
    if (end == 0) {
        if (buffered.size() > limits_.start_line_bytes &&
            buffered.substr(0, limits_.start_line_bytes).find('\n') == std::string_view::npos) {
            throw limit_error("start_line_bytes", limits_.start_line_bytes);
        }
        if (buffered.size() > limits_.head_bytes) {
            throw limit_error("head_bytes", limits_.head_bytes);
        }
        return 0;
    }
    if (end > limits_.head_bytes) throw limit_error("head_bytes", limits_.head_bytes);
    const line_view line = first_line(buffered);
    if (line.text.size() > limits_.start_line_bytes) {
        throw limit_error("start_line_bytes", limits_.start_line_bytes);
    }
    parse_status_line(line.text, into);
    field_parser::parse(buffered.substr(line.size, end - line.size), side::response, limits_,
                        into.headers);
    into.facts = facts_of(into.headers);
    scanned_ = 0;
    return end;
}

std::size_t head_reader::request(std::string_view buffered, request_head& into)
{
    // Section 2.2: a few empty lines before the request line are skipped.
    std::size_t skipped = 0;
    while (skipped < 8 && buffered.substr(skipped).starts_with("\r\n")) skipped += 2;
    const std::string_view message = buffered.substr(skipped);
    if (message.empty() || message == "\r") return 0;

    if (scanned_ < skipped) scanned_ = skipped;
    const std::size_t end = end_of_head(buffered);
    if (end == 0 || end > limits_.head_bytes) {
        // A client that speaks TLS or something else would wait for an answer to its greeting.
        if (!is_token_char(message.front())) {
            throw problem(status::bad_request, "this is not an HTTP request");
        }
        const std::size_t seen = std::min(message.find('\n'), message.size());
        if (seen > limits_.start_line_bytes + 64) {
            throw problem(status::uri_too_long, "the request line is too long");
        }
        if (std::max(end, buffered.size()) > limits_.head_bytes) {
            throw problem(status::request_header_fields_too_large, "the head is too long");
        }
        return 0;
    }
    const line_view line = first_line(message);
    if (!line.crlf) throw problem(status::bad_request, "a line ends without CR");
    parse_request_line(line.text, into, limits_);
    try {
        field_parser::parse(buffered.substr(skipped + line.size, end - skipped - line.size),
                            side::request, limits_, into.headers);
        into.facts = facts_of(into.headers);
    } catch (const limit_error& e) {
        throw problem(status::request_header_fields_too_large, e.what());
    } catch (const protocol_error& e) {
        throw problem(status::bad_request, e.what());
    }
    if (into.facts.hosts > 1 || (into.facts.hosts == 0 && into.minor >= 1)) {
        throw problem(status::bad_request, "exactly one Host is needed");
    }
    if (into.facts.bad_host) throw problem(status::bad_request, "Host is neither name nor address");
    scanned_ = 0;
    return end;
}

void field_parser::parse(std::string_view text, side from, const codec_limits& limits,
                         headers& into)
{
    into.fields_.clear();
    into.fields_.reserve(text.size() / usual_field_bytes);
    into.text_.assign(text);
    char* const base = into.text_.data();
    char* const end = base + into.text_.size();
    char* at = base;
    // The text ends with a zero, which no loop here passes.
    while (at != end) {
        if (*at == '\n' || (*at == '\r' && at[1] == '\n')) {  // the end of the section
            if (*at == '\n' && from == side::request) malformed("a line ends without CR");
            return;
        }
        char* value = at;
        if (is_blank(*at)) {
            if (from == side::request || into.fields_.empty()) malformed("folded header line");
        } else {
            while (is_token_char(*value)) ++value;
            if (*value != ':' || value == at) bad_line({at, static_cast<std::size_t>(end - at)});
            if (into.fields_.size() == limits.head_fields) {
                throw limit_error("head_fields", limits.head_fields);
            }
            const auto name_size = static_cast<std::uint32_t>(value - at);
            ++value;
            const auto name = static_cast<std::uint32_t>(at - base);
            into.fields_.push_back({name, static_cast<std::uint32_t>(value - base), name_size, 0});
        }
        while (is_blank(*value)) ++value;
        char* const stop = first_bad(value, end);
        if (stop == end) malformed("a header line does not end");
        const bool crlf = *stop == '\r' && stop[1] == '\n';
        if (!crlf && *stop != '\n') {
            malformed(*stop == '\r' ? "CR inside a header line"
                                    : "control character in a header line");
        }
        if (!crlf && from == side::request) malformed("a line ends without CR");
        char* trimmed = stop;
        while (trimmed != value && is_blank(trimmed[-1])) --trimmed;

        headers::place& field = into.fields_.back();
        if (field.value_size == 0) {
            field.value = static_cast<std::uint32_t>(value - base);
        } else if (trimmed != value) {
            std::fill(base + field.value + field.value_size, value, ' ');
        }
        if (trimmed != value || field.value_size == 0) {
            field.value_size = static_cast<std::uint32_t>(trimmed - base) - field.value;
        }
        at = stop + (crlf ? 2 : 1);
    }
}

message_facts facts_of(const headers& fields)
{
    message_facts facts;
    for (const header_field f : fields) {
        switch (f.name.size()) {
            case 4:
                if (same(f.name, "host")) {
                    ++facts.hosts;
                    facts.bad_host = facts.bad_host || !is_authority(f.value);
                }
                break;
            case 6:
                if (same(f.name, "expect")) {
                    const bool known = same(f.value, "100-continue");
                    (known ? facts.expects_continue : facts.expects_more) = true;
                }
                break;
            case 10:
                if (same(f.name, "connection")) read_connection(f.value, facts);
                break;
            case 14:
                if (same(f.name, "content-length")) read_content_length(f.value, facts);
                break;
            case 17:
                if (same(f.name, "transfer-encoding")) {
                    facts.chunked = !facts.transfer_encoding && same(f.value, "chunked");
                    facts.transfer_encoding = true;
                }
                break;
            default: break;
        }
    }
    return facts;
}

body_plan plan_response(const response_head& head, bool answers_head, bool lenient)
{
    const message_facts& facts = head.facts;
    body_plan plan;
    plan.reusable = !facts.close && (head.minor >= 1 || facts.keep_alive);
    if (answers_head) return plan;
    if (is_bodiless(head.status)) {
        // A body that must not be there would be read as the next response.
        if (facts.transfer_encoding || facts.content_length.value_or(0) > 0) {
            plan.reusable = plan.reusable && head.status == status::not_modified;
        }
        return plan;
    }
    if (facts.transfer_encoding) {
        if (!facts.chunked) malformed("unknown Transfer-Encoding");
        if (facts.content_length && !lenient) {
            malformed("both Content-Length and Transfer-Encoding");
        }
        plan.kind = framing::chunked;
        plan.reusable = plan.reusable && head.minor >= 1 && !facts.content_length;
    } else if (facts.content_length) {
        plan.kind = *facts.content_length == 0 ? framing::none : framing::length;
        plan.length = *facts.content_length;
    } else {
        plan.kind = framing::until_close;
        plan.reusable = false;
    }
    return plan;
}

body_plan plan_request(const request_head& head)
{
    const message_facts& facts = head.facts;
    body_plan plan;
    plan.reusable = !facts.close && (head.minor >= 1 || facts.keep_alive);
    if (facts.transfer_encoding) {
        if (facts.content_length) {
            throw problem(status::bad_request, "both Content-Length and Transfer-Encoding");
        }
        if (head.minor == 0) throw problem(status::bad_request, "Transfer-Encoding in HTTP/1.0");
        if (!facts.chunked) throw problem(status::not_implemented, "unknown Transfer-Encoding");
        plan.kind = framing::chunked;
    } else if (facts.content_length.value_or(0) > 0) {
        plan.kind = framing::length;
        plan.length = *facts.content_length;
    }
    return plan;
}

void chunked_reader::took(std::uint64_t bytes) noexcept
{
    remaining_ -= bytes;
    if (remaining_ == 0) state_ = state::data_cr;
}

std::size_t chunked_reader::feed(std::string_view buffered)
{
    std::size_t used = 0;
    while (used < buffered.size() && state_ != state::data && state_ != state::done) {
        feed_char(buffered[used++]);
    }
    return used;
}

void chunked_reader::end_size_line()
{
    line_ = 0;
    digits_ = 0;
    state_ = remaining_ == 0 ? state::trailer : state::data;
}

void chunked_reader::feed_char(char c)
{
    const bool lf_ends = c == '\n' && side_ == side::response;
    if (state_ < state::data && ++line_ > limits_.chunk_line_bytes) {
        throw limit_error("chunk_line_bytes", limits_.chunk_line_bytes);
    }
    switch (state_) {
        case state::size: {
            const int digit = is_digit(c)                          ? c - '0'
                              : lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10
                                                                   : -1;
            if (digit >= 0) {
                // 15 digits stay below 2^60; leading zeros beyond that serve nobody honest.
                if (++digits_ > 15) malformed("bad chunk size: too large");
                remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
            } else if (digits_ == 0) {
                malformed(fmt::format("bad chunk size {}", quoted({&c, 1})));
            } else if (c == '\r') {
                state_ = state::size_lf;
            } else if (lf_ends) {
                end_size_line();
            } else if (c == ';' || is_blank(c)) {
                state_ = state::extension;
            } else {
                malformed(fmt::format("bad chunk size: {} after the number", quoted({&c, 1})));
            }
            break;
        }
        case state::extension:
            if (c == '\r') {
                state_ = state::size_lf;
            } else if (lf_ends) {
                end_size_line();
            } else if (!is_value_char(c)) {
                malformed("bad chunk extension");
            }
            break;
        case state::size_lf:
            if (c != '\n') malformed("CR inside a chunk size line");
            end_size_line();
            break;
        case state::data_cr:
            if (c == '\r') {
                state_ = state::data_lf;
            } else if (lf_ends) {
                state_ = state::size;
            } else {
                malformed("no line end after a chunk");
            }
            break;
        case state::data_lf:
            if (c != '\n') malformed("no line end after a chunk");
            state_ = state::size;
            break;
        case state::trailer:
            trailer_text_ += c;
            if (trailer_text_.size() > limits_.trailer_bytes) {
                throw limit_error("trailer_bytes", limits_.trailer_bytes);
            }
            if (c == '\n') {
                const std::string_view text = trailer_text_;
                const bool empty_line = text == "\n" || text == "\r\n" || text.ends_with("\n\n") ||
                                        text.ends_with("\n\r\n");
                if (empty_line) {
                    field_parser::parse(text, side_, limits_, trailers_);
                    state_ = state::done;
                }
            }
            break;
        case state::data:
        case state::done: break;
    }
}

}  // namespace ferry::http::detail
