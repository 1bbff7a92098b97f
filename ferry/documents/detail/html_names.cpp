#include "ferry/documents/detail/html_names.hpp"

#include <array>
#include <cstring>
#include <random>

namespace ferry::documents::detail {

namespace {

constexpr std::array<std::string_view, tag::count> texts = {
#define X(id, text) text,
#include "ferry/documents/detail/html_names.inc"
#undef X
};

constexpr std::uint64_t pack(std::string_view name)
{
    std::uint64_t packed = 0;
    for (std::size_t i = 0; i < name.size(); ++i)
        packed |= std::uint64_t{static_cast<unsigned char>(name[i])} << (8 * i);
    return packed;
}

constexpr std::size_t short_slots = 2048;
constexpr std::size_t long_slots = 1024;

constexpr std::size_t short_slot(std::uint64_t packed)
{
    return static_cast<std::size_t>((packed * 0x9e37'79b9'7f4a'7c15U) >> 53);
}

constexpr std::size_t long_slot(std::string_view name)
{
    std::uint64_t hash = pack(name.substr(0, 8)) ^ (pack(name.substr(name.size() - 8)) << 1);
    hash = (hash + name.size()) * 0x9e37'79b9'7f4a'7c15U;
    return static_cast<std::size_t>(hash >> 54);
}

struct short_entry {
    std::uint64_t packed = 0;
    name_id id = no_name;
};

struct static_tables {
    std::array<short_entry, short_slots> shorts{};
    std::array<std::uint16_t, long_slots> longs{};  // id + 1
};

constexpr static_tables make_tables()
{
    static_tables made;
    for (name_id id = 0; id < tag::count; ++id) {
        const std::string_view name = texts[id];
        if (name.size() <= 8) {
            std::size_t at = short_slot(pack(name));
            while (made.shorts[at].packed != 0) at = (at + 1) % short_slots;
            made.shorts[at] = {pack(name), id};
        } else {
            std::size_t at = long_slot(name);
            while (made.longs[at] != 0) at = (at + 1) % long_slots;
            made.longs[at] = static_cast<std::uint16_t>(id + 1);
        }
    }
    return made;
}

constexpr static_tables tables = make_tables();

std::uint64_t load(const char* from, std::size_t bytes) noexcept
{
    std::uint64_t word = 0;
    if (bytes != 0) std::memcpy(&word, from, bytes);  // of an empty name `from` may be null
    return word;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept
{
    __extension__ using wide = unsigned __int128;
    const wide product = wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::string_view static_name(name_id id) noexcept
{
    return texts[id];
}

std::uint64_t hash_name(std::string_view name) noexcept
{
    static const std::uint64_t seed = std::uint64_t{std::random_device()()} << 32 | 0x51ed'270bU;
    std::uint64_t hash = seed ^ name.size();
    for (; name.size() > 8; name.remove_prefix(8))
        hash = mix(hash ^ load(name.data(), 8), 0xe703'7ed1'a0b4'28dbU);
    return mix(hash ^ load(name.data(), name.size()), 0x8ebc'6af0'9c88'c6e3U);
}

std::uint64_t pack_name(std::string_view name) noexcept
{
    return load(name.data(), name.size());
}

name_id find_static_name(std::uint64_t packed) noexcept
{
    std::size_t at = short_slot(packed);
    while (tables.shorts[at].packed != packed && tables.shorts[at].packed != 0)
        at = (at + 1) % short_slots;
    return tables.shorts[at].id;
}

name_id find_static_name(std::string_view name) noexcept
{
    if (name.size() <= 8) {
        const name_id id = find_static_name(pack_name(name));
        return id != no_name && texts[id] == name ? id : no_name;
    }
    for (std::size_t at = long_slot(name); tables.longs[at] != 0; at = (at + 1) % long_slots)
        if (texts[tables.longs[at] - 1U] == name) return tables.longs[at] - 1U;
    return no_name;
}

}  // namespace ferry::documents::detail
