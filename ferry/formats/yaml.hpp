#pragma once

/// \file
/// YAML 1.1 to and from `value` and described structs, as PyYAML's safe_load and safe_dump:
///
///     value v = yaml::load("port: 0x1F90\ndebug: no\n");   // {"port": 8080, "debug": false}
///     auto all = yaml::load<settings>(text);
///     std::string text = yaml::dump(v);                   // debug: false\nport: 8080\n
///
/// `yes`, `off` and their like are booleans, `010` is 8, `1:30` is 90, `1e3` is a text; `<<`
/// merges; dates and times are timestamps; keys that are no texts become texts, as json.dumps
/// writes them. Tags of Python objects are refused.

#include "ferry/core/describe.hpp"
#include "ferry/core/value.hpp"
#include "ferry/core/value_builder.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ferry::yaml {

/// How to read. Setters chain.
class load_options {
public:
    load_options() = default;

    /// Sequences and mappings inside one another; more throws `limit_error`, as for all that
    /// follow. 256 by default.
    load_options& max_depth(std::size_t levels) noexcept { return max_depth_ = levels, *this; }
    /// Values in the result, where what an alias repeats is counted each time, and 64 bytes of a
    /// text as one value more. 1 million by default.
    load_options& max_expanded(std::size_t count) noexcept { return max_expanded_ = count, *this; }
    /// Digits of an integer. 4300 by default.
    load_options& max_digits(std::size_t count) noexcept { return max_digits_ = count, *this; }
    /// `last` by default, as in PyYAML; `error` is what YAML asks for. What `<<` brings is no
    /// duplicate.
    load_options& duplicates(duplicate_keys policy) noexcept { return duplicates_ = policy, *this; }
    /// Reads `"\uD800"` as the three bytes of WTF-8, as PyYAML does, instead of refusing it.
    /// Columns in errors count such an escape as ten characters then.
    load_options& lone_surrogates(bool on = true) noexcept { return surrogates_ = on, *this; }

private:
    friend class composer;
    std::size_t max_depth_ = 256;
    std::size_t max_expanded_ = 1'000'000;
    std::size_t max_digits_ = 4300;
    duplicate_keys duplicates_ = duplicate_keys::last;
    bool surrogates_ = false;
};

/// Reads the one document of a UTF-8 text; no document is null.
/// \throws parse_error  not YAML, an unknown tag, a second document; with line and column.
/// \throws type_error   an alias inside of what it stands for; a mapping as a key.
/// \throws limit_error  one of the limits of the options.
value load(std::string_view text, const load_options& options = load_options());

/// Reads every document. As `safe_load_all`. The limits hold for each.
std::vector<value> load_all(std::string_view text, const load_options& options = load_options());

/// Reads one document into any type that describe.hpp maps.
/// \throws type_error, range_error, lookup_error  it does not fit; with the path.
template <class T>
T load(std::string_view text, const load_options& options = load_options(),
       const decode_options& decode = decode_options())
{
    return from_value<T>(load(text, options), decode);
}

/// How to write. The names and defaults are PyYAML's.
class dump_options {
public:
    dump_options() = default;

    /// Members by their keys' code points. On by default.
    dump_options& sort_keys(bool on) noexcept { return sort_keys_ = on, *this; }
    /// Everything as `{a: [1, 2]}`.
    dump_options& default_flow_style(bool on = true) noexcept { return flow_ = on, *this; }
    /// Characters above U+007F as they are, instead of escaped.
    dump_options& allow_unicode(bool on = true) noexcept { return unicode_ = on, *this; }
    /// `---` in front.
    dump_options& explicit_start(bool on = true) noexcept { return start_ = on, *this; }
    /// Columns after which long texts are folded. 80 by default.
    dump_options& width(int columns) noexcept { return width_ = columns, *this; }
    /// Spaces a level, 2 to 9. 2 by default.
    dump_options& indent(int spaces) noexcept { return indent_ = spaces, *this; }
    /// Containers inside one another; more throws `limit_error`. 1000 by default.
    dump_options& max_depth(std::size_t levels) noexcept { return max_depth_ = levels, *this; }
    /// Bytes of the text; more throws `limit_error`. No limit by default.
    dump_options& max_bytes(std::size_t count) noexcept { return max_bytes_ = count, *this; }

private:
    friend class dumper;
    bool sort_keys_ = true;
    bool flow_ = false;
    bool unicode_ = false;
    bool start_ = false;
    int width_ = 80;
    int indent_ = 2;
    std::size_t max_depth_ = 1000;
    std::size_t max_bytes_ = std::numeric_limits<std::size_t>::max();
};

/// Writes one document, as `safe_dump`. Tuples become sequences, sets `!!set`, bytes `!!binary`,
/// decimals plain numbers, surrogates in WTF-8 `\uD800`. \throws limit_error  `max_depth`,
/// `max_bytes`.
std::string dump(const value& v, const dump_options& options = dump_options());

/// Writes documents one behind another, each with `---` in front.
std::string dump_all(std::span<const value> documents, dump_options options = dump_options());

template <class T>
    requires(!std::same_as<T, value>)
std::string dump(const T& from, const dump_options& options = dump_options())
{
    return dump(to_value(from), options);
}

}  // namespace ferry::yaml
