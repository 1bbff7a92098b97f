#pragma once

#include "ferry/core/buffer.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/url_query.hpp"
#include "ferry/documents/json.hpp"
#include "ferry/http/body.hpp"
#include "ferry/http/error.hpp"
#include "ferry/http/headers.hpp"
#include "ferry/net/transport.hpp"

#include <charconv>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry::http {

namespace detail {

template <class T>
concept readable_text = std::integral<T> || std::floating_point<T> || std::same_as<T, std::string>;

/// \throws problem with `status`  the text is not a T.
template <readable_text T>
T read_text(std::string_view text, int status, std::string_view name)
{
    if constexpr (std::same_as<T, std::string>) {
        return std::string(text);
    } else if constexpr (std::same_as<T, bool>) {
        if (text == "true" || text == "1") return true;
        if (text == "false" || text == "0") return false;
    } else {
        T n{};
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
        if (failed == std::errc() && end == text.data() + text.size()) return n;
    }
    throw problem(status, std::string(name) + ": not a value that fits");
}

}  // namespace detail

/// What a server received: the argument of its handlers.
class request {
public:
    std::string method;
    std::string target;  ///< as sent: path and query, or `*`
    http::headers headers;
    buffer content;
    std::string peer;  ///< the client's address, `127.0.0.1:50312`
    std::string user;  ///< who it is, if a middleware such as require_password() has found out
    std::string id;    ///< what request_ids() calls this request

    /// The path, decoded: valid UTF-8, without NUL, with dot segments resolved.
    const std::string& path() const noexcept { return path_; }

    /// The value of `{name}` in the route's pattern. \throws lookup_error  there is none.
    std::string_view path(std::string_view name) const;

    /// The same as a number, a bool or a std::string. \throws problem with status 404  it is none.
    template <detail::readable_text T>
    T path(std::string_view name) const
    {
        return detail::read_text<T>(path(name), 404, name);
    }

    /// The pairs of the query, decoded.
    const ferry::query_pairs& query() const noexcept { return query_; }

    /// The first value of a name in the query.
    std::optional<std::string_view> query(std::string_view name) const noexcept
    {
        return query_.find(name);
    }
    /// The same as a number, a bool (`true`, `false`, `1`, `0`) or a std::string.
    /// \throws problem with status 400  it is none, or does not fit.
    template <detail::readable_text T>
    std::optional<T> query(std::string_view name) const
    {
        const auto text = query_.find(name);
        if (!text) return std::nullopt;
        return detail::read_text<T>(*text, 400, name);
    }

    /// The pairs of a form in the body, application/x-www-form-urlencoded. Forms with files:
    /// receive_form(). \throws problem with status 415  the Content-Type is another.
    ferry::query_pairs form() const;

    /// The value of a cookie; of several with that name the first.
    std::optional<std::string_view> cookie(std::string_view name) const noexcept;

    /// All of them, in the order sent.
    std::vector<std::pair<std::string_view, std::string_view>> cookies() const;

    /// What TLS has agreed on; null in the clear. Lives as long as the handler runs.
    const net::tls_info* tls() const noexcept { return tls_; }

    /// The client's certificate in PEM, verified by the server's tls_context; empty without.
    std::string_view peer_certificate() const noexcept
    {
        return tls_ == nullptr ? std::string_view() : std::string_view(tls_->peer_certificate);
    }

    /// The next piece of the body; empty at its end. For routes that stream the body: see
    /// route_options. Elsewhere the body is one piece.
    /// \throws problem  408, 413 or 400: too slow, too long, malformed or cut. Let it pass.
    awaitable<buffer> read();

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

    std::string path_;
    std::vector<std::string> segments_;  ///< of the path
    ferry::query_pairs query_;
    std::vector<std::pair<std::string, std::string>> parameters_;
    std::shared_ptr<body_source> source_;  ///< of a body that has not been read
    const net::tls_info* tls_ = nullptr;
};

}  // namespace ferry::http
