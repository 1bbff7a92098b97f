#pragma once

/// \file
/// JSON (RFC 8259) to and from `value` and described structs, as Python's `json`:
///
///     value v = json::parse(R"({"name": "pen", "price": 1.5})");
///     auto trades = json::parse<std::vector<trade>>(text);
///     // throws: $[3].price: expected number, got string (7:12)
///
///     std::string text = json::dump(v);   // {"name":"pen","price":1.5}
///     std::string same = json::dump(v, json::dump_options().python());   // as json.dumps(v)

#include "ferry/core/describe.hpp"
#include "ferry/core/value.hpp"
#include "ferry/core/value_builder.hpp"
#include "ferry/documents/json_decode.hpp"
#include "ferry/documents/json_encode.hpp"
#include "ferry/documents/json_error.hpp"
#include "ferry/documents/json_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ferry::json {

namespace detail {
struct parse_hooks;
struct special_options;
struct element_scanner;
}  // namespace detail

/// What becomes of a `\ud800` without its other half.
enum class surrogates : std::uint8_t {
    error,    ///< the document is refused
    replace,  ///< U+FFFD
    wtf8,     ///< kept as the three bytes of WTF-8, as Python's str keeps it
};

/// How to read. Setters chain: `parse_options().allow_nan().max_depth(32)`.
class parse_options {
public:
    parse_options() = default;

    /// Arrays and objects inside one another; more throws `limit_error`. 1024 by default.
    parse_options& max_depth(std::size_t levels) noexcept { return max_depth_ = levels, *this; }
    /// Digits of an integer; more throws `limit_error`. 4300 by default, as in Python.
    parse_options& max_digits(std::size_t count) noexcept { return max_digits_ = count, *this; }
    /// Bytes of a string; more throws `limit_error`. 1 GiB by default.
    parse_options& max_string_bytes(std::size_t bytes) noexcept
    {
        return max_string_bytes_ = bytes, *this;
    }
    /// `duplicate_keys::last` by default, as in Python; `all` shows what its `object_pairs_hook`
    /// sees.
    parse_options& duplicates(duplicate_keys policy) noexcept
    {
        return duplicates_ = policy, *this;
    }
    /// Accepts NaN, Infinity and -Infinity, as Python does by default.
    parse_options& allow_nan(bool on = true) noexcept { return allow_nan_ = on, *this; }
    /// Reads `1e400` as infinity, as Python does, instead of refusing it.
    parse_options& overflow_to_infinity(bool on = true) noexcept { return overflow_ = on, *this; }
    /// `surrogates::error` by default.
    parse_options& lone_surrogates(surrogates policy) noexcept
    {
        return surrogates_ = policy, *this;
    }
    /// If off, control characters are accepted in strings. On by default.
    parse_options& strict(bool on) noexcept { return strict_ = on, *this; }
    /// Keeps the text of numbers with a fraction or an exponent, as `parse_float=Decimal`.
    parse_options& decimals(bool on = true) noexcept { return decimals_ = on, *this; }
    /// Reads JSON5 (json5.org): comments, trailing commas, names without quotes, single quotes,
    /// hexadecimal numbers, `+1`, `.5`, `5.`, Infinity and NaN, line breaks escaped in strings.
    parse_options& relaxed(bool on = true) noexcept { return relaxed_ = on, *this; }
    /// Called for every object, inner ones first; what it returns takes the object's place. As
    /// Python's.
    parse_options& object_hook(std::function<value(value)> convert);
    /// Called with the text of every number with a fraction or an exponent. As `parse_float`.
    parse_options& float_hook(std::function<value(std::string_view)> convert);
    /// Called with the digits of every other number. As `parse_int`.
    parse_options& int_hook(std::function<value(std::string_view)> convert);

private:
    friend class parser;
    friend class relaxed_parser;
    friend struct detail::special_options;
    friend struct detail::read_settings;
    friend struct detail::element_scanner;
    std::shared_ptr<const detail::parse_hooks> hooks_;
    std::size_t max_depth_ = 1024;
    std::size_t max_digits_ = 4300;
    std::size_t max_string_bytes_ = std::size_t{1} << 30;
    duplicate_keys duplicates_ = duplicate_keys::last;
    surrogates surrogates_ = surrogates::error;
    bool allow_nan_ = false;
    bool overflow_ = false;
    bool strict_ = true;
    bool decimals_ = false;
    bool relaxed_ = false;
};

/// Reads one document of UTF-8 text; white space around it and a byte order mark are skipped.
/// \throws parse_error  not JSON, with a JSON Pointer of the place; messages, line and column are
///                      those of Python's json. Bytes that
///                      are not UTF-8 are found first, as Python decodes before it parses.
/// \throws limit_error  `max_depth`, `max_digits`, `max_string_bytes`.
/// The value holds no view of `text`. Cost: linear, no recursion; a text that is refused is read
/// twice.
value parse(std::string_view text, const parse_options& options = parse_options());

/// Reads bytes in UTF-8, UTF-16 or UTF-32, with or without a byte order mark, found by their zero
/// bytes as `json.loads(bytes)` does. Offsets in errors count bytes of the text as UTF-8.
value parse(std::span<const std::byte> data, const parse_options& options = parse_options());

/// As `parse`, but nullopt for what is not JSON. \throws limit_error
std::optional<value> try_parse(std::string_view text,
                               const parse_options& options = parse_options());

/// A value and what follows it.
struct prefix {
    value parsed;
    std::size_t consumed;  ///< bytes up to the end of the value
};

