#include "ferry/formats/detail/msgpack_head.hpp"

#include <array>

namespace ferry::msgpack::detail {
namespace {

/// A head of one byte and `width` bytes of a number behind it.
struct form {
    detail::kind kind;
    std::uint8_t width;
    std::uint8_t fixed = 0;  ///< bytes that follow, if no number says so
};

// From c0 on.
constexpr std::array<form, 32> forms{{
    {kind::null, 0},          {kind::invalid, 0},      {kind::boolean, 0},
    {kind::boolean, 0},       {kind::binary, 1},       {kind::binary, 2},
    {kind::binary, 4},        {kind::extension, 1},    {kind::extension, 2},
    {kind::extension, 4},     {kind::single, 4},       {kind::real, 8},
    {kind::positive, 1},      {kind::positive, 2},     {kind::positive, 4},
    {kind::positive, 8},      {kind::negative, 1},     {kind::negative, 2},
    {kind::negative, 4},      {kind::negative, 8},     {kind::extension, 0, 1},
    {kind::extension, 0, 2},  {kind::extension, 0, 4}, {kind::extension, 0, 8},
    {kind::extension, 0, 16}, {kind::text, 1},         {kind::text, 2},
    {kind::text, 4},          {kind::array, 2},        {kind::array, 4},
    {kind::map, 2},           {kind::map, 4},
}};

}  // namespace

std::optional<head> read_head(std::string_view text) noexcept
{
    if (text.empty()) return std::nullopt;
    const auto first = static_cast<std::uint8_t>(text[0]);
    if (first < 0x80) return head{kind::positive, first, 1};
    if (first < 0x90) return head{kind::map, first & 0x0fU, 1};
    if (first < 0xa0) return head{kind::array, first & 0x0fU, 1};
    if (first < 0xc0) return head{kind::text, first & 0x1fU, 1};
    if (first >= 0xe0) {
        return head{kind::negative, static_cast<std::uint64_t>(static_cast<std::int8_t>(first)), 1};
    }
    const form& f = forms[first - 0xc0U];
    const std::size_t size = 1U + f.width + (f.kind == kind::extension ? 1U : 0U);
    if (text.size() < size) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < f.width; ++i) {
        number = number << 8U | static_cast<std::uint8_t>(text[1 + i]);
    }
    if (f.kind == kind::negative) {
        const auto unused = static_cast<unsigned>(64 - 8 * f.width);
        number = static_cast<std::uint64_t>(static_cast<std::int64_t>(number << unused) >> unused);
    }
    if (f.kind == kind::boolean) number = first == 0xc3 ? 1 : 0;
    head made{f.kind, number, size};
    if (f.kind == kind::extension) {
        if (f.fixed != 0) made.number = f.fixed;
        made.type = static_cast<std::int8_t>(text[size - 1]);
    }
    return made;
}

}  // namespace ferry::msgpack::detail
