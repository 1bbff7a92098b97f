#pragma once

/// \file
/// Python's pickle to and from `value` and described structs. Nothing that a pickle names is ever
/// looked up or called:
///
///     value v = pickle::load(data);                            // protocols 0 to 5
///     auto trades = pickle::load<std::vector<trade>>(data);    // throws $[3].price: expected ...
///     bytes out = pickle::dump(v);                             // protocol 4, as Python 3.8
///     to 3.13
///
/// | Python | value |
/// | --- | --- |
/// | None, bool, int of any size, float, str, bytes, bytearray | as they are |
/// | list, tuple, set, frozenset, dict, deque | array, tuple, set, set, object, array |
/// | OrderedDict, defaultdict, Counter, SimpleNamespace | object |
/// | datetime (aware or naive), date; time, UUID, paths, IP addresses | timestamp; text |
/// | Decimal; timedelta; complex, range, slice, Fraction | decimal; seconds; tuple |
/// | numpy scalars and arrays, array.array | number; arrays of numbers |
///
/// Other objects are refused by name, or read as the options say; `pickle::parse` in
/// pickle_document.hpp shows them as they are.

#include "ferry/core/bytes.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/core/value.hpp"
#include "ferry/formats/pickle_error.hpp"
#include "ferry/formats/prefix.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ferry::pickle {

namespace detail {
class machine;
class lowering;
struct content;
}  // namespace detail

/// How texts of Python 2 are read: `str` there is bytes.
enum class text_encoding : std::uint8_t {
    ascii,  ///< above 127 is an error, as by default in Python
    latin1,
    utf8,
    bytes,  ///< they stay bytes
};

/// How to read. Setters chain: `load_options().strict().max_bytes(1 << 20)`.
class load_options {
public:
    load_options() = default;

    /// 256 MiB by default; more throws `limit_error`, as for all that follow.
    load_options& max_bytes(std::size_t count) noexcept { return max_bytes_ = count, *this; }
    /// Values in the pickle, each counted once. 50 million by default.
    load_options& max_nodes(std::size_t count) noexcept { return max_nodes_ = count, *this; }
    /// Memo entries. 10 million by default.
    load_options& max_memo(std::size_t count) noexcept { return max_memo_ = count, *this; }
    /// Containers inside one another, for `load`. 10 000 by default.
    load_options& max_depth(std::size_t levels) noexcept { return max_depth_ = levels, *this; }
    /// Values in the result, where what is shared is counted each time, and 64 bytes of a text as
    /// one value more. 10 million by default.
    load_options& max_expanded(std::size_t count) noexcept { return max_expanded_ = count, *this; }
    /// Bytes of a binary integer. 8192 by default.
    load_options& max_int_bytes(std::size_t count) noexcept
    {
        return max_int_bytes_ = count, *this;
    }
    /// Digits of an integer that is written as text. 4300 by default, as in Python.
    load_options& max_digits(std::size_t count) noexcept { return max_digits_ = count, *this; }
    /// `text_encoding::ascii` by default. As `encoding=`.
    load_options& encoding(text_encoding how) noexcept { return encoding_ = how, *this; }
    /// Keeps lone surrogates as the three bytes of WTF-8, as Python's str keeps them, instead of
    /// refusing a text that has some.
    load_options& lone_surrogates(bool on = true) noexcept { return surrogates_ = on, *this; }
    /// Refuses what no pickler writes (bytes behind the end, values left over, a second PROTO), and
    /// every class and function that is neither of the table above nor allowed, as soon as it is
    /// named.
    load_options& strict(bool on = true) noexcept { return strict_ = on, *this; }
    /// An instance of this class is read as an object of its attributes, a named tuple as a tuple,
    /// a subclass of list or dict as that, an enumerator as its name or value.
    load_options& allow(std::string module, std::string qualified_name)
    {
        allowed_.emplace(std::move(module), std::move(qualified_name));
        return *this;
    }
    /// Any other object is read as `{"$class": "geo.Point", "args": [...], "state": {...}}`.
    load_options& describe_objects(bool on = true) noexcept { return describe_ = on, *this; }
    /// What Python hands out as `buffers=`, for pickles of protocol 5 with out-of-band data. The
    /// memory must outlive a `document`.
    load_options& buffers(std::vector<std::span<const std::byte>> views)
    {
        buffers_ = std::move(views);
        return *this;
    }

private:
    friend class detail::machine;
    friend class detail::lowering;
    friend struct detail::content;
    std::size_t max_bytes_ = std::size_t{256} << 20U;
    std::size_t max_nodes_ = 50'000'000;
    std::size_t max_memo_ = 10'000'000;
    std::size_t max_depth_ = 10'000;
    std::size_t max_expanded_ = 10'000'000;
    std::size_t max_int_bytes_ = 8192;
    std::size_t max_digits_ = 4300;
    text_encoding encoding_ = text_encoding::ascii;
    bool surrogates_ = false;
    bool strict_ = false;
    bool describe_ = false;
    std::set<std::pair<std::string, std::string>> allowed_;
    std::vector<std::span<const std::byte>> buffers_;
};

/// Reads plain data. Keys that are no texts become texts, as json.dumps does it.
/// \throws parse_error  no pickle; `code()` is a pickle::errc, `where().offset` the opcode's place.
/// \throws type_error   a container holds itself, a key is a tuple, a text has a lone
///                      surrogate that the options do not keep.
/// \throws error        errc::forbidden_global: an object that is no plain data; with its path.
/// \throws limit_error  one of the limits of the options.
/// What follows the end is ignored, as in Python, unless `strict`. Cost: linear in the larger of
/// the pickle and the result; no recursion.
value load(std::span<const std::byte> data, const load_options& options = load_options());

using prefix = loaded_prefix;

/// Reads the first of several pickles that stand one behind another, as `pickle.load(file)`.
prefix load_prefix(std::span<const std::byte> data, const load_options& options = load_options());

/// Reads a pickle into any type that describe.hpp maps.
/// \throws type_error, range_error, lookup_error  it does not fit; with the path.
template <class T>
T load(std::span<const std::byte> data, const load_options& options = load_options(),
       const decode_options& decode = decode_options())
{
    return from_value<T>(load(data, options), decode);
}

/// How to write.
class dump_options {
public:
    dump_options() = default;

    /// 2 to 5; 4 by default, as in Python. \throws error  another number (pickle::errc).
    dump_options& protocol(int number);
    /// Containers inside one another; more throws `limit_error`. 10 000 by default, but Python's
    /// own pickler stops at about 500.
    dump_options& max_depth(std::size_t levels) noexcept { return max_depth_ = levels, *this; }

private:
    friend class dumper;
    int protocol_ = 4;
    std::size_t max_depth_ = 10'000;
};

/// Writes a value as CPython writes plain data: byte for byte where no object occurs twice. Keys
/// that occur again are references to the first, as they are when Python has read them from JSON.
/// Timestamps become datetime, decimals Decimal, sets set, and frozenset inside of sets.
/// \throws type_error   an array or object inside of a set, which Python cannot hash; a text
///                      that is not UTF-8. Lone surrogates in WTF-8 pass, as Python's str may have
///                      them.
/// \throws limit_error  `max_depth`.
/// Cost: linear; no recursion.
bytes dump(const value& v, const dump_options& options = dump_options());

template <class T>
    requires(!std::same_as<T, value>)
bytes dump(const T& from, const dump_options& options = dump_options())
{
    return dump(to_value(from), options);
}

}  // namespace ferry::pickle
