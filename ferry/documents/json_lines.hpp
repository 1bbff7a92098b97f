#pragma once

#include "ferry/documents/json.hpp"
#include "ferry/documents/json_pull.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// \file
/// Many documents in one text, file or connection: one a line (NDJSON, JSON Lines), one after
/// another, or each behind a record separator (RFC 7464).
///
///     std::ifstream file("trades.jsonl");
///     for (const trade& t : json::lines<trade>(file)) total += t.price;     // constant memory
namespace ferry::json {

namespace detail {
struct framer;
}  // namespace detail

/// How documents are told apart.
enum class framing : std::uint8_t {
    lines,         ///< one a line; blank lines are skipped
    concatenated,  ///< one after another, white space in between as one likes; no JSON5
    sequence,      ///< RFC 7464: each begins with U+001E and ends with a line feed
};

/// Setters chain: `lines_options().skip_bad()`.
class lines_options {
public:
    static constexpr std::size_t default_max_line_bytes = 64UL << 20;

    lines_options() = default;
    lines_options(const parse_options& parse) : parse_{parse} {}

    /// How each document is read.
    lines_options& parse(const parse_options& options) { return parse_ = options, *this; }
    lines_options& framing(json::framing kind) noexcept { return framing_ = kind, *this; }
    /// A document that is bad, does not fit T or is too long is counted and left out instead of
    /// being an error. Documents that follow one another have no place to go on from: there the
    /// first bad one ends the input.
    lines_options& skip_bad(bool on = true) noexcept { return skip_bad_ = on, *this; }
    /// Bytes of one document; more is limit_error. 64 MiB by default.
    lines_options& max_line_bytes(std::size_t size) noexcept
    {
        return max_line_bytes_ = size, *this;
    }

private:
    friend class document_reader;
    friend struct detail::framer;
    parse_options parse_;
    std::size_t max_line_bytes_ = default_max_line_bytes;
    json::framing framing_ = json::framing::lines;
    bool skip_bad_ = false;
};

/// Takes bytes as they arrive and gives the documents that are complete: what sockets and
/// decompressors drive.
///
///     json::document_reader reader;
///     while (auto piece = co_await stream.read_some()) {
///         reader.feed(*piece);
///         while (auto v = reader.next()) handle(*v);
///     }
///     reader.finish();
///     while (auto v = reader.next()) handle(*v);
///
/// Memory: one document, and what was fed beyond it. After an error the next document follows.
class document_reader {
public:
    explicit document_reader(lines_options options = lines_options());
    /// \param whole  all the input; must stay valid while it is read.
    document_reader(std::string_view whole, lines_options options);
    document_reader(document_reader&&) noexcept;
    document_reader& operator=(document_reader&&) noexcept;
    ~document_reader();

    void feed(std::string_view bytes);
    void feed(std::span<const std::byte> bytes) { feed(as_text(bytes)); }
    /// There is no more: what is left is the last document.
    void finish() noexcept;
    /// finish() was called and everything was taken.
    bool at_end() const noexcept;

    /// The next document; nothing if none is complete yet.
    /// \throws parse_error  with line and column in the whole input.
    /// \throws type_error, range_error, lookup_error  `line 7: $.price: expected number, ...`.
    /// \throws limit_error  `max_line_bytes`, and those of `parse`.
    template <class T = value>
    std::optional<T> next()
    {
        while (const auto text = next_text()) {
            std::optional<T> made;
            try {
                if constexpr (std::same_as<T, value>) {
                    made.emplace(json::parse(*text, options_.parse_));
                } else {
                    made.emplace(json::parse<T>(*text, options_.parse_));
                }
            } catch (const error&) {
                if (!skips()) fail<T>(*text);
            }
            if (made) return made;
        }
        return std::nullopt;
    }

    /// Documents left out because of `skip_bad`.
    std::size_t bad() const noexcept;

private:
    /// The next document's text, valid until the next call or feed.
    std::optional<std::string_view> next_text();
    bool skips();
    [[noreturn]] void rethrow() const;

    /// Reads it again, in the way that gives the best errors.
    template <class T>
    [[noreturn]] void fail(std::string_view text) const
    {
        try {
            const value parsed = json::parse(text, options_.parse_);
            if constexpr (!std::same_as<T, value>) from_value<T>(parsed);
        } catch (const error&) {
            rethrow();
        }
        throw error{errc::invalid_state, "json: a document was read in two ways"};
    }

    lines_options options_;
    std::unique_ptr<detail::framer> framer_;
};

/// The documents of a text, a file or any other source, as values or as any type that describe.hpp
/// maps. A text may be walked several times, one walk at a time; all else once.
template <class T = value>
class lines {
public:
    using source = json::source;
    using iterator = detail::pull_iterator<T, document_reader>;

    /// \param text  must stay valid while it is read.
    explicit lines(std::string_view text, lines_options options = lines_options())
        : text_{text},
          options_{std::move(options)},
          from_{std::make_shared<pull>(document_reader{text, options_}, source())}
    {
    }
    /// \param in  must stay valid; a read that fails throws error std::errc::io_error.
    explicit lines(std::istream& in, lines_options options = lines_options())
        : lines{detail::source_of(in), std::move(options)}
    {
    }
    explicit lines(source from, lines_options options = lines_options())
        : from_{std::make_shared<pull>(document_reader{std::move(options)}, std::move(from))}
    {
    }

    iterator begin() const
    {
        if (!from_->has_source()) from_->reader() = document_reader{text_, options_};
        return iterator{*from_};
    }
    iterator end() const { return {}; }

    /// Documents left out so far because of `skip_bad`.
    std::size_t bad() const noexcept { return from_->reader().bad(); }

private:
    using pull = detail::pull<document_reader>;

    std::string_view text_;
    lines_options options_;
    std::shared_ptr<pull> from_;
};

/// Writes documents that `lines` reads, one a line or, for framing::sequence, as RFC 7464 wants:
///
///     json::lines_writer out([&file](std::string_view line) { file << line; });
///     for (const trade& t : trades) out.write(t);
class lines_writer {
public:
    /// \param to     receives each document with what frames it, at once.
    /// \param style  without an indent, which would break lines apart.
    explicit lines_writer(std::function<void(std::string_view)> to,
                          dump_options style = dump_options(), framing kind = framing::lines)
        : sink_{std::move(to)}, style_{std::move(style)}, framing_{kind}
    {
    }

    /// Any value, described struct or container. \throws type_error, limit_error  as `dump`
    template <class T>
    void write(const T& v)
    {
        write_text(dump(v, style_));
    }

private:
    void write_text(std::string_view document);

    std::function<void(std::string_view)> sink_;
    dump_options style_;
    framing framing_;
};

}  // namespace ferry::json
