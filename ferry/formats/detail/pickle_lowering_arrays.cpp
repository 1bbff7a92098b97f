// Arrays of numbers: the standard library's and numpy's.
#include "ferry/core/big_integer.hpp"
#include "ferry/formats/detail/pickle_machine.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace ferry::pickle::detail {
namespace {

constexpr std::size_t max_dimensions = 64;

/// The formats of `array._array_reconstructor`, by their number.
constexpr auto machine_formats = std::to_array<number_format>({
    {'u', 1, false},
    {'i', 1, false},
    {'u', 2, false},
    {'u', 2, true},
    {'i', 2, false},
    {'i', 2, true},
    {'u', 4, false},
    {'u', 4, true},
    {'i', 4, false},
    {'i', 4, true},
    {'u', 8, false},
    {'u', 8, true},
    {'i', 8, false},
    {'i', 8, true},
    {'f', 4, false},
    {'f', 4, true},
    {'f', 8, false},
    {'f', 8, true},
});

}  // namespace

node_id lowering::number(std::string_view raw, const number_format& format)
{
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < format.width; ++i) {
        const std::size_t at = format.big_endian ? i : format.width - 1 - i;
        bits = bits << 8U | static_cast<unsigned char>(raw[at]);
    }
    raw_node made;
    made.kind = node_kind::integer;
    if (format.type == 'f') {
        made.kind = node_kind::real;
        made.real = format.width == 4 ? std::bit_cast<float>(static_cast<std::uint32_t>(bits))
                                      : std::bit_cast<double>(bits);
    } else if (format.type == 'b') {
        made.kind = node_kind::boolean;
        made.integer = bits != 0;
    } else if (format.type == 'i') {
        const auto unused = static_cast<unsigned>(64 - 8 * format.width);
        made.integer = static_cast<std::int64_t>(bits << unused) >> unused;
    } else if (bits > INT64_MAX) {
        const std::string digits = big_integer::of_unsigned(bits).to_string();
        return nodes_.add_text(node_kind::big_integer, nodes_.keep(digits));
    } else {
        made.integer = static_cast<std::int64_t>(bits);
    }
    return nodes_.add(made);
}

std::vector<node_id> lowering::numbers(std::string_view data, const number_format& format)
{
    std::vector<node_id> all;
    all.reserve(data.size() / format.width);
    for (std::size_t at = 0; at + format.width <= data.size(); at += format.width) {
        all.push_back(number(data.substr(at, format.width), format));
    }
    return all;
}

std::optional<node_id> lowering::array(const object_data& o, std::string_view name)
{
    if (name == "array") return arg(o, 1, node_kind::list);
    if (name != "_array_reconstructor") return std::nullopt;
    const auto format = integer_arg(o, 2);
    const auto data = bytes_arg(o, 3);
    if (!format || !data || *format < 0 ||
        *format >= static_cast<std::int64_t>(machine_formats.size())) {
        return std::nullopt;
    }
    const auto& how = machine_formats[static_cast<std::size_t>(*format)];
    if (data->size() % how.width != 0) return std::nullopt;
    return nodes_.add_container(node_kind::list, numbers(*data, how));
}

/// Of `dtype("i4", False, True)` with the state `(3, "<", ...)`.
std::optional<number_format> lowering::format_of(node_id dtype)
{
    if (nodes_[dtype].kind != node_kind::object) return std::nullopt;
    const object_data o = all_.objects[static_cast<std::size_t>(nodes_[dtype].integer)];
    if (!all_.is_global(o.callable, "numpy", "dtype")) return std::nullopt;
    const auto code = arg(o, 0, node_kind::string);
    if (!code || nodes_[*code].size != 2) return std::nullopt;
    const std::string_view text = nodes_.text(*code);
    const auto width = static_cast<std::size_t>(text[1] - '0');
    const bool is_float = text[0] == 'f' && (width == 4 || width == 8);
    const bool is_whole = (text[0] == 'i' || text[0] == 'u') &&
                          (width == 1 || width == 2 || width == 4 || width == 8);
    const bool is_bool = text == "b1";
    if (!is_float && !is_whole && !is_bool) return std::nullopt;
    number_format format{text[0], width, false};
    if (o.states == no_node || nodes_[o.states].size == 0) return format;
    const node_id state = nodes_.items(o.states)[0];
    if (nodes_[state].kind != node_kind::tuple || nodes_[state].size < 2) return std::nullopt;
    const node_id order = nodes_.items(state)[1];
    if (nodes_[order].kind != node_kind::string) return std::nullopt;
    format.big_endian = nodes_.text(order) == ">";
    return format;
}

