#pragma once

#include "ferry/core/value_storage.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ferry::detail {

/// A hash index over the members of one object: open addressing, at most half full. 0 is a free
/// slot, else the number of the member + 1. On the heap; an arena frees those of its objects.
struct key_index {
    key_index* next;  ///< of the same arena
    std::uint32_t mask;

    std::uint32_t* slots() noexcept { return reinterpret_cast<std::uint32_t*>(this + 1); }
    const std::uint32_t* slots() const noexcept
    {
        return reinterpret_cast<const std::uint32_t*>(this + 1);
    }

    /// Room for `members` and as many again before it is half full.
    static key_index* make(std::size_t members);
    static void destroy(key_index* index) noexcept;
    bool has_room(std::size_t members) const noexcept { return members * 2 <= mask; }
    /// \returns the number of the member with that key, or -1. `members` are keys and values.
    std::ptrdiff_t find(const cell* members, std::string_view key) const noexcept;
    void add(std::size_t member, std::string_view key) noexcept;
};

/// Objects with more members than this get an index on their first look-up.
inline constexpr std::size_t max_linear_members = 16;

std::uint64_t hash_text(std::string_view text) noexcept;

/// \returns the number of the member, or -1. `object` is an object.
std::ptrdiff_t find_member(const cell& object, std::string_view key);

}  // namespace ferry::detail
