#pragma once

#include "ferry/documents/tree.hpp"

namespace ferry::documents::detail {

/// The names that every tree knows without interning them, as name_ids.
namespace tag {
enum : name_id {
#define X(id, text) id,
#include "ferry/documents/detail/html_names.inc"
#undef X
    count
};
}  // namespace tag

std::string_view static_name(name_id id) noexcept;

/// A hash that a hostile document cannot aim at: seeded once a process.
std::uint64_t hash_name(std::string_view name) noexcept;

/// Names of up to eight bytes travel as one integer, the first byte lowest; nothing may be NUL.
std::uint64_t pack_name(std::string_view name) noexcept;

/// \returns no_name for a name that is not in the static table.
name_id find_static_name(std::string_view name) noexcept;
/// The same for a name of up to eight bytes, packed.
name_id find_static_name(std::uint64_t packed) noexcept;

/// What the HTML parser makes of a name in SVG: `foreignObject` of `foreignobject`; else the same.
name_id svg_element_name(name_id lower) noexcept;
name_id svg_attribute_name(name_id lower) noexcept;

}  // namespace ferry::documents::detail
