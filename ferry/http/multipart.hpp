#pragma once

#include "ferry/core/error.hpp"
#include "ferry/http/body.hpp"
#include "ferry/http/headers.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http {

/// One part of a multipart/form-data body: what an HTML form has one field for. Made by field() and
/// file().
class part {
public:
    part(std::string_view name, body content) : name_(name), content_(std::move(content)) {}

    /// Sent as the name of a file; without one, the part is a plain field.
    part& filename(std::string_view name)
    {
        filename_ = name;
        return *this;
    }
    /// The part's Content-Type.
    part& type(std::string_view media_type)
    {
        type_ = media_type;
        return *this;
    }
    /// One more header field of the part. \throws error with errc::bad_header
    part& header(std::string_view name, std::string_view value)
    {
        headers_.add(name, value);
        return *this;
    }

    const body& content() const noexcept { return content_; }

    /// The part's head, with the empty line. \throws error with errc::bad_header
    std::string head() const;

private:
    std::string name_;
    std::string filename_;
    std::string type_;
    http::headers headers_;
    body content_;
};
static_assert(awaitable_argument<part>);

/// A plain field. As `data={name: value}` beside Requests' `files=`.
part field(std::string_view name, std::string_view value);
part field(std::string_view name, bool value);
template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>)
part field(std::string_view name, Number value)
{
    std::string text;
    if constexpr (std::integral<Number>) {
        text = std::to_string(value);
    } else {
        text = detail::number_text(static_cast<double>(value));
    }
    return field(name, std::string_view(text));
}
inline part field(std::string_view name, const char* value)
{
    return field(name, std::string_view(value));
}
/// A field of another type: `field("meta", http::json(about))`.
part field(std::string_view name, body content);

/// A file from the disk, which is read while it is sent. Its name and type go with it, the type by
/// its extension. As Requests' `files={name: open(path, 'rb')}`.
///
///     file("f", "report.csv").filename("n é.csv").type("text/csv").header("X-H", "1")
///
/// \throws error  the file cannot be opened.
part file(std::string_view name, const std::string& path);
/// A file that is in memory, or made while it is sent.
part file(std::string_view name, std::string_view filename, body content);

/// A multipart/form-data body (RFC 7578): the parts in their order, between random boundaries of
/// 128 bits; names are quoted as browsers do. Content-Length is sent if every part's length is
/// known, else the body is chunked. Sent again on a redirect if every part can be.
///
///     co_await api.post("/upload", http::multipart(http::field("k", "v"), http::file("f", path)));
///
/// Copies share the parts' files and sources: one of them can be sent at a time.
body multipart(std::vector<part> parts);

template <std::same_as<part>... Parts>
body multipart(const part& first, const Parts&... rest)
{
    std::vector<part> all;
    all.reserve(1 + sizeof...(rest));
    all.push_back(first);
    (all.push_back(rest), ...);
    return multipart(std::move(all));
}

}  // namespace ferry::http
