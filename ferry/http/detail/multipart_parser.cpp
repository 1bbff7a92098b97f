#include "ferry/http/detail/multipart_parser.hpp"

#include "ferry/http/detail/codec.hpp"
#include "ferry/http/detail/syntax.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/response.hpp"
#include "ferry/http/status.hpp"

#include <algorithm>

namespace ferry::http::detail {
namespace {

[[noreturn]] void malformed(const char* why)
{
    throw protocol_error(errc::bad_message, std::string("multipart: ") + why);
}

// The value of a parameter in Content-Disposition. Browsers write quotes and line ends as %22, %0D
// and %0A (HTML Standard), curl puts a backslash before quotes and backslashes; both leave other
// backslashes and percent signs alone.
std::string unquoted(std::string_view raw)
{
    if (raw.size() < 2 || !raw.starts_with('"') || !raw.ends_with('"')) return std::string(raw);
    raw = raw.substr(1, raw.size() - 2);
    std::string text;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const std::string_view here = raw.substr(i);
        if (here.starts_with("\\\"") || here.starts_with("\\\\")) {
            text += raw[++i];
        } else if (same(here.substr(0, 3), "%22")) {
            text += '"';
            i += 2;
        } else if (same(here.substr(0, 3), "%0D")) {
            text += '\r';
            i += 2;
        } else if (same(here.substr(0, 3), "%0A")) {
            text += '\n';
            i += 2;
        } else {
            text += raw[i];
        }
    }
    return text;
}

part_head read_fields(headers fields)
{
    part_head head;
    const auto disposition = fields.get("Content-Disposition");
    if (!disposition) malformed("a part has no Content-Disposition");
    std::string_view rest = *disposition;
    if (!same(take_element(rest, ';'), "form-data")) malformed("a part is not form-data");
    bool has_name = false;
    while (!rest.empty()) {
        const std::string_view one = take_element(rest, ';');
        const std::size_t equals = one.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = trim(one.substr(0, equals));
        if (same(name, "name") && !has_name) {
            head.name = unquoted(trim(one.substr(equals + 1)));
            has_name = true;
        } else if (same(name, "filename") && !head.filename) {
            head.filename = unquoted(trim(one.substr(equals + 1)));
        }
    }
    if (!has_name) malformed("a part has no name");
    head.type = fields.get("Content-Type").value_or("");
    head.headers = std::move(fields);
    return head;
}

}  // namespace

multipart_parser::multipart_parser(std::string_view boundary, multipart_limits limits)
    : limits_(limits), delimiter_("\r\n--"), buffer_("\r\n")  // the first delimiter may lack it
{
    delimiter_ += boundary;
}

void multipart_parser::feed(std::span<const std::byte> piece)
{
    if (state_ == state::end) return;
    buffer_.erase(0, at_);
    at_ = 0;
    buffer_.append(as_text(piece));
}

multipart_parser::event multipart_parser::next()
{
    for (;;) {
        switch (state_) {
            case state::preamble: {
                const std::size_t found = rest().find(delimiter_);
                const std::size_t keep = std::min(rest().size(), delimiter_.size() - 1);
                const std::size_t step =
                    found == std::string_view::npos ? rest().size() - keep : found;
                at_ += step;
                skipped_ += step;
                if (skipped_ > limits_.preamble_bytes) {
                    throw limit_error("preamble_bytes", limits_.preamble_bytes);
                }
                if (found == std::string_view::npos) return event::none;
                at_ += delimiter_.size();
                state_ = state::delimiter;
                break;
            }
            case state::delimiter:
                if (!read_delimiter_end()) return event::none;
                if (state_ == state::end) return event::end;
                break;
            case state::head: return read_head();
            case state::body: return read_body();
            case state::end: return event::none;
        }
    }
}

// What follows a boundary: dashes after the last one, else blanks and a line end.
bool multipart_parser::read_delimiter_end()
{
    while (!rest().empty() && is_blank(rest().front())) {
        ++at_;
        if (++skipped_ > limits_.preamble_bytes) {
            throw limit_error("preamble_bytes", limits_.preamble_bytes);
        }
    }
    if (rest().size() < 2) return false;
    if (rest().starts_with("--")) {
        state_ = state::end;
        buffer_.clear();
        at_ = 0;
        return true;
    }
    if (!rest().starts_with("\r\n")) malformed("something follows a boundary");
    // The line end stays: a part without fields has its empty line right here.
    if (++parts_ > limits_.parts) throw limit_error("parts", limits_.parts);
    scanned_ = 0;
    state_ = state::head;
    return true;
}

multipart_parser::event multipart_parser::read_head()
{
    const std::size_t end = rest().find("\r\n\r\n", scanned_);
    const std::size_t seen = end == std::string_view::npos ? rest().size() : end;
    if (seen > limits_.part_head_bytes) {
        throw limit_error("part_head_bytes", limits_.part_head_bytes);
    }
    if (end == std::string_view::npos) {
        scanned_ = seen < 3 ? 0 : seen - 3;
        return event::none;
    }
    codec_limits limits;
    limits.head_fields = limits_.part_head_fields;
    headers fields;
    field_parser::parse(rest().substr(2, end + 2), side::request, limits, fields);
    head_ = read_fields(std::move(fields));
    // The empty line's end may begin the next delimiter: a part may be empty.
    at_ += end + 2;
    state_ = state::body;
    is_fresh_ = true;
    return event::part;
}

multipart_parser::event multipart_parser::read_body()
{
    const std::size_t skip = is_fresh_ ? 2 : 0;
    const std::size_t found = rest().find(delimiter_);
    std::size_t end = found;
    if (found == std::string_view::npos) {
        // What may be the beginning of a delimiter stays.
        const std::size_t keep = delimiter_.size() - 1;
        end = rest().size() < keep ? 0 : rest().size() - keep;
        if (end <= skip) return event::none;
    }
    if (end > skip) {
        data_ = as_bytes(rest().substr(skip, end - skip));
        is_fresh_ = false;
        at_ += end;
        return event::data;
    }
    at_ += found + delimiter_.size();
    state_ = state::delimiter;
    return event::part_end;
}

std::string multipart_boundary(const headers& fields)
{
    const media_type type(fields.get("Content-Type").value_or(""));
    if (type.essence() != "multipart/form-data") {
        throw problem(status::unsupported_media_type, "the body is not multipart/form-data");
    }
    const std::string_view boundary = type.parameter("boundary");
    const bool is_fit = !boundary.empty() && boundary.size() <= 70 && is_field_value(boundary);
    if (!is_fit) throw problem(status::bad_request, "the boundary is missing or malformed");
    return std::string(boundary);
}

}  // namespace ferry::http::detail
