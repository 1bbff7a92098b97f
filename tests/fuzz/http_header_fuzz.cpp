// Values that are parsed on sight: ranges, conditions, media types, codings, file names, links.
#include "ferry/core/error.hpp"
#include "ferry/http/detail/content_decoder.hpp"
#include "ferry/http/detail/download.hpp"
#include "ferry/http/detail/range.hpp"
#include "ferry/http/detail/static_files.hpp"
#include "ferry/http/multipart.hpp"
#include "ferry/http/response.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace ferry::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto asked = detail::parse_range(input, 1000);
    for (const auto& r : asked.ranges) {
        if (r.size == 0 || r.first + r.size > 1000) std::abort();
    }
    const media_type type(input);
    static_cast<void>(type.parameter("charset"));
    const content_disposition disposition(input);
    const std::string saved = safe_filename(disposition.filename().value_or(std::string(input)));
    if (saved.find('/') != saved.npos || saved.starts_with('.') || saved.size() > 255) std::abort();
    for (const link_value& l : parse_links(input)) {
        if (l.url.find('>') != std::string::npos) std::abort();
    }
    static_cast<void>(cache_control(input).max_age());
    if (const auto tag = parse_entity_tag(input)) {
        if (parse_entity_tag(tag->text()) != tag) std::abort();
    }
    try {
        // However a part is named, its head stays three lines.
        const std::string head = field(input, "x").filename(input).head();
        if (head.find("\r\n\r\n") != head.size() - 4) std::abort();
    } catch (const ferry::error&) {
    }
    if (const auto part = detail::parse_content_range(input)) {
        if (part->total && part->first + part->size > *part->total) std::abort();
    }
    headers fields;
    try {
        for (const char* name : {"If-None-Match", "If-Range", "If-Modified-Since", "If-Match",
                                 "Accept-Encoding", "Content-Encoding"}) {
            fields.add(name, input);
        }
        const detail::validators now{"\"a\"", ferry::timestamp()};
        static_cast<void>(detail::check_preconditions(fields, true, now));
        static_cast<void>(detail::if_range_holds(fields, now));
        static_cast<void>(detail::accepts_coding(fields, "gzip"));
        static_cast<void>(detail::content_decoder::for_headers(fields));
    } catch (const ferry::error&) {
    }
    return 0;
}
