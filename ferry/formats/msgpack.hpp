#pragma once

/// \file
/// MessagePack to and from `value` and described structs, as Python's `msgpack`:
///
///     bytes out = msgpack::dump(order);
///     auto orders = msgpack::load<std::vector<order>>(data);
///
///     msgpack::unpacker stream;                  // values one behind another, in any pieces
///     stream.feed(piece);
///     while (auto v = stream.next()) use(*v);

#include "ferry/core/bytes.hpp"
#include "ferry/core/describe.hpp"
#include "ferry/core/value.hpp"
#include "ferry/core/value_builder.hpp"
#include "ferry/formats/prefix.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace ferry::msgpack {

/// How to read. Setters chain. Extension types but for timestamps become a tuple of the type and
/// the bytes, as Python's ExtType.
class load_options {
public:
    load_options() = default;

    /// Arrays and maps inside one another; more throws `limit_error`. 1024 by default.
    load_options& max_depth(std::size_t levels) noexcept { return max_depth_ = levels, *this; }
    /// Integers, booleans, null and reals as keys become texts, as json.dumps writes them, instead
    /// of being refused. As `strict_map_key=False`.
    load_options& any_key(bool on = true) noexcept { return any_key_ = on, *this; }
    /// `duplicate_keys::last` by default, as in Python.
    load_options& duplicates(duplicate_keys policy) noexcept { return duplicates_ = policy, *this; }
    /// The old format had one kind for texts and bytes: texts that are not UTF-8 become bytes
    /// instead of being refused.
    load_options& raw_texts(bool on = true) noexcept { return raw_ = on, *this; }

private:
    friend class parser;
    std::size_t max_depth_ = 1024;
    duplicate_keys duplicates_ = duplicate_keys::last;
    bool any_key_ = false;
    bool raw_ = false;
};

/// Reads one value.
/// \throws parse_error  not MessagePack, cut short, or something follows; `where().offset` tells.
/// \throws type_error   a key is no text.
/// \throws limit_error  `max_depth`.
/// Lengths are compared with what is left before anything is allocated. Cost: linear, no recursion.
value load(std::span<const std::byte> data, const load_options& options = load_options());

using prefix = loaded_prefix;

/// Reads the first value and leaves the rest.
prefix load_prefix(std::span<const std::byte> data, const load_options& options = load_options());

/// Reads one value into any type that describe.hpp maps.
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

    /// Reals as 32 bits. As `use_single_float`.
    dump_options& single_floats(bool on = true) noexcept { return single_ = on, *this; }
    /// Timestamps without an offset are written as UTC instead of being refused.
    dump_options& naive_as_utc(bool on = true) noexcept { return naive_ = on, *this; }

private:
    friend class dumper;
    bool single_ = false;
    bool naive_ = false;
};

/// Writes the shortest form of everything, byte for byte as `msgpack.packb(v, datetime=True)`.
/// Tuples and sets become arrays, decimals text, timestamps the extension type -1.
/// \throws range_error  an integer beyond 64 bits.
/// \throws type_error   a timestamp without an offset.
bytes dump(const value& v, const dump_options& options = dump_options());

template <class T>
    requires(!std::same_as<T, value>)
bytes dump(const T& from, const dump_options& options = dump_options())
{
    return dump(to_value(from), options);
}

/// Reads values that come one behind another in pieces. One thread.
class unpacker {
public:
    /// \param max_buffer  bytes of one value that may wait for its end; more throws limit_error.
    explicit unpacker(load_options options = load_options(),
                      std::size_t max_buffer = std::size_t{100} << 20U);

    /// \throws limit_error  `max_buffer`.
    void feed(std::span<const std::byte> piece);
    /// The next value that is complete. As `load` throws; then nothing more can be read.
    std::optional<value> next();
    /// Bytes that wait for the rest of their value.
    std::size_t pending() const noexcept { return buffer_.size() - start_; }

private:
    load_options options_;
    std::size_t max_buffer_;
    bytes buffer_;
    std::size_t start_ = 0;      ///< of the first value that is not yet read
    std::size_t scanned_ = 0;    ///< the first byte that is not yet looked at
    std::uint64_t missing_ = 1;  ///< items that begin at `scanned_` or later
};

}  // namespace ferry::msgpack
