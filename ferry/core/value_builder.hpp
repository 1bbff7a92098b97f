#pragma once

#include "ferry/core/value.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ferry {
namespace detail {

/// Memory for one parsed document: runs of cells, and texts. Nothing in it is ever destroyed or,
/// once built, changed; the memory goes when the last value pinning it goes.
class arena {
public:
    static arena* make(std::size_t first_block);
    arena(const arena&) = delete;
    arena& operator=(const arena&) = delete;

    /// Aligned for cells. \throws std::bad_alloc
    void* allocate(std::size_t size)
    {
        size = (size + 7) & ~std::size_t{7};
        if (static_cast<std::size_t>(end_ - next_) < size) return allocate_slowly(size);
        void* const at = next_;
        next_ += size;
        return at;
    }
    /// A block of its own for `size` bytes.
    char* allocate_block(std::size_t size);

    void pin(std::uint32_t count = 1) noexcept
    {
        pins_.fetch_add(count, std::memory_order_relaxed);
    }
    void unpin() noexcept
    {
        if (pins_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
    }
    /// Hands the index of one of its objects to the arena, which frees it at the end.
    void adopt(key_index* index) noexcept;

    cell root = cell::null();  ///< so that errors can name the path of any value inside

private:
    struct block {
        block* next;
        std::size_t size;  ///< of all of it
    };
    arena() = default;
    ~arena() = default;
    void* allocate_slowly(std::size_t size);
    void destroy() noexcept;

    char* next_ = nullptr;
    char* end_ = nullptr;
    block* blocks_ = nullptr;
    std::size_t block_size_ = 0;
    std::atomic<std::uint32_t> pins_{1};
    std::atomic<key_index*> indexes_{nullptr};
};

}  // namespace detail

/// What becomes of a key that an object has already.
enum class duplicate_keys : std::uint8_t {
    last,   ///< the last value wins, at the place of the first, as in Python
    first,  ///< the first value wins
    error,  ///< the document is refused
    all,    ///< an object with equal keys becomes an array of tuples (key, value)
    list,   ///< the values of equal keys become one array, at the place of the first
};

/// Builds one parsed value in an arena; what parsers use. Values are put on a stack; a container is
/// closed over everything put since a mark:
///
///     value_builder build;
///     auto outer = build.mark();
///     build.string("a");
///     build.integer(1);
///     build.object(outer);          // {"a": 1}
///     value v = build.finish();
///
/// One thread. After an exception only destruction is allowed. Cost: each value is copied once.
/// Every thread keeps up to 8 MiB of what arenas and 2 MiB of what builders have left behind.
class value_builder {
public:
    /// \param text_bytes  bytes of text to make room for at once, if known.
    /// \param arena_bytes the first block for containers.
    explicit value_builder(std::size_t text_bytes = 0, std::size_t arena_bytes = 1024);
    value_builder(const value_builder&) = delete;
    value_builder& operator=(const value_builder&) = delete;
    ~value_builder();

    void null() { push(detail::cell::null()); }
    void boolean(bool b) { push(detail::cell::of(value_kind::boolean, b)); }
    void integer(std::int64_t n) { push(detail::cell::of(value_kind::integer, n)); }
    void unsigned_integer(std::uint64_t n);
    void real(double n) { push(detail::cell::of(n)); }
    void time(const zoned_time& t) { push(detail::value_access::get(value{t})); }
    /// The text must be UTF-8; keys are strings too.
    void string(std::string_view text) { put_text(value_kind::string, text); }
    void binary(std::span<const std::byte> data) { put_text(value_kind::binary, as_text(data)); }
    void decimal(std::string_view text) { put_text(value_kind::decimal, text); }
    /// `-?[1-9][0-9]*`, beyond 64 bits.
    void big_integer(std::string_view digits);

    /// As `string`, for up to 14 bytes of which 16 may be read: faster, since no length varies.
    void short_string(const char* text, std::size_t length)
    {
        push(detail::cell::of_padded(value_kind::string, text, length));
    }

    /// For texts that are made byte by byte: room for `size` bytes and 16 more that may be
    /// overwritten, valid until the next call. `string_here` makes the first `length` of them a
    /// string.
    char* text_room(std::size_t size)
    {
        if (static_cast<std::size_t>(text_end_ - text_) < size + 16) add_text_block(size + 16);
        return text_;
    }
    void string_here(std::size_t length)
    {
        if (length <= detail::cell::inline_capacity) {
            push(detail::cell::of_short(value_kind::string, text_, length));
        } else {
            push(detail::cell::of_long(value_kind::string, detail::cell::borrowed, text_, length));
            text_ += length;
        }
    }

    std::size_t mark() const noexcept { return static_cast<std::size_t>(top_ - first_); }

    /// Makes everything since `from` one array, tuple or set (whose elements must differ).
    void array(std::size_t from, value_kind kind = value_kind::array)
    {
        detail::cell* const elements = first_ + from;
        const auto count = static_cast<std::size_t>(top_ - elements);
        if (count == 0 || count > 4) return long_array(from, kind);
        // Points, pairs and triples are worth their own copy.
        detail::cell* const kept = start_run(count);
        switch (count) {
            case 4: kept[3] = elements[3]; [[fallthrough]];
            case 3: kept[2] = elements[2]; [[fallthrough]];
            case 2: kept[1] = elements[1]; [[fallthrough]];
            default: kept[0] = elements[0];
        }
        *elements = run_of(kept, count, kind);
        top_ = elements + 1;
    }

    /// Makes everything since `from`, keys and values in turn, one object.
    /// \returns under `duplicate_keys::error` the number of the second of two equal members.
    std::optional<std::size_t> object(std::size_t from,
                                      duplicate_keys duplicates = duplicate_keys::last);

    /// The one value on the stack. The builder is then empty and done.
    value finish();

private:
    void push(const detail::cell& c)
    {
        if (top_ == last_) grow_stack();
        *top_++ = c;
    }
    void put_text(value_kind kind, std::string_view text)
    {
        if (text.size() <= detail::cell::inline_capacity) {
            push(detail::cell::of_short(kind, text.data(), text.size()));
        } else {
            put_long_text(kind, text);
        }
    }
    void put_long_text(value_kind kind, std::string_view text);
    void long_array(std::size_t from, value_kind kind);
    detail::cell* start_run(std::size_t count)
    {
        auto* const run = static_cast<detail::run*>(
            arena_->allocate(sizeof(detail::run) + count * sizeof(detail::cell)));
        run->owner = arena_;
        run->capacity = static_cast<std::uint32_t>(count);
        run->pending = 0;
        return reinterpret_cast<detail::cell*>(run + 1);
    }
    static detail::cell run_of(detail::cell* kept, std::size_t count, value_kind kind) noexcept
    {
        detail::cell made = detail::cell::of(kind, 0);
        made.form = detail::cell::borrowed;
        made.size = static_cast<std::uint32_t>(count);
        made.items = reinterpret_cast<detail::run*>(kept) - 1;
        return made;
    }
    void grow_stack();
    void add_text_block(std::size_t size);
    void pairs(std::size_t from);
    void collect(std::size_t from, std::size_t checked);
    detail::cell make_run(const detail::cell* elements, std::size_t count, value_kind kind);

    detail::arena* arena_;
    char* text_ = nullptr;
    char* text_end_ = nullptr;
    std::vector<detail::cell> stack_;
    detail::cell* first_ = nullptr;
    detail::cell* top_ = nullptr;
    detail::cell* last_ = nullptr;
};

}  // namespace ferry
