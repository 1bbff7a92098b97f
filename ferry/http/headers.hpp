#pragma once

#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/http/header_values.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::http {

class request_options;

namespace detail {
class field_parser;
}

/// One header field; views into the `headers` it came from.
struct header_field {
    std::string_view name;
    std::string_view value;
};

/// The fields of a message: an ordered multi-map whose names compare without case. As Requests'
/// CaseInsensitiveDict, but a name may come more than once (RFC 9110 section 5).
///
///     co_await http::get(url, http::headers("Accept", "text/csv", "X-Trace", id));
///
/// As an option of a request, it overrides the session's fields by name. Views returned stay valid
/// until the next change. Cost: one string holds all text; look-up is linear. Thread-safety: as
/// std::string.
class headers {
public:
    headers() = default;

    /// Names and values in turn. \throws error as `add`.
    template <class... Rest>
    headers(std::string_view name, std::string_view value, const Rest&... rest)
    {
        static_assert(sizeof...(rest) % 2 == 0, "headers() takes names and values in turn");
        add_pairs(name, value, rest...);
    }

    /// The first value of `name`.
    std::optional<std::string_view> get(std::string_view name) const noexcept;

    /// The first value of `name`. \throws lookup_error without one.
    std::string_view operator[](std::string_view name) const;

    /// The values of `name`, in order.
    std::vector<std::string_view> get_all(std::string_view name) const;

    /// All values of `name`, separated by ", "; not meant for Set-Cookie, whose values hold commas.
    std::string joined(std::string_view name) const;

    bool contains(std::string_view name) const noexcept { return get(name).has_value(); }

    /// Appends a field. \throws error with errc::bad_header if the name is not a token or the value
    /// holds CR, LF, NUL or another control character; blanks around the value are dropped.
    void add(std::string_view name, std::string_view value);

    /// Replaces every field of that name by one. \throws as `add`.
    void set(std::string_view name, std::string_view value);

    /// Removes every field of that name; the number removed.
    std::size_t erase(std::string_view name) noexcept;

    std::size_t size() const noexcept { return fields_.size(); }
    bool empty() const noexcept { return fields_.empty(); }
    void clear() noexcept;

    class iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = header_field;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = header_field;

        iterator() = default;
        header_field operator*() const noexcept { return owner_->field(index_); }
        iterator& operator++() noexcept
        {
            ++index_;
            return *this;
        }
        iterator operator++(int) noexcept
        {
            iterator before = *this;
            ++index_;
            return before;
        }
        bool operator==(const iterator& other) const noexcept { return index_ == other.index_; }

    private:
        friend class headers;
        iterator(const headers* owner, std::size_t index) : owner_(owner), index_(index) {}

        const headers* owner_ = nullptr;
        std::size_t index_ = 0;
    };

    iterator begin() const noexcept { return {this, 0}; }
    iterator end() const noexcept { return {this, fields_.size()}; }

    /// What the fields of these names say; empty without them, or if they make no sense.
    media_type content_type() const;
    http::content_disposition content_disposition() const;
    links link() const;  ///< as written; response::links resolves them
    http::cache_control cache_control() const;
    std::optional<entity_tag> etag() const;
    std::optional<timestamp> date() const;
    std::optional<timestamp> last_modified() const;
    /// From `now` on, at least 0: Retry-After holds seconds or a date.
    std::optional<std::chrono::seconds> retry_after(timestamp now = ferry::now()) const;

    void apply_to(request_options& to) const;

    /// The same fields in the same order; names without case.
    friend bool operator==(const headers& a, const headers& b) noexcept;

private:
    friend class detail::field_parser;

    struct place {
        std::uint32_t name;
        std::uint32_t value;
        std::uint32_t name_size;
        std::uint32_t value_size;
    };

    header_field field(std::size_t index) const noexcept
    {
        const place& p = fields_[index];
        return {{text_.data() + p.name, p.name_size}, {text_.data() + p.value, p.value_size}};
    }

    void add_pairs() {}

    template <class... Rest>
    void add_pairs(std::string_view name, std::string_view value, const Rest&... rest)
    {
        add(name, value);
        add_pairs(rest...);
    }

    std::string text_;
    std::vector<place> fields_;
};
static_assert(awaitable_argument<headers>);

}  // namespace ferry::http
