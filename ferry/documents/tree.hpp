#pragma once

#include "ferry/core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// The document tree that HTML and XML share: one compact arena, read-only once it is built.
///
/// Nodes lie in one vector **in document order** and are named by their index. A node's descendants
/// are therefore the range `(n, end(n))`, "is an ancestor of" is two comparisons, and document
/// order is the order of integers. Text is a view into the retained source; a side arena holds only
/// what differs from it (character references, NUL). All reading is const, allocates nothing unless
/// it returns a string, and may be done from several threads at once.
namespace ferry::documents {

/// A node's place in document order; 0 is the document node.
using node_id = std::uint32_t;
inline constexpr node_id no_node = 0xffff'ffff;

/// An interned local name. Equal names of one tree have equal ids.
using name_id = std::uint32_t;
inline constexpr name_id no_name = 0xffff'ffff;

/// An interned namespace. The constants are the same in every tree; further URIs get further ids.
using namespace_id = std::uint16_t;
namespace ns {
inline constexpr namespace_id none = 0;
inline constexpr namespace_id html = 1;
inline constexpr namespace_id svg = 2;
inline constexpr namespace_id mathml = 3;
inline constexpr namespace_id xml = 4;
inline constexpr namespace_id xmlns = 5;
inline constexpr namespace_id xlink = 6;
inline constexpr namespace_id unknown = 0xffff;  ///< what find_namespace() returns for absence
}  // namespace ns

enum class node_kind : std::uint8_t {
    document,
    element,
    text,
    comment,
    processing_instruction,  ///< name is the target, text the data
    doctype,                 ///< text is the name; attributes `public`, `system` where given, and
                             ///< of XML `internal`, the internal subset
    fragment,                ///< the contents of an HTML `template` element, its only child
};

/// The HTML Standard's document modes, chosen by the DOCTYPE.
enum class quirks_mode : std::uint8_t { no_quirks, limited_quirks, quirks };

/// One attribute, 16 bytes. The attributes of an element are contiguous and in source order.
struct attribute {
    name_id name = no_name;  ///< local name; with its colon if it has no namespace (`a:b` in HTML)
    namespace_id space = ns::none;
    std::uint16_t prefix = 0;
    std::uint32_t value = 0;  ///< place of the value; read it through tree::value()
    std::uint32_t length = 0;
};

/// One node, 32 bytes.
struct node {
    node_kind kind = node_kind::document;
    std::uint8_t prefix = 0;
    namespace_id space = ns::none;
    name_id name = no_name;
    node_id parent = no_node;
    node_id end = 0;             ///< one past the last descendant
    node_id previous = no_node;  ///< previous sibling
    std::uint32_t first = 0;   ///< element, doctype: first attribute; otherwise: place of the text
    std::uint32_t count = 0;   ///< element, doctype: attributes; otherwise: bytes of text
    std::uint32_t source = 0;  ///< offset of the start tag, comment or text in source()
};

/// A part of a text node that was written as a CDATA section.
struct cdata_range {
    node_id of = no_node;
    std::uint32_t from = 0;  ///< bytes from the start of the node's text
    std::uint32_t length = 0;
};

class tree_builder;

/// The names, prefixes and namespaces of a tree beyond those that all trees know. Trees that are
/// made one after another may share them.
struct tree_words {
    std::vector<std::string_view> names;
    std::vector<std::uint32_t> name_slots;  ///< open addressing; 0 is free, otherwise index + 1
    std::vector<std::unique_ptr<char[]>> name_blocks;  ///< what the names point into
    std::vector<std::string> prefixes;                 ///< by id
    std::vector<std::string> namespaces;               ///< by id
};

/// A finished document. Made by html::parse() and xml::parse() through a tree_builder.
class tree {
public:
    tree(tree&&) noexcept = default;
    tree& operator=(tree&&) noexcept = default;
    tree(const tree&) = delete;
    tree& operator=(const tree&) = delete;
    ~tree() = default;

    /// Nodes, the document node included.
    node_id size() const noexcept { return static_cast<node_id>(nodes_.size()); }
    static constexpr node_id root() noexcept { return 0; }

    const node& operator[](node_id n) const noexcept { return nodes_[n]; }
    node_kind kind(node_id n) const noexcept { return nodes_[n].kind; }
    bool is_element(node_id n) const noexcept { return nodes_[n].kind == node_kind::element; }

