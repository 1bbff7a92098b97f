#pragma once

#include "ferry/core/error.hpp"

#include <concepts>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

namespace ferry::http {

class request_options;

namespace detail {

/// Appends `name=value` as the URL Standard's form serializer does: space becomes `+`.
void append_pair(std::string& to, std::string_view name, std::string_view value);

std::string number_text(double number);

template <class V>
void append_value(std::string& to, std::string_view name, const V& value)
{
    if constexpr (std::is_same_v<V, std::nullopt_t>) {
        static_cast<void>(to), static_cast<void>(name), static_cast<void>(value);
    } else if constexpr (std::is_convertible_v<const V&, std::string_view>) {
        append_pair(to, name, value);
    } else if constexpr (std::is_same_v<V, bool>) {
        append_pair(to, name, value ? "true" : "false");
    } else if constexpr (std::integral<V>) {
        append_pair(to, name, std::to_string(value));
    } else if constexpr (std::floating_point<V>) {
        append_pair(to, name, number_text(static_cast<double>(value)));
    } else if constexpr (std::ranges::range<V>) {
        for (const auto& element : value) append_value(to, name, element);
    } else {
        if (value.has_value()) append_value(to, name, *value);
    }
}

}  // namespace detail

/// The query of a URL: names and values in turn. Values may be text, numbers, bools (`true`,
/// `false`; Requests prints `True`), optionals, which are left out when empty, and ranges, which
/// repeat the name. Appended to the query that the URL has. As Requests' `params=`.
///
///     co_await http::get(url, http::params("q", "café", "page", 2, "tag", tags));
class params {
public:
    params() = default;

    template <class V, class... Rest>
    params(std::string_view name, const V& value, const Rest&... rest)
    {
        static_assert(sizeof...(rest) % 2 == 0, "params() takes names and values in turn");
        add_pairs(name, value, rest...);
    }

    /// A query as it is to be sent: `x=1&y`.
    static params raw(std::string_view query)
    {
        params p;
        p.encoded_ = query;
        return p;
    }

    template <class V>
    params& add(std::string_view name, const V& value)
    {
        detail::append_value(encoded_, name, value);
        return *this;
    }

    const std::string& encoded() const noexcept { return encoded_; }

    void apply_to(request_options& to) const;

private:
    void add_pairs() {}

    template <class V, class... Rest>
    void add_pairs(std::string_view name, const V& value, const Rest&... rest)
    {
        add(name, value);
        add_pairs(rest...);
    }

    std::string encoded_;
};
static_assert(awaitable_argument<params>);

/// A query that is sent as it is: `raw_query("x=1&y")`. As Requests' `params="x=1&y"`.
inline params raw_query(std::string_view query)
{
    return params::raw(query);
}

}  // namespace ferry::http
