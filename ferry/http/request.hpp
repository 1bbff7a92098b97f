#pragma once

#include "ferry/core/buffer.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/url_query.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/headers.hpp"

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

/// What a server received: the argument of its handlers.
class request {
public:
    std::string method;
    std::string target;  ///< as sent: path and query, or `*`
    http::headers headers;
    buffer content;
    std::string peer;  ///< the client's address, `127.0.0.1:50312`

    /// The path, decoded: valid UTF-8, without NUL, with dot segments resolved.
    const std::string& path() const noexcept { return path_; }

    /// The value of `{name}` in the route's pattern. \throws lookup_error  there is none.
    std::string_view path(std::string_view name) const;

    /// The same as a number. \throws problem with status 404  it does not fit.
    template <std::integral T>
    T path(std::string_view name) const
    {
        return number<T>(path(name), 404);
    }

    /// The pairs of the query, decoded.
    const ferry::query_pairs& query() const noexcept { return query_; }

    /// The first value of a name in the query.
    std::optional<std::string_view> query(std::string_view name) const noexcept
    {
        return query_.find(name);
    }
    /// The same as a number. \throws problem with status 400  it is none, or does not fit.
    template <std::integral T>
    std::optional<T> query(std::string_view name) const
    {
        const auto text = query_.find(name);
        if (!text) return std::nullopt;
        return number<T>(*text, 400);
    }

    std::span<const std::byte> bytes() const& noexcept { return content.span(); }
    std::string_view text() const& noexcept { return content.text(); }
    /// \throws problem with status 400  the body is not such JSON.
    value json() const { return json<value>(); }
    template <class T>
    T json() const
    {
        try {
            if constexpr (std::same_as<T, value>) {
                return ferry::json::parse(content.text());
            } else {
                return ferry::json::parse<T>(content.text());
            }
        } catch (const error& e) {
            throw problem(400, e.what());
        }
    }

private:
    friend class request_access;

    template <class T>
    static T number(std::string_view text, int status)
    {
        T n{};
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
        if (failed != std::errc() || end != text.data() + text.size()) {
            throw problem(status, "not a number that fits");
        }
        return n;
    }

    std::string path_;
    ferry::query_pairs query_;
    std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace ferry::http