    // Axes. All are O(1), but for last_child(): O(depth of the last descendant).
    node_id parent(node_id n) const noexcept { return nodes_[n].parent; }
    node_id end(node_id n) const noexcept { return nodes_[n].end; }
    node_id previous_sibling(node_id n) const noexcept { return nodes_[n].previous; }
    node_id next_sibling(node_id n) const noexcept
    {
        const node& at = nodes_[n];
        return at.parent != no_node && at.end < nodes_[at.parent].end ? at.end : no_node;
    }
    /// The contents of a `template` are no children of it: see template_content().
    node_id first_child(node_id n) const noexcept
    {
        return n + 1 < nodes_[n].end && nodes_[n + 1].kind != node_kind::fragment ? n + 1 : no_node;
    }
    node_id last_child(node_id n) const noexcept;
    bool is_ancestor(node_id ancestor, node_id n) const noexcept
    {
        return ancestor < n && n < nodes_[ancestor].end;
    }
    /// The fragment node that holds the contents of an HTML `template` element, or no_node.
    node_id template_content(node_id n) const noexcept
    {
        return n + 1 < nodes_[n].end && nodes_[n + 1].kind == node_kind::fragment ? n + 1 : no_node;
    }
    /// Whether the tree has fragment nodes, which a scan over `(n, end(n))` must step over (by
    /// going on at `end(fragment)`): XPath, selectors and text_content() do not see inside.
    bool has_fragments() const noexcept { return has_fragments_; }

    /// Text of a text, comment, processing instruction or doctype (its name) node; empty for
    /// others.
    std::string_view text(node_id n) const noexcept;
    /// All text below `n` in document order: XPath's string-value, lxml's text_content().
    std::string text_content(node_id n) const;
    void append_text_content(node_id n, std::string& out) const;

    /// Attributes of an element; empty for the other kinds, doctype's identifiers excepted.
    std::span<const attribute> attributes(node_id n) const noexcept
    {
        const node& at = nodes_[n];
        const bool has = at.kind == node_kind::element || at.kind == node_kind::doctype;
        return {attributes_.data() + (has ? at.first : 0), has ? at.count : 0};
    }
    std::string_view value(const attribute& a) const noexcept { return view(a.value, a.length); }
    /// The attribute of that name, or null. Cost: linear in the element's attributes.
    const attribute* find_attribute(node_id n, name_id name,
                                    namespace_id space = ns::none) const noexcept
    {
        for (const attribute& a : attributes(n))
            if (a.name == name && a.space == space) return &a;
        return nullptr;
    }
    /// The value of an attribute without namespace.
    std::optional<std::string_view> attribute_value(node_id n,
                                                    std::string_view name) const noexcept;

    /// The CDATA sections that a text node was written with, if xml::options::keep_cdata() asked
    /// for them.
    std::span<const cdata_range> cdata(node_id n) const noexcept;
    /// Whether the DTD declares this attribute of an element as its ID.
    bool is_id(node_id n, const attribute& a) const noexcept;

    // Names. Resolve a name once with find_name(), then compare ids.
    std::string_view name(name_id id) const noexcept;
    std::string_view local_name(node_id n) const noexcept { return name(nodes_[n].name); }
    std::string_view prefix(std::uint16_t id) const noexcept { return words_->prefixes[id]; }
    std::string_view namespace_uri(namespace_id id) const noexcept
    {
        return words_->namespaces[id];
    }
    std::string qualified_name(node_id n) const;
    std::string qualified_name(const attribute& a) const;
    /// The id of a name, or no_name if nothing in this tree can have it. Case-sensitive: names of
    /// HTML elements and their attributes are in lower case.
    name_id find_name(std::string_view name) const noexcept;
    namespace_id find_namespace(std::string_view uri) const noexcept;

    /// Whether the HTML parser made this tree, so that names compare without case.
    bool is_html() const noexcept { return is_html_; }
    quirks_mode quirks() const noexcept { return quirks_; }
    /// Whether it was parsed as if scripts ran, so that `noscript` holds unparsed text.
    bool scripting() const noexcept { return scripting_; }
    /// Whether a guard against hostile input changed the tree (see html::options).
    bool limited() const noexcept { return limited_; }

    /// The text that was parsed: decoded to UTF-8, line ends made LF.
    std::string_view source() const noexcept { return source_; }
    /// Where an element's start tag (or a comment) begins. Cost: linear in the offset.
    text_position position(node_id n) const noexcept;
    /// Bytes held by this tree, its source included.
    std::size_t memory_bytes() const noexcept;

private:
    friend class tree_builder;
    tree() = default;

    static constexpr std::uint32_t side_bit = 0x8000'0000;

    std::string_view view(std::uint32_t at, std::uint32_t length) const noexcept
    {
        return {(at & side_bit) != 0 ? side_.data() + (at & ~side_bit) : source_.data() + at,
                length};
    }

    std::vector<node> nodes_;
    std::vector<attribute> attributes_;
    std::string source_;
    std::string side_;
    std::shared_ptr<const tree_words> words_;
    std::vector<cdata_range> cdata_;                // by node
    std::vector<std::pair<name_id, name_id>> ids_;  // names of an element and its ID, sorted
    quirks_mode quirks_ = quirks_mode::no_quirks;
    bool is_html_ = false;
    bool scripting_ = false;
    bool limited_ = false;
    bool has_fragments_ = false;
};

}  // namespace ferry::documents
