#pragma once

#include "ferry/core/value.hpp"
#include "ferry/core/value_builder.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

namespace ferry::formats::detail {

/// What a node of a graph is. Those behind `time` exist in pickles only.
enum class node_kind : std::uint8_t {
    null,
    boolean,
    integer,
    big_integer,  ///< `text` is decimal
    real,
    string,  ///< `text` is WTF-8
    binary,
    bytearray,
    tuple,
    list,
    dict,  ///< `items` are keys and values in turn
    set,
    frozenset,
    decimal,  ///< `text` as it was written
    time,     ///< `integer` microseconds since 1970, `offset` if `has_offset`
    global,   ///< `items` are module and qualified name
    member,   ///< `items` are an owner and a name: getattr(owner, name)
    object,   ///< `object` is its number
    persistent,
    extension,
};

using node_id = std::uint32_t;

struct node {
    node_kind kind = node_kind::null;
    bool hashable = true;     ///< as Python has it
    bool surrogates = false;  ///< a text that is no UTF-8 for that reason alone
    bool has_offset = false;
    bool writable = false;   ///< of an out-of-band buffer
    bool on_path = false;    ///< while it is being visited
    std::uint32_t size = 0;  ///< bytes, elements, or members
    union {
        std::int64_t integer = 0;
        double real;
        const char* text;
        node_id* items;
    };
    std::uint32_t capacity = 0;  ///< of `items`
    std::int32_t offset = 0;     ///< from UTC in seconds
};

/// Values that may hold one another more than once, and themselves: what a pickle or a YAML
/// document is before it becomes a tree. Everything goes with the graph, without recursion.
class graph {
public:
    /// \param max_nodes  more throw limit_error.
    explicit graph(std::size_t max_nodes) : max_nodes_{max_nodes} {}
    graph(const graph&) = delete;
    graph& operator=(const graph&) = delete;

    node_id add(const node& n);
    node& operator[](node_id id) noexcept { return nodes_[id]; }
    const node& operator[](node_id id) const noexcept { return nodes_[id]; }
    std::size_t size() const noexcept { return nodes_.size(); }

    /// A text node whose text is not copied.
    node_id add_text(node_kind kind, std::string_view text);
    /// A container of these elements, or keys and values in turn.
    node_id add_container(node_kind kind, std::span<const node_id> items);
    /// Puts elements at the end of a container.
    void append(node_id container, std::span<const node_id> items);
    /// A copy that lives as long as the graph.
    std::string_view keep(std::string_view text);

    std::span<const node_id> items(node_id id) const noexcept
    {
        const node& n = nodes_[id];
        return {n.items, n.kind == node_kind::dict ? std::size_t{n.size} * 2 : n.size};
    }
    std::string_view text(node_id id) const noexcept { return {nodes_[id].text, nodes_[id].size}; }

private:
    std::size_t max_nodes_;
    std::vector<node> nodes_;
    std::pmr::monotonic_buffer_resource memory_;
};

/// What limits the tree that a graph unfolds to.
struct tree_limits {
    std::size_t max_depth;
    std::size_t max_expanded;
    duplicate_keys duplicates = duplicate_keys::last;
    bool lone_surrogates = false;  ///< texts may have some
};

/// Gives a node of plain data that stands for one that is none, the same for the same, and may add
/// nodes for it. What it throws gets the path as context.
using lower_function = std::function<node_id(node_id)>;

/// The tree that begins at `root`. What is shared is there several times. Keys that are not texts
/// become texts, as json.dumps does it.
/// \throws error        a container holds itself, two keys have the same text, a key cannot be one.
/// \throws limit_error  `max_depth`, `max_expanded`.
value to_value(graph& from, node_id root, const tree_limits& limits, const lower_function& lower);

}  // namespace ferry::formats::detail