/// Reads one value at the start of a text and leaves the rest. As `JSONDecoder.raw_decode`, but
/// white space in front is skipped.
prefix parse_prefix(std::string_view text, const parse_options& options = parse_options());

namespace detail {

/// Called in a handler: adds line and column of the place that the current error names by its path,
/// and throws it again.
[[noreturn]] void rethrow_with_position(std::string_view text);

/// As `parse`, slower, and where all errors come from.
value parse_carefully(std::string_view text, const parse_options& options);

/// A part of a text; errors count from the start of the text.
value parse_part(std::string_view text, std::size_t from, std::size_t to,
                 const parse_options& options);

std::string text_of(std::span<const std::byte> data);

}  // namespace detail

/// Reads a document into any type that describe.hpp maps, without a value in between. Members that
/// a struct does not have are checked as well, but not kept. The text is read again by way of a
/// value, once, if it does not fit or if a member comes twice.
/// \throws parse_error, limit_error             as `parse`.
/// \throws type_error, range_error, lookup_error  with path and position: `$[3].price: expected
///                                               number, got string (7:12)`.
template <class T>
T parse(std::string_view text, const parse_options& options = parse_options(),
        const decode_options& decode = decode_options())
{
    if constexpr (!std::same_as<T, value>) {
        T made{};
        if (detail::decode_document(text, detail::read_settings{options}, decode, made))
            return made;
    }
    const value parsed = parse(text, options);
    try {
        return from_value<T>(parsed, decode);
    } catch (const error&) {
        detail::rethrow_with_position(text);
    }
}
template <class T>
T parse(std::span<const std::byte> data, const parse_options& options = parse_options(),
        const decode_options& decode = decode_options())
{
    return parse<T>(std::string_view{detail::text_of(data)}, options, decode);
}

/// What is written for NaN and the infinities, which JSON does not have.
enum class nan_policy : std::uint8_t {
    error,    ///< `type_error`
    literal,  ///< NaN, Infinity, -Infinity, as Python does by default
    null,
};

/// How to write. The default is compact UTF-8: `{"a":[1,2.5]}`.
class dump_options {
public:
    dump_options() = default;

    /// Byte for byte as `json.dumps`: `{"a": [1, 2.5]}`, ASCII only, NaN literal.
    dump_options& python() noexcept
    {
        spaces_ = true;
        ascii_ = true;
        nan_ = nan_policy::literal;
        return *this;
    }
    /// One element a line, so many spaces a level; 0 gives line breaks only.
    dump_options& indent(std::size_t spaces) { return indent(std::string(spaces, ' ')); }
    /// One element a line, `level` in front for each level, such as "\t".
    dump_options& indent(std::string level)
    {
        indent_ = std::move(level);
        return *this;
    }
    /// Between elements and behind keys: `separators(", ", ": ")`. As Python's, where an indent
    /// does not change them either.
    dump_options& separators(std::string item, std::string key)
    {
        separators_.emplace(std::move(item), std::move(key));
        return *this;
    }
    /// Arrays and objects inside one another; more throws `limit_error`. No limit by default.
    dump_options& max_depth(std::size_t levels) noexcept { return max_depth_ = levels, *this; }
    /// Members by their keys' code points.
    dump_options& sort_keys(bool on = true) noexcept { return sort_keys_ = on, *this; }
    /// Everything above U+007E as `\uXXXX`.
    dump_options& ascii(bool on = true) noexcept { return ascii_ = on, *this; }
    /// Escapes `< > &` and U+2028, U+2029, so that the text may stand inside a script element.
    dump_options& html_safe(bool on = true) noexcept { return html_safe_ = on, *this; }
    dump_options& nan(nan_policy policy) noexcept { return nan_ = policy, *this; }
    /// Called for bytes, which JSON does not have; what it returns is written instead. As
    /// `default=`.
    dump_options& fallback(std::function<value(const value&)> convert)
    {
        fallback_ = std::move(convert);
        return *this;
    }

private:
    friend class dumper;
    friend bool detail::needs_value(const dump_options& options) noexcept;
    friend class writer;
    std::optional<std::string> indent_;
    std::optional<std::pair<std::string, std::string>> separators_;
    std::function<value(const value&)> fallback_;
    std::size_t max_depth_ = std::numeric_limits<std::size_t>::max();
    nan_policy nan_ = nan_policy::error;
    bool spaces_ = false;
    bool sort_keys_ = false;
    bool ascii_ = false;
    bool html_safe_ = false;
};

/// Writes a value. Tuples and sets become arrays, timestamps ISO 8601 text; reals are written as
/// Python's `repr`, so that they come back as reals.
/// \throws type_error   NaN or an infinity, or bytes, unless the options say otherwise.
/// \throws limit_error  `max_depth`, if it is set.
std::string dump(const value& v, const dump_options& options = dump_options());

namespace detail {

/// As `dump`, for a value that will stand `depth` levels deep in a document.
std::string dump_at(const value& v, const dump_options& options, std::size_t depth);

}  // namespace detail

/// Writes anything that describe.hpp maps, as `dump(to_value(from))` would, but without the value.
template <class T>
    requires(!std::same_as<T, value>)
std::string dump(const T& from, const dump_options& options = dump_options())
{
    if (detail::needs_value(options)) return dump(to_value(from), options);
    detail::text_encoder out{options};
    out.write(from);
    return out.finish();
}

}  // namespace ferry::json
