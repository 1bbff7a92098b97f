#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/compress/codec.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/core/error.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/headers.hpp"
#include "ferry/http/params.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

class request_options;

/// A body that is made, or read from somewhere, while it is being sent.
class body_source {
public:
    virtual ~body_source() = default;

    /// The next part; an empty one ends the body.
    virtual awaitable<buffer> next() = 0;

    /// Bytes in all, if known beforehand: the body then goes out with a Content-Length, otherwise
    /// chunked. Giving another number of bytes than promised fails the request.
    virtual std::optional<std::uint64_t> length() const = 0;

    /// Goes back to the start, for a redirect or a second attempt. False: cannot.
    virtual bool rewind() = 0;

    /// Fields that follow a chunked body, asked for once it has ended. The request's Trailer field
    /// should announce them.
    virtual headers trailers() const { return {}; }
};

/// What a message carries, and the Content-Type that names it. Cheap to copy. As an option of a
/// request, it is the request's body; a server's handler returns it as a response of status 200.
///
///     co_await api.post("/orders", http::json(order));
///     co_await api.put("/raw", http::body(std::move(data), "application/octet-stream"));
class body {
public:
    body() = default;

    /// \param content_type  none is sent if it is empty, as Requests' `data=b'...'`.
    explicit body(buffer data, std::string content_type = {})
        : data_(std::move(data)), content_type_(std::move(content_type)), present_(true)
    {
    }
    explicit body(std::string_view text, std::string content_type = {})
        : body(buffer::copy(text), std::move(content_type))
    {
    }
    explicit body(const char* text, std::string content_type = {})
        : body(std::string_view(text), std::move(content_type))
    {
    }
    explicit body(std::string text, std::string content_type = {})
        : body(buffer(std::move(text)), std::move(content_type))
    {
    }
    explicit body(ferry::bytes data, std::string content_type = {})
        : body(buffer(std::move(data)), std::move(content_type))
    {
    }
    /// One after another, without putting them together.
    explicit body(std::vector<buffer> pieces, std::string content_type = {});
    explicit body(std::shared_ptr<body_source> source, std::string content_type = {})
        : source_(std::move(source)), content_type_(std::move(content_type)), present_(true)
    {
    }

    bool present() const noexcept { return present_; }
    const buffer& data() const noexcept { return data_; }
    /// Null for a body that is in memory.
    const std::shared_ptr<body_source>& source() const noexcept { return source_; }
    const std::string& content_type() const noexcept { return content_type_; }

    /// The coding that was put on the body, and that Content-Encoding names; empty for none.
    const std::string& content_encoding() const noexcept { return content_encoding_; }

    /// The same content in a coding: gzip, zstd... A body in memory is coded at once; one that
    /// streams, while it is sent, and chunked.
    body compressed(compress::codec with, std::optional<int> level = std::nullopt) const;

    /// The same content from another source.
    body with_source(std::shared_ptr<body_source> source) const;

    /// \throws error  the request has a body already.
    void apply_to(request_options& to) const;

private:
    buffer data_;
    std::shared_ptr<body_source> source_;
    std::string content_type_;
    std::string content_encoding_;
    bool present_ = false;
};
static_assert(awaitable_argument<body>);

/// A value, or any described struct, as compact UTF-8 JSON. As Requests' `json=`.
template <class T>
body json(const T& value)
{
    return body(ferry::json::dump(value), "application/json");
}

/// Names and values in turn, as an HTML form sends them. As Requests' `data={...}`.
template <class... Pairs>
body form(const Pairs&... pairs)
{
    return body(params(pairs...).encoded(), "application/x-www-form-urlencoded");
}

/// UTF-8 text, for servers.
inline body text(std::string content)
{
    return body(std::move(content), "text/plain; charset=utf-8");
}
inline body html(std::string content)
{
    return body(std::move(content), "text/html; charset=utf-8");
}

/// A file, or a part of it, read while it is sent. Without a Content-Type, as Requests'
/// `data=open(path, 'rb')`.
/// \param length  from `offset` on; to the end of the file without it.
/// \throws error  the file cannot be opened, or is no plain file, or shorter than that.
body from_file(const std::string& path, std::uint64_t offset = 0,
               std::optional<std::uint64_t> length = std::nullopt);

/// Sends the request's body in a coding, with Content-Encoding; few servers know how to take one.
///
///     co_await api.post("/logs", http::body(text), http::compress_body(compress::codec::zstd));
class compress_body {
public:
    explicit compress_body(compress::codec with, std::optional<int> level = std::nullopt)
        : codec_(with), level_(level)
    {
    }
    body operator()(const body& plain) const { return plain.compressed(codec_, level_); }
    void apply_to(request_options& to) const;

private:
    compress::codec codec_;
    std::optional<int> level_;
};

/// A body from a function that returns its next part each time, empty at the end. It can be sent
/// once only, so a redirect that keeps it fails. As a generator given to Requests' `data=`.
/// \param length  bytes in all; without it the body is sent chunked.
body generator(std::function<awaitable<buffer>()> next, std::string content_type = {},
               std::optional<std::uint64_t> length = std::nullopt);

}  // namespace ferry::http
