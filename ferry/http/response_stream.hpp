#pragma once

#include "ferry/async/awaitable.hpp"
#include "ferry/core/buffer.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/response.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace ferry::http {

namespace detail {
class client_exchange;
class line_splitter;
}  // namespace detail

class body_chunks;
class body_lines;
template <class T>
class body_documents;

/// The longest line of a body that is read by lines.
inline constexpr std::size_t max_body_line_bytes = 16 * 1024 * 1024;

/// A response whose body is still on its way.
///
///     auto page = co_await api.stream("GET", "/dump");
///     while (auto part = co_await page.next()) file.write(part->span());
///
/// Destroyed early, it closes its connection; read to the end, the connection is kept for the next
/// request. As Requests' `stream=True`. With the option `decode(false)` the parts are those of
/// Requests' `raw`.
class response_stream {
public:
    explicit response_stream(std::unique_ptr<detail::client_exchange> exchange);
    response_stream(response_stream&&) noexcept;
    response_stream& operator=(response_stream&&) noexcept;
    ~response_stream();

    /// Status, headers, url and history; without a body.
    const response& head() const noexcept;

    /// The next part of the body, decoded; nothing at its end. Without a coding, what the socket
    /// gave is handed on uncopied. No limit on the whole; memory stays flat.
    /// \throws as session::request. Cancelled or failed: closed.
    awaitable<std::optional<buffer>> next();

    /// The rest of the body as a whole response. \throws limit_error `max_body_bytes`.
    awaitable<response> read();

    /// The rest of the body in other portions: each has an awaitable next() and must not outlive
    /// the stream.
    ///
    ///     auto rows = stream.json_lines<trade>();
    ///     while (auto row = co_await rows.next()) total += row->price;
    ///
    /// In pieces of `bytes`, the last of which may be smaller. As iter_content.
    body_chunks chunks(std::size_t bytes) &;
    /// In lines, without their ends, which are LF, CR LF or CR. As iter_lines.
    /// \throws limit_error `max_line_bytes` from next(): a line is longer than that.
    body_lines lines(std::size_t max_line_bytes = max_body_line_bytes) &;
    /// In JSON documents, one a line (NDJSON); blank lines are skipped.
    /// \throws as ferry::json::parse from next(); the message counts the lines.
    template <class T = value>
    body_documents<T> json_lines() &;

    /// Fields after a chunked body, once that has ended.
    const headers& trailers() const noexcept;

private:
    std::unique_ptr<detail::client_exchange> exchange_;
};

/// What response_stream::chunks() returns.
class body_chunks {
public:
    body_chunks(response_stream& from, std::size_t bytes) : from_(&from), bytes_(bytes) {}

    awaitable<std::optional<buffer>> next();

private:
    response_stream* from_;
    std::size_t bytes_;
    buffer rest_;
};

/// What response_stream::lines() returns.
class body_lines {
public:
    body_lines(response_stream& from, std::size_t max_line_bytes);
    body_lines(body_lines&&) noexcept;
    body_lines& operator=(body_lines&&) noexcept;
    ~body_lines();

    awaitable<std::optional<std::string>> next();

    /// Of the line that next() returned last, from 1.
    std::size_t number() const noexcept { return number_; }

private:
    response_stream* from_;
    std::unique_ptr<detail::line_splitter> splitter_;
    std::size_t number_ = 0;
    bool ended_ = false;
};

namespace detail {

/// The next line with something on it.
awaitable<std::optional<std::string>> next_document(body_lines* from);

/// Called in a handler: puts the line's number in front of the current error.
[[noreturn]] void rethrow_in_line(std::size_t number);

}  // namespace detail

/// What response_stream::json_lines() returns.
template <class T>
class body_documents {
public:
    explicit body_documents(response_stream& from) : lines_(from, max_body_line_bytes) {}

    awaitable<std::optional<T>> next()
    {
        const std::optional<std::string> line = co_await detail::next_document(&lines_);
        if (!line) co_return std::nullopt;
        co_return std::optional<T>(read(*line));
    }

private:
    T read(const std::string& line) const
    {
        try {
            if constexpr (std::same_as<T, value>) {
                return ferry::json::parse(line);
            } else {
                return ferry::json::parse<T>(line);
            }
        } catch (const error&) {
            detail::rethrow_in_line(lines_.number());
        }
    }

    body_lines lines_;
};

inline body_chunks response_stream::chunks(std::size_t bytes) &
{
    return {*this, bytes};
}
inline body_lines response_stream::lines(std::size_t max_line_bytes) &
{
    return {*this, max_line_bytes};
}
template <class T>
body_documents<T> response_stream::json_lines() &
{
    return body_documents<T>(*this);
}

}  // namespace ferry::http
