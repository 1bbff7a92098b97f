#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ferry {

/// What a `value` holds.
enum class value_kind : std::uint8_t {
    null,
    boolean,
    integer,  ///< of any size; 64 bits are kept inline
    real,     ///< a double
    decimal,  ///< a decimal number as it was written, such as `1.10`
    string,   ///< UTF-8
    binary,   ///< bytes
    array,
    tuple,
    set,
    object,    ///< string keys in the order of their insertion
    datetime,  ///< microseconds, with or without an offset from UTC
};

/// `null`, `boolean`, `integer`, `number`, `decimal`, `string`, ... as errors name it.
std::string_view name_of(value_kind kind) noexcept;

/// How `value` lays out its memory. Not for use outside of core.
namespace detail {

class arena;
struct key_index;

/// What precedes the elements of every array, tuple and set.
struct run {
    arena* owner;            ///< null: on the heap, owned by the one value that points here
    std::uint32_t capacity;  ///< elements; an object's member counts as one
    std::uint32_t pending;   ///< while being destroyed: elements still to visit
};

/// What precedes the members of an object: key, value, key, value, ...
struct object_run : run {
    std::atomic<key_index*> index;  ///< made by the first look-up in a large object
};

/// The 16 bytes of a value. `form` says where the content is: 0 to 14 is the length of a text kept
/// in the bytes behind it (and 0 for every scalar); the others say who owns what `text`, `items`
/// or `members` points to. Values outside of an arena never have `borrowed`.
struct alignas(8) cell {
    static constexpr std::size_t inline_capacity = 14;
    static constexpr std::uint8_t borrowed = 0x80;  ///< lies in an arena, as the cell itself does
    static constexpr std::uint8_t heap = 0x81;      ///< owned by this cell
    static constexpr std::uint8_t pinned = 0x82;    ///< lies in an arena that this cell keeps alive

    value_kind kind;
    std::uint8_t form;
    std::uint16_t zone;  ///< timestamp: 1 if `size` is an offset from UTC in seconds
    std::uint32_t size;  ///< bytes or elements
    union {
        std::int64_t integer;
        double real;
        char* text;
        run* items;
        object_run* members;
    };

    static cell null() noexcept { return of(value_kind::null, 0); }
    static cell of(value_kind kind, std::int64_t integer) noexcept
    {
        cell c;
        c.kind = kind;
        c.form = 0;
        c.zone = 0;
        c.size = 0;
        c.integer = integer;
        return c;
    }
    static cell of(double number) noexcept
    {
        cell c = of(value_kind::real, 0);
        c.real = number;
        return c;
    }
    /// Exactly `length` <= 14 bytes, the rest zero, so that equal texts are equal cells.
    static cell of_short(value_kind kind, const char* text, std::size_t length) noexcept
    {
        cell c = of(kind, 0);
        c.form = static_cast<std::uint8_t>(length);
        if (length != 0) std::memcpy(c.inline_text(), text, length);
        return c;
    }
    /// As `of_short`, but 16 bytes of `text` may be read, and so are.
    static cell of_padded(value_kind kind, const char* text, std::size_t length) noexcept
    {
        if constexpr (std::endian::native == std::endian::little) {
            std::uint64_t low = 0;
            std::uint64_t high = 0;
            std::memcpy(&low, text, 8);
            std::memcpy(&high, text + 8, 8);
            constexpr std::uint64_t all = ~std::uint64_t{0};
            const auto bits = static_cast<unsigned>(length * 8);
            low &= bits >= 64 ? all : ~(all << bits);
            high &= bits <= 64 ? 0 : ~(all << (bits - 64));
            const std::uint64_t head = static_cast<std::uint64_t>(kind) | (length << 8U);
            const std::uint64_t words[2] = {head | (low << 16U), (low >> 48U) | (high << 16U)};
            return std::bit_cast<cell>(words);
        } else {
            return of_short(kind, text, length);
        }
    }
    static cell of_long(value_kind kind, std::uint8_t form, char* text, std::size_t length) noexcept
    {
        cell c = of(kind, 0);
        c.form = form;
        c.size = static_cast<std::uint32_t>(length);
        c.text = text;
        return c;
    }

    bool is_indirect() const noexcept { return (form & 0x80U) != 0; }
    bool is_container() const noexcept
    {
        return kind >= value_kind::array && kind <= value_kind::object;
    }
    char* inline_text() noexcept { return reinterpret_cast<char*>(this) + 2; }
    const char* inline_text() const noexcept { return reinterpret_cast<const char*>(this) + 2; }
    std::string_view view() const noexcept
    {
        return is_indirect() ? std::string_view{text, size} : std::string_view{inline_text(), form};
    }
    /// The elements of a container, null if it has none; an object's keys and values alternate.
    cell* elements() const noexcept
    {
        if (items == nullptr) return nullptr;
        return kind == value_kind::object ? reinterpret_cast<cell*>(members + 1)
                                          : reinterpret_cast<cell*>(items + 1);
    }
    std::size_t element_count() const noexcept
    {
        return kind == value_kind::object ? std::size_t{size} * 2 : size;
    }
};
static_assert(sizeof(cell) == 16);

/// The place of a value below a root, as a chain that lives on the caller's stack.
struct path_step {
    const path_step* parent = nullptr;
    std::string_view key = {};
    std::size_t index = 0;
    bool is_key = true;
    std::size_t depth = 0;

    static path_step member(const path_step* parent, std::string_view key) noexcept
    {
        return {parent, key, 0, true, parent == nullptr ? 1 : parent->depth + 1};
    }
    static path_step element(const path_step* parent, std::size_t index) noexcept
    {
        return {parent, {}, index, false, parent == nullptr ? 1 : parent->depth + 1};
    }
};

}  // namespace detail
}  // namespace ferry
