#pragma once

#include "ferry/documents/tree.hpp"

#include <string>
#include <unordered_map>
#include <unordered_set>

namespace ferry::documents {

/// Builds a tree. Appending in document order is the cheap path; the first insertion elsewhere
/// switches to linked nodes, which finish() puts in document order once.
///
/// While building, a node's id is the order of its creation, and text can be extended; ids of the
/// finished tree are different if anything was inserted out of order. Not thread-safe.
class tree_builder {
public:
    /// \param source  what views given to the other functions may point into without being copied.
    /// \throws limit_error  `max_bytes`: the source has 2 GiB or more.
    explicit tree_builder(std::string source);
    /// Without a source, with the words of a tree that was made before, and room for so much.
    tree_builder(std::shared_ptr<const tree_words> words, std::size_t nodes, std::size_t attributes,
                 std::size_t text_bytes);

    /// Room for so many, where the number can be guessed better than from the size of the source.
    void reserve(std::size_t nodes, std::size_t attributes);

    std::string_view source() const noexcept { return tree_.source_; }
    const node& operator[](node_id n) const noexcept { return tree_.nodes_[n]; }
    node_id size() const noexcept { return tree_.size(); }
    const tree& view() const noexcept { return tree_; }
    const std::shared_ptr<const tree_words>& words() const noexcept { return tree_.words_; }

    /// \throws limit_error  `max_names`, `max_prefixes` (255) or `max_namespaces` (65,534).
    name_id intern(std::string_view name);
    namespace_id intern_namespace(std::string_view uri);
    std::uint8_t intern_prefix(std::string_view prefix);
    std::size_t name_count() const noexcept;

    /// An attribute whose value is a view into source(), or is copied.
    attribute make_attribute(name_id name, std::string_view value, namespace_id space = ns::none,
                             std::uint8_t prefix = 0);

    /// Makes a node that is nowhere in the tree yet.
    node_id make_element(name_id name, namespace_id space, std::span<const attribute> attributes,
                         std::size_t source_offset, std::uint8_t prefix = 0);
    /// An element with the same name and the same attributes.
    node_id clone_element(node_id n);
    node_id make(node_kind kind, std::string_view text, std::size_t source_offset,
                 name_id name = no_name);
    node_id make_doctype(std::string_view name, std::optional<std::string_view> public_id,
                         std::optional<std::string_view> system_id,
                         std::optional<std::string_view> internal_subset = std::nullopt);

    /// Puts a node that is nowhere in the tree under `parent`, before the child `before` or last.
    void insert(node_id n, node_id parent, node_id before = no_node);
    /// Adds text there, to the text node that precedes the place if there is one.
    void insert_text(std::string_view text, node_id parent, node_id before = no_node);
    /// Takes a node with its subtree out of the tree; it may be inserted again.
    void detach(node_id n);
    /// Moves all children of `from` to the end of `to`.
    void move_children(node_id from, node_id to);
    /// The node after `n` in document order inside of the subtree `within`, or no_node.
    node_id next_in(node_id n, node_id within);
    /// Replaces the children of `n` by copies of those of `model`. \param budget  nodes that may be
    /// made; what was made is taken off. \returns whether it sufficed; otherwise nothing changed.
    bool replace_children(node_id n, node_id model, std::size_t& budget);
    /// Adds those of `attributes` that the element does not have yet.
    void merge_attributes(node_id n, std::span<const attribute> attributes);

    node_id last_child(node_id n) const noexcept { return tree_.nodes_[n].end; }

    /// Notes which part of a text is a CDATA section. Nodes must be in document order.
    void mark_cdata(node_id n, std::size_t from, std::size_t length);
    /// Notes that the DTD declares that attribute as the ID of elements of that name.
    void declare_id(name_id element, name_id attribute);

    void set_html(quirks_mode quirks, bool scripting = false) noexcept;
    void set_limited() noexcept { tree_.limited_ = true; }

    /// The finished tree; nodes that are nowhere in it are gone.
    tree finish() &&;

private:
    struct link {
        node_id next = no_node;
        node_id first = no_node;
    };

    // Attributes that came after their element: at most two elements of a document have them.
    struct late_attributes {
        node_id of = no_node;
        std::vector<attribute> all;
        std::unordered_set<name_id> names;
    };

    node_id push(const node& fresh);
    std::uint32_t place(std::string_view text);
    bool on_right_edge(node_id parent) noexcept;
    void link_nodes();
    void unlink(node_id n);
    void extend(node_id n, std::string_view text);
    void relocate(node_id n, std::size_t capacity);
    void settle_late_attributes();
    void reorder();
    void close_ranges();
    void start();
    tree_words& own_words();
    name_id add_name(std::string_view name, std::uint64_t hash);
    std::string_view keep_name(std::string_view name);

    // While building, node::end is the last child, and node::source of a text node that is in the
    // side arena is its capacity there.
    tree tree_;
    tree_words* own_words_ = nullptr;  // tree_'s words, once they are its own
    std::vector<late_attributes> late_;
    std::vector<link> links_;  // empty as long as nodes are in document order
    node_id edge_ = 0;         // the last node in document order
    bool linked_ = false;
    std::unordered_map<std::string, namespace_id> many_namespaces_;  // once there are many
    char* name_free_ = nullptr;                                      // in the last name block
    std::size_t name_free_bytes_ = 0;
};

}  // namespace ferry::documents
