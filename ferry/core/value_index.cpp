#include "ferry/core/detail/key_index.hpp"
#include "ferry/core/value_builder.hpp"

#include <bit>
#include <cstdlib>
#include <new>
#include <random>

namespace ferry::detail {
namespace {

// Keys come from outside: who could predict their hashes could make every look-up linear.
const std::uint64_t seed = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
}();

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept
{
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

std::uint64_t load(const char* from, std::size_t count) noexcept
{
    std::uint64_t word = 0;
    std::memcpy(&word, from, count);
    return word;
}

}  // namespace

std::uint64_t hash_text(std::string_view text) noexcept
{
    constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;
    std::uint64_t state = seed ^ mix(text.size() ^ odd, seed | 1U);
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left > 16; left -= 16, at += 16) {
        state = mix(load(at, 8) ^ odd ^ state, load(at + 8, 8) ^ seed ^ state);
    }
    const std::uint64_t a = load(at, left < 8 ? left : 8);
    const std::uint64_t b = left > 8 ? load(at + 8, left - 8) : 0;
    state = mix(a ^ odd ^ state, b ^ seed ^ state);
    return mix(state ^ odd, seed | 1U);
}

key_index* key_index::make(std::size_t members)
{
    const std::size_t slots = std::bit_ceil(members * 4 + 4);
    void* const memory = std::calloc(1, sizeof(key_index) + slots * sizeof(std::uint32_t));
    if (memory == nullptr) throw std::bad_alloc{};
    auto* const made = ::new (memory) key_index;
    made->next = nullptr;
    made->mask = static_cast<std::uint32_t>(slots - 1);
    return made;
}

void key_index::destroy(key_index* index) noexcept
{
    std::free(index);
}

std::ptrdiff_t key_index::find(const cell* members, std::string_view key) const noexcept
{
    for (std::uint64_t at = hash_text(key) & mask;; at = (at + 1) & mask) {
        const std::uint32_t slot = slots()[at];
        if (slot == 0) return -1;
        if (members[2 * std::size_t{slot - 1}].view() == key) return slot - 1;
    }
}

void key_index::add(std::size_t member, std::string_view key) noexcept
{
    std::uint64_t at = hash_text(key) & mask;
    while (slots()[at] != 0) at = (at + 1) & mask;
    slots()[at] = static_cast<std::uint32_t>(member + 1);
}

std::ptrdiff_t find_member(const cell& object, std::string_view key)
{
    if (object.size == 0) return -1;
    const cell* const members = object.elements();
    if (object.size <= max_linear_members) {
        for (std::size_t i = 0; i < object.size; ++i) {
            if (members[2 * i].view() == key) return static_cast<std::ptrdiff_t>(i);
        }
        return -1;
    }
    // Readers of several threads may come here at once: all build, one wins.
    std::atomic<key_index*>& place = object.members->index;
    key_index* index = place.load(std::memory_order_acquire);
    if (index == nullptr) {
        key_index* const made = key_index::make(object.size);
        for (std::size_t i = 0; i < object.size; ++i) made->add(i, members[2 * i].view());
        if (place.compare_exchange_strong(index, made, std::memory_order_acq_rel)) {
            index = made;
            if (object.members->owner != nullptr) object.members->owner->adopt(made);
        } else {
            key_index::destroy(made);
        }
    }
    return index->find(members, key);
}

}  // namespace ferry::detail
