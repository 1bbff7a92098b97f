#pragma once

#include "ferry/documents/json.hpp"
#include "ferry/documents/json_pull.hpp"

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// \file
/// Parts of a document that is larger than memory:
///
///     std::ifstream file("export.json");
///     for (const order& o : json::stream<order>(file, "$.items[*]")) total += o.price;
namespace ferry::json {

/// Setters chain: `stream_options().max_element_bytes(1 << 20)`.
class stream_options {
public:
    static constexpr std::size_t default_max_element_bytes = 64UL << 20;

    stream_options() = default;
    stream_options(const parse_options& parse) : parse_{parse} {}

    /// How each element is read, and how deep the document may be nested.
    stream_options& parse(const parse_options& options) { return parse_ = options, *this; }
    /// Bytes of one element, and of one string or number outside of them; more is limit_error.
    stream_options& max_element_bytes(std::size_t size) noexcept
    {
        return max_element_bytes_ = size, *this;
    }

private:
    friend class element_reader;
    friend struct detail::element_scanner;
    parse_options parse_;
    std::size_t max_element_bytes_ = default_max_element_bytes;
};

/// Takes the bytes of one document as they arrive and gives the values at a path. Everything else
/// is checked and forgotten: memory holds one element, not the document.
///
/// The path is that part of JSONPath that can be told from what came before: `$`, names, wildcards,
/// indexes and slices that do not count from the end, step forwards, one selector a segment:
/// `$.a['b'][*].c[0:100]`. Elements come in the order of the document; of equal names all are
/// given.
class element_reader {
public:
    /// \throws parse_error  the path is no JSONPath.
    /// \throws error        errc::unsupported: it cannot be streamed; the text says why.
    explicit element_reader(std::string_view path, stream_options options = stream_options());
    element_reader(element_reader&&) noexcept;
    element_reader& operator=(element_reader&&) noexcept;
    ~element_reader();

    /// UTF-8.
    void feed(std::string_view bytes);
    void feed(std::span<const std::byte> bytes) { feed(as_text(bytes)); }
    /// There is no more: a document that is not complete is then an error.
    void finish() noexcept;
    /// finish() was called, and the document is complete.
    bool at_end() const noexcept;

    /// The next element; nothing if none is complete yet.
    /// \throws parse_error  also for the parts in between; line and column in the whole document.
    /// \throws type_error, range_error, lookup_error  with path and line.
    /// \throws limit_error  `max_element_bytes`, `max_depth`, `max_digits`.
    /// After an error the reader is unusable, except that after an element that does not fit T
    /// the next one follows.
    template <class T = value>
    std::optional<T> next()
    {
        const auto text = next_text();
        if (!text) return std::nullopt;
        try {
            const value parsed = json::parse(*text, options_.parse_);
            if constexpr (std::same_as<T, value>) {
                return parsed;
            } else {
                return from_value<T>(parsed);
            }
        } catch (const error&) {
            rethrow();
        }
    }

private:
    std::optional<std::string_view> next_text();
    [[noreturn]] void rethrow() const;

    stream_options options_;
    std::unique_ptr<detail::element_scanner> scanner_;
};

/// The values at a path in a file or any other source, to be walked once. As Python's
/// `ijson.items`.
template <class T = value>
class stream {
public:
    using source = json::source;
    using iterator = detail::pull_iterator<T, element_reader>;

    /// \param in  must stay valid; a read that fails throws error std::errc::io_error.
    stream(std::istream& in, std::string_view path, stream_options options = stream_options())
        : stream{detail::source_of(in), path, std::move(options)}
    {
    }
    stream(source from, std::string_view path, stream_options options = stream_options())
        : from_{element_reader{path, std::move(options)}, std::move(from)}
    {
    }

    iterator begin() { return iterator{from_}; }
    iterator end() const noexcept { return {}; }

private:
    detail::pull<element_reader> from_;
};

}  // namespace ferry::json