/// Lists inside lists, row by row.
std::optional<node_id> lowering::shaped(std::vector<node_id> flat, node_id shape, bool fortran)
{
    if (nodes_[shape].kind != node_kind::tuple || nodes_[shape].size > max_dimensions) {
        return std::nullopt;
    }
    std::vector<std::size_t> extents;
    std::size_t count = 1;
    for (const node_id id : nodes_.items(shape)) {
        if (nodes_[id].kind != node_kind::integer || nodes_[id].integer < 0) return std::nullopt;
        const auto extent = static_cast<std::size_t>(nodes_[id].integer);
        if (extent != 0 && count > flat.size() / extent) return std::nullopt;
        count *= extent;
        extents.push_back(extent);
    }
    if (count != flat.size()) return std::nullopt;
    if (extents.empty()) return flat[0];
    // Without elements the shape may still ask for any number of empty lists.
    if (count == 0) return nodes_.add_container(node_kind::list, {});
    if (fortran && extents.size() > 1) {
        std::vector<node_id> rows(count);
        for (std::size_t i = 0; i < count; ++i) {
            std::size_t rest = i;
            std::size_t place = 0;
            for (const std::size_t extent : extents) {
                place = place * extent + rest % extent;
                rest /= extent;
            }
            rows[place] = flat[i];
        }
        flat = std::move(rows);
    }
    for (std::size_t d = extents.size(); d-- > 1;) {
        std::vector<node_id> rows;
        for (std::size_t at = 0; at < flat.size(); at += extents[d]) {
            rows.push_back(
                nodes_.add_container(node_kind::list, std::span{flat}.subspan(at, extents[d])));
        }
        flat = std::move(rows);
    }
    return nodes_.add_container(node_kind::list, flat);
}

std::optional<node_id> lowering::numpy(const object_data& o, std::string_view name)
{
    const auto given = args(o);
    if (name == "scalar" && given.size() == 2) {
        const auto format = format_of(given[0]);
        const auto data = bytes_arg(o, 1);
        if (!format || !data || data->size() != format->width) return std::nullopt;
        return number(*data, *format);
    }
    if (name == "_frombuffer" && given.size() == 4) {
        const auto data = bytes_arg(o, 0);
        const auto format = format_of(given[1]);
        const auto order = arg(o, 3, node_kind::string);
        if (!data || !format || !order) return std::nullopt;
        return shaped(numbers(*data, *format), given[2], nodes_.text(*order) == "F");
    }
    if (name != "_reconstruct" || o.states == no_node) return std::nullopt;
    // (version, shape, dtype, is Fortran's order, bytes or list)
    const node_id state = nodes_.items(o.states)[0];
    if (nodes_[state].kind != node_kind::tuple || nodes_[state].size != 5) return std::nullopt;
    object_data inner;
    inner.args = state;
    const auto order = integer_arg(inner, 3);
    if (!order) return std::nullopt;
    const node_id shape = nodes_.items(state)[1];
    const node_id content = plain(nodes_.items(state)[4]);
    if (nodes_[content].kind == node_kind::list) {
        const auto items = nodes_.items(content);
        return shaped({items.begin(), items.end()}, shape, *order != 0);
    }
    const auto format = format_of(nodes_.items(state)[2]);
    const auto data = bytes_arg(inner, 4);
    if (!format || !data) return std::nullopt;
    return shaped(numbers(*data, *format), shape, *order != 0);
}

}  // namespace ferry::pickle::detail
