#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ferry::msgpack::detail {

enum class kind : std::uint8_t {
    invalid,
    null,
    boolean,
    positive,
    negative,
    single,
    real,
    text,
    binary,
    array,
    map,
    extension,
};

/// The first bytes of an item.
struct head {
    detail::kind kind;
    std::uint64_t number;  ///< an integer's or real's bits, or the bytes or items that follow
    std::size_t size;      ///< of the head itself
    std::int8_t type = 0;  ///< of an extension

    /// Bytes that follow the head, of which nothing is an item.
    std::uint64_t payload() const noexcept
    {
        return kind == kind::text || kind == kind::binary || kind == kind::extension ? number : 0;
    }
    /// Items that follow the head.
    std::uint64_t items() const noexcept
    {
        return kind == kind::array ? number : kind == kind::map ? 2 * number : 0;
    }
};

/// \returns nullopt if `text` ends within the head.
std::optional<head> read_head(std::string_view text) noexcept;

}  // namespace ferry::msgpack::detail
