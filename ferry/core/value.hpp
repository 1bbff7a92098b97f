#pragma once

#include "ferry/core/big_integer.hpp"
#include "ferry/core/bytes.hpp"
#include "ferry/core/error.hpp"
#include "ferry/core/time.hpp"
#include "ferry/core/value_storage.hpp"

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ferry {

class value;

/// The conversion behind `as<T>()` for every type that is not a scalar; see describe.hpp.
template <class T>
T from_value(const value& v);

/// A time with or without an offset from UTC, as Python's aware and naive `datetime`.
using zoned_time = iso8601::zoned_time;

namespace detail {

template <class T>
concept number = (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                  !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                  !std::same_as<T, char16_t> && !std::same_as<T, char32_t>) ||
                 std::floating_point<T>;

/// What a value holds itself, without the help of describe.hpp.
template <class T>
concept scalar = number<T> || std::same_as<T, bool> || std::same_as<T, std::string> ||
                 std::same_as<T, std::string_view> || std::same_as<T, bytes> ||
                 std::same_as<T, std::span<const std::byte>> || std::same_as<T, big_integer> ||
                 std::same_as<T, timestamp> || std::same_as<T, zoned_time>;

template <class T>
concept view = std::same_as<T, std::string_view> || std::same_as<T, std::span<const std::byte>>;

template <scalar T>
T read(const value& v, const path_step* at);
template <scalar T>
T convert(const value& v);

template <bool Constant>
class member_range;
struct value_access;

}  // namespace detail

/// The dynamic value that JSON, XML as dictionary, pickle, MessagePack and task arguments speak:
///
///     value order{{"id", 7}, {"items", value::array("pen", "ink")}, {"paid", false}};
///     order["items"].push_back("paper");
///     int id = order["id"].as<int>();
///     for (auto [key, item] : order.items()) ...
///
/// 16 bytes. Texts of up to 14 bytes and all scalars are inline. What a parser made lies in one
/// arena that the values sharing it keep alive; it is never changed: the first non-const access to
/// a container of it copies that one container (its direct elements, not what they hold) to the
/// heap. A copy of a parsed container is therefore O(1) and keeps the whole arena; any other copy
/// is deep (`deep_copy()` always is). So read large documents through a const reference; non-const
/// access, like any change, invalidates references into that container.
///
/// Errors: `lookup_error` for a missing key or index, `type_error` for another kind than asked
/// for, `range_error` for a number that does not fit. They name the path as far as it is known:
/// the whole path in a parsed document read through const references, else from this value on.
///
/// A const value may be read by several threads. Nothing recurses, however deep the nesting.
class value {
public:
    class entry;

    value() noexcept : c_{detail::cell::null()} {}
    value(std::nullptr_t) noexcept : value{} {}
    template <std::same_as<bool> T>
    value(T b) noexcept : c_{detail::cell::of(value_kind::boolean, b)}
    {
    }
    template <detail::number T>
    value(T n)
    {
        if constexpr (std::floating_point<T>) {
            c_ = detail::cell::of(static_cast<double>(n));
        } else if (std::in_range<std::int64_t>(n)) {
            c_ = detail::cell::of(value_kind::integer, static_cast<std::int64_t>(n));
        } else {
            c_ = of_unsigned(static_cast<std::uint64_t>(n));
        }
    }
    value(const big_integer& n);
    value(std::string_view text);
    value(const char* text) : value{std::string_view{text}} {}
    value(const std::string& text) : value{std::string_view{text}} {}
    value(std::span<const std::byte> data);
    value(const ferry::bytes& data) : value{std::span<const std::byte>{data}} {}
    value(const zoned_time& time) noexcept;
    value(timestamp time) noexcept;
    /// An object: `value{{"a", 1}, {"b", value{{"c", 2}}}}`. Of equal keys the last wins.
    value(std::initializer_list<entry> members);

    value(const value& other) : c_{other.c_}
    {
        if (c_.is_indirect()) copy_indirect();
    }
    value(value&& other) noexcept : c_{other.c_} { other.c_ = detail::cell::null(); }
    value& operator=(const value& other)
    {
        value copy{other};
        swap(copy);
        return *this;
    }
    value& operator=(value&& other) noexcept
    {
        // Not swapped: `v = std::move(v["child"])` must take the child before it frees the rest.
        value taken{std::move(other)};
        swap(taken);
        return *this;
    }
    ~value()
    {
        if (c_.form > detail::cell::borrowed) release();
    }
    void swap(value& other) noexcept { std::swap(c_, other.c_); }

    /// `value::object("a", 1, "b", "text")`: keys and values in turn.
    template <class... T>
        requires(sizeof...(T) % 2 == 0)
    static value object(T&&... keys_and_values)
    {
        value made = empty(value_kind::object);
        made.insert_each(std::forward<T>(keys_and_values)...);
        return made;
    }
    template <class... T>
    static value array(T&&... elements)
    {
        value made = empty(value_kind::array);
        (made.push_back(value(std::forward<T>(elements))), ...);
        return made;
    }
    template <class... T>
    static value tuple(T&&... elements)
    {
        value made = empty(value_kind::tuple);
        (made.push_back(value(std::forward<T>(elements))), ...);
        return made;
    }
    /// Equal elements are kept once. The order is that of their insertion.
    template <class... T>
    static value set(T&&... elements)
    {
        value made = empty(value_kind::set);
        (made.push_back(value(std::forward<T>(elements))), ...);
        return made;
    }
    /// A set of the elements of an array or a tuple, which must all differ: they are not compared.
    static value set_of(value elements);
    /// A decimal number exactly as written, such as `1.10`. The text is not checked.
    static value decimal(std::string_view text);
    /// An integer of any size. \throws parse_error  the text is not `-?[0-9]+`.
    static value integer(std::string_view decimal);

    value_kind kind() const noexcept { return c_.kind; }
    bool is_null() const noexcept { return c_.kind == value_kind::null; }
    bool is_boolean() const noexcept { return c_.kind == value_kind::boolean; }
    bool is_integer() const noexcept { return c_.kind == value_kind::integer; }
    /// An integer that needs more than 64 bits with sign.
    bool is_big() const noexcept { return is_integer() && c_.is_indirect(); }
    bool is_real() const noexcept { return c_.kind == value_kind::real; }
    bool is_decimal() const noexcept { return c_.kind == value_kind::decimal; }
    /// An integer, a real or a decimal.
    bool is_number() const noexcept { return is_integer() || is_real() || is_decimal(); }
    bool is_string() const noexcept { return c_.kind == value_kind::string; }
    bool is_bytes() const noexcept { return c_.kind == value_kind::binary; }
    bool is_array() const noexcept { return c_.kind == value_kind::array; }
    bool is_tuple() const noexcept { return c_.kind == value_kind::tuple; }
    bool is_set() const noexcept { return c_.kind == value_kind::set; }
    /// An array, a tuple or a set: what `begin()` and `end()` are for.
    bool is_sequence() const noexcept { return is_array() || is_tuple() || is_set(); }
    bool is_object() const noexcept { return c_.kind == value_kind::object; }
    bool is_timestamp() const noexcept { return c_.kind == value_kind::datetime; }

    /// Checked: an integer is not read as text, nor text as a number; a double reads any number.
    /// `as<std::string_view>()` is a view into this value. Described structs and containers: see
    /// describe.hpp, which must be included for them.
    template <class T>
    T as() const&
    {
        if constexpr (detail::scalar<T>) {
            return detail::read<T>(*this, nullptr);
        } else if constexpr (std::same_as<T, value>) {
            return *this;
        } else {
            return from_value<T>(*this);
        }
    }
    template <class T>
    T as() const&&
    {
        static_assert(!detail::view<T>, "the view would outlive its value");
        return static_cast<const value&>(*this).as<T>();
    }
    /// Converting, as Python's `int(x)`, `float(x)`, `str(x)`, `bool(x)`: text that holds a number
    /// becomes one, a real is cut towards zero, any scalar becomes text, ISO text becomes a time.
    /// \throws type_error, range_error  there is no such reading.
    template <detail::scalar T>
    T to() const
    {
        static_assert(!detail::view<T>, "the view would outlive its value");
        return detail::convert<T>(*this);
    }

    /// Bytes of a text, elements of a container, members of an object; 0 for other kinds.
    std::size_t size() const noexcept
    {
        return c_.is_indirect() || c_.is_container() ? c_.size : c_.form;
    }
    bool empty() const noexcept { return size() == 0; }

    /// The member of that name; the const form throws `lookup_error` if there is none, the other
    /// inserts null, and makes an object of null first, as `std::map`. The form for temporaries
    /// returns a value that keeps what it needs alive.
    const value& operator[](std::string_view key) const& { return at(key); }
    value& operator[](std::string_view key) &;
    value operator[](std::string_view key) && { return std::move(*this).at(key); }
    /// The element; a negative index counts from the end.
    template <detail::number I>
        requires std::integral<I>
    const value& operator[](I index) const&
    {
        return at(index);
    }
    template <detail::number I>
        requires std::integral<I>
    value& operator[](I index) &
    {
        return at(index);
    }
    template <detail::number I>
        requires std::integral<I>
    value operator[](I index) &&
    {
        return std::move(*this).at(index);
    }

    const value& at(std::string_view key) const&;
    value& at(std::string_view key) &;
    value at(std::string_view key) &&;
    template <detail::number I>
        requires std::integral<I>
    const value& at(I index) const&
    {
        return element(to_index(index));
    }
    template <detail::number I>
        requires std::integral<I>
    value& at(I index) &
    {
        return mutable_element(to_index(index));
    }
    template <detail::number I>
        requires std::integral<I>
    value at(I index) &&
    {
        return take(static_cast<const value&>(*this).element(to_index(index)));
    }

    /// The member as T, or `otherwise` if there is none. As Python's `dict.get`.
    template <class T>
    T get(std::string_view key, T otherwise) const
    {
        const value* found = get_if(key);
        return found == nullptr ? std::move(otherwise) : found->as<T>();
    }
    std::string get(std::string_view key, const char* otherwise) const
    {
        return get(key, std::string{otherwise});
    }
    /// The member, or null if there is none or this is no object. Constant time above 16 members.
    const value* get_if(std::string_view key) const&;
    const value* get_if(std::string_view key) && = delete;
    bool contains(std::string_view key) const { return get_if(key) != nullptr; }
    /// The value at a JSON Pointer such as `/items/0/price` (`~1` is `/`, `~0` is `~`, the empty
    /// text is this value), or null. RFC 6901.
    const value* find(std::string_view pointer) const&;
    const value* find(std::string_view pointer) && = delete;

    /// Sets a member, also of null, which becomes an object.
    value& insert(std::string_view key, value v);
    /// Appends to an array or a tuple, or to null, which becomes an array. A set takes the value
    /// unless it has an equal one. \returns the new or the equal element.
    value& push_back(value v);
    /// Puts an element in front of `index`, which may be `size()`.
    value& insert(std::size_t index, value v);
    /// Removes a member. \returns whether there was one. Cost: linear.
    bool erase(std::string_view key);
    void erase(std::size_t index);
    void clear();
    /// Room for so many elements or members.
    void reserve(std::size_t count);
    /// Takes over every member of `other`; where both have an object of that name, those are
    /// merged in the same way. A value that is not an object is replaced.
    void merge(const value& other);

    const value* begin() const&;
    const value* end() const& { return begin() + c_.size; }
    value* begin() &;
    value* end() & { return begin() + c_.size; }
    /// `for (auto [key, item] : v.items())`, in the order of insertion.
    detail::member_range<true> items() const&;
    detail::member_range<false> items() &;
    void items() && = delete;

    /// A copy that shares nothing with this value or its arena.
    value deep_copy() const;

    /// As Python: 1 equals 1.0, an array never equals a tuple, an object's order does not matter.
    /// Unlike Python, true is not 1. Timestamps compare by instant if both have an offset or
    /// neither has.
    friend bool operator==(const value& a, const value& b);
    /// Numbers, texts, bytes, booleans, arrays, tuples and timestamps among themselves; all else
    /// is unordered unless equal.
    friend std::partial_ordering operator<=>(const value& a, const value& b);

    /// Equal values have equal hashes. Seeded anew in every process.
    std::size_t hash() const;

private:
    friend struct detail::value_access;
    explicit value(const detail::cell& c) noexcept : c_{c} {}
    static value empty(value_kind kind) noexcept;
    static detail::cell of_unsigned(std::uint64_t n);
    static value from_text(value_kind kind, std::string_view text);

    void insert_each() {}
    template <class K, class V, class... T>
    void insert_each(K&& key, V&& v, T&&... more)
    {
        insert(std::string_view{key}, value(std::forward<V>(v)));
        insert_each(std::forward<T>(more)...);
    }
    template <class I>
    static std::int64_t to_index(I index) noexcept
    {
        return std::in_range<std::int64_t>(index) ? static_cast<std::int64_t>(index)
                                                  : std::numeric_limits<std::int64_t>::max();
    }
    const value& element(std::int64_t index) const;
    value& mutable_element(std::int64_t index);
    value take(const value& child);

    void copy_indirect();
    void release() noexcept;
    void expect(value_kind kind) const;
    void make_own();
    void grow(std::size_t count);

    detail::cell c_;
};
static_assert(sizeof(value) == 16);

/// One member in the literal of an object.
class value::entry {
public:
    entry(std::string_view key, value v) : key_{key}, value_{std::move(v)} {}

private:
    friend class value;
    std::string_view key_;
    mutable value value_;  // moved out of the initializer_list, whose elements are const
};

namespace detail {

/// The members of an object, as pairs of a key and a reference to its value.
template <bool Constant>
class member_range {
public:
    using target = std::conditional_t<Constant, const value, value>;

    class iterator {
    public:
        using value_type = std::pair<std::string_view, target&>;
        using reference = value_type;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;

        iterator() = default;
        explicit iterator(target* at) noexcept : at_{at} {}
        reference operator*() const { return {at_[0].template as<std::string_view>(), at_[1]}; }
        iterator& operator++() noexcept
        {
            at_ += 2;
            return *this;
        }
        iterator operator++(int) noexcept
        {
            iterator before = *this;
            at_ += 2;
            return before;
        }
        friend bool operator==(iterator, iterator) = default;

    private:
        target* at_ = nullptr;
    };

    member_range(target* first, std::size_t members) noexcept : first_{first}, size_{members} {}
    iterator begin() const noexcept { return iterator{first_}; }
    iterator end() const noexcept { return iterator{first_ + 2 * size_}; }
    std::size_t size() const noexcept { return size_; }

private:
    target* first_;
    std::size_t size_;
};

/// `$.items[3].price`; a key that is no name is quoted, `$["a b"]`.
std::string to_string(const path_step* at);

/// For the parts of core that know the cells; nobody else.
struct value_access {
    static const cell& get(const value& v) noexcept { return v.c_; }
    static value make(const cell& c) noexcept { return value{c}; }
};

std::int64_t read_integer(const value& v, std::int64_t low, std::uint64_t high,
                          std::string_view type, const path_step* at);
std::uint64_t read_unsigned(const value& v, std::uint64_t high, std::string_view type,
                            const path_step* at);
value to_number(const value& v, bool whole);

[[noreturn]] void throw_type_error(const value& found, std::string_view wanted,
                                   const path_step* at);
[[noreturn]] void throw_range_error(const value& v, std::string_view type, const path_step* at);

/// `int8`, `uint64`, ...
template <class T>
constexpr std::string_view integer_name() noexcept
{
    constexpr bool s = std::is_signed_v<T>;
    return sizeof(T) == 1   ? (s ? "int8" : "uint8")
           : sizeof(T) == 2 ? (s ? "int16" : "uint16")
           : sizeof(T) == 4 ? (s ? "int32" : "uint32")
                            : (s ? "int64" : "uint64");
}

template <>
bool read(const value& v, const path_step* at);
template <>
double read(const value& v, const path_step* at);
template <>
std::string read(const value& v, const path_step* at);
template <>
std::string_view read(const value& v, const path_step* at);
template <>
bytes read(const value& v, const path_step* at);
template <>
std::span<const std::byte> read(const value& v, const path_step* at);
template <>
big_integer read(const value& v, const path_step* at);
template <>
timestamp read(const value& v, const path_step* at);
template <>
zoned_time read(const value& v, const path_step* at);

template <scalar T>
T read(const value& v, const path_step* at)
{
    if constexpr (std::floating_point<T>) {
        return static_cast<T>(read<double>(v, at));
    } else if constexpr (std::is_signed_v<T>) {
        return static_cast<T>(read_integer(
            v, std::numeric_limits<T>::min(),
            static_cast<std::uint64_t>(std::numeric_limits<T>::max()), integer_name<T>(), at));
    } else {
        return static_cast<T>(
            read_unsigned(v, std::numeric_limits<T>::max(), integer_name<T>(), at));
    }
}

template <>
bool convert(const value& v);
template <>
std::string convert(const value& v);
template <>
bytes convert(const value& v);
template <>
timestamp convert(const value& v);
template <>
zoned_time convert(const value& v);

template <scalar T>
T convert(const value& v)
{
    return read<T>(to_number(v, !std::floating_point<T>), nullptr);
}

}  // namespace detail

inline detail::member_range<true> value::items() const&
{
    expect(value_kind::object);
    return {reinterpret_cast<const value*>(c_.elements()), c_.size};
}

}  // namespace ferry

template <>
struct std::hash<ferry::value> {
    std::size_t operator()(const ferry::value& v) const { return v.hash(); }
};
