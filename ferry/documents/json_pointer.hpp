#pragma once

#include "ferry/core/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::json {

/// A JSON Pointer (RFC 6901), read once and used often. As Python's `jsonpointer.JsonPointer`.
///
///     const json::pointer price{"/items/0/price"};
///     price.at(doc) = 9.5;
///     (json::pointer{} / "a/b" / 0).text();       // /a~1b/0
///
/// For a single use, `value::find("/items/0/price")` is enough.
class pointer {
public:
    /// The whole document.
    pointer() = default;
    /// \throws ferry::parse_error  it is neither empty nor begins with `/`, or has a `~` that is
    ///                             not part of `~0` or `~1`.
    explicit pointer(std::string_view text);
    static std::optional<pointer> try_parse(std::string_view text);
    /// Reads the form of a URI fragment, `#/a%20b`, with or without the `#`.
    /// \throws ferry::parse_error
    static pointer of_fragment(std::string_view fragment);

    pointer& append(std::string_view name);
    pointer& append(std::size_t index) { return append(std::to_string(index)); }
    template <class T>
    friend pointer operator/(pointer at, const T& token)
    {
        at.append(token);
        return at;
    }

    /// Its parts, unescaped.
    const std::vector<std::string>& tokens() const noexcept { return tokens_; }
    bool empty() const noexcept { return tokens_.empty(); }
    /// Everything but the last part. This pointer must not be empty.
    pointer parent() const;
    /// Whether `other` is this place or lies below it.
    bool contains(const pointer& other) const noexcept;

    std::string text() const;
    /// `#` and the percent-encoded text.
    std::string fragment() const;

    /// The value there, or null. An index has no leading zeros; `-`, which is the place behind the
    /// last element, is never found.
    const value* find(const value& root) const;
    const value* find(value&&) const = delete;
    /// \throws lookup_error
    const value& at(const value& root) const;
    value& at(value& root) const;

    friend bool operator==(const pointer&, const pointer&) = default;

private:
    std::vector<std::string> tokens_;
};

/// One part of a pointer: `~` becomes `~0`, `/` becomes `~1`.
std::string escape_pointer(std::string_view token);

namespace detail {

/// An array index as RFC 6901 writes it, or nothing.
std::optional<std::size_t> array_index(std::string_view token) noexcept;

}  // namespace detail

}  // namespace ferry::json
