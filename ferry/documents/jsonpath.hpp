#pragma once

#include "ferry/core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// JSONPath (RFC 9535), complete: every selector, filters, `length count match search value`,
/// I-Regexp (RFC 9485) and normalised paths.
///
///     const auto cheap = jsonpath::compile("$.store.book[?@.price < 10].title");
///     for (const value& title : cheap.select(doc)) print_line(title.as<std::string_view>());
///     for (const auto& found : cheap.select(doc)) print_line(found.path());   // $['store']...
namespace ferry::jsonpath {

inline constexpr std::size_t max_query_bytes = 64UL << 10;
inline constexpr std::size_t max_nesting = 128;
inline constexpr std::uint64_t default_max_steps = 100'000'000;

namespace detail {
struct query;
class cursor;
}  // namespace detail

/// A value that a query found, and where. Valid until its iterator moves on.
class node {
public:
    const ferry::value& value() const noexcept { return *value_; }
    operator const ferry::value&() const noexcept { return *value_; }

    /// Its normalised path, such as `$['store']['book'][0]`. RFC 9535 section 2.7.
    std::string path() const;
    /// The same as a JSON Pointer, such as `/store/book/0`. RFC 6901.
    std::string pointer() const;

private:
    friend class selection;
    const ferry::value* value_ = nullptr;
    const detail::cursor* from_ = nullptr;
};

/// A value and its normalised path, to be kept. The value lives in the document.
struct located {
    std::string path;
    const ferry::value* found;
};

/// What a query finds in one document, found one by one as it is asked for; it can be walked once.
///
/// Walking throws limit_error `max_steps` when more children were looked at than allowed, and
/// `max_regexp_program` when a regular expression of the document is too large for RE2.
class selection {
public:
    selection(selection&&) noexcept;
    selection& operator=(selection&&) noexcept;
    ~selection();

    /// Children that filters and wildcards may look at, 100 million by default.
    selection& max_steps(std::uint64_t count) & noexcept;
    selection&& max_steps(std::uint64_t count) && noexcept;

    /// Moves to the next node. \returns false at the end.
    bool next();
    /// The node that `next()` moved to.
    const node& current() const noexcept { return current_; }

    class iterator {
    public:
        using value_type = node;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;

        iterator() = default;
        explicit iterator(selection* from) : from_{from} { ++*this; }
        const node& operator*() const noexcept { return from_->current(); }
        const node* operator->() const noexcept { return &from_->current(); }
        iterator& operator++()
        {
            if (!from_->next()) from_ = nullptr;
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(iterator, iterator) = default;

    private:
        selection* from_ = nullptr;
    };
    iterator begin() { return iterator{this}; }
    iterator end() const noexcept { return {}; }

    /// The rest: copies of the values, paths, or both.
    std::vector<ferry::value> values();
    std::vector<std::string> paths();
    std::vector<located> all();
    std::size_t count();
    /// The next value in the document, null if there is none.
    const ferry::value* first();

private:
    friend class expression;
    selection(std::shared_ptr<const detail::query> query, const ferry::value& root);

    std::unique_ptr<detail::cursor> cursor_;
    node current_;
};

/// A compiled query. Copies share it; any number of threads may use it at once.
class expression {
public:
    /// Nodes in the order of RFC 9535, members of objects in their order in the document.
    /// \param root  must stay valid and unchanged while the selection is walked.
    selection select(const value& root) const;
    selection select(value&&) const = delete;

    /// Finds one node at most: only names and indexes. RFC 9535 section 2.3.5.1.
    bool is_singular() const noexcept;
    const std::string& text() const noexcept;

private:
    friend expression compile(std::string_view query);
    explicit expression(std::shared_ptr<const detail::query> query) : query_{std::move(query)} {}

    std::shared_ptr<const detail::query> query_;
};

/// Compiles a query. Cost: linear.
/// \throws parse_error  it is not well-formed or not well-typed; with its offset.
/// \throws limit_error  `max_query_bytes`, `max_nesting`, `max_regexp_program`.
expression compile(std::string_view query);

/// Compiles and selects at once, for queries that are used once.
selection select(const value& root, std::string_view query);
selection select(value&&, std::string_view) = delete;

}  // namespace ferry::jsonpath
